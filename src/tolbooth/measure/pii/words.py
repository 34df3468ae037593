"""Words that name an entity near a value or in a column's name, and words that name something else.

Written folded: lower case, without accents. English, German, French, Spanish, Italian, Dutch, Portuguese, and a few of
their neighbours. A word of several parts is written with single spaces.
"""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.measure.pii.entities import Entity

# fmt: off
CONTEXT: Mapping[Entity, tuple[str, ...]] = {
    Entity.PHONE_NUMBER: (
        "phone", "telephone", "tel", "call", "calling", "called", "ring", "dial", "reach", "mobile", "cell",
        "cellphone", "fax", "office", "desk", "landline", "hotline", "text", "sms", "message", "messages", "whatsapp",
        "answering", "voicemail", "contact", "telefon", "handy", "mobil", "anruf", "anrufen", "rufnummer", "durchwahl",
        "portable", "appeler", "appelez", "telecopie", "telefono", "movil", "celular", "llamar", "llame", "cellulare",
        "chiamare", "chiamata", "telefoon", "mobiel", "bellen", "gsm", "telefone", "telemovel", "ligar",
        "puhelin", "telefax",
    ),
    Entity.CREDIT_CARD: (
        "card", "cards", "credit", "debit", "cc", "visa", "mastercard", "amex", "american express", "discover",
        "diners", "jcb", "maestro", "unionpay", "pan", "kreditkarte", "karte", "kartennummer", "carte",
        "carte bancaire", "cb", "tarjeta", "carta", "carta di credito", "kaart", "creditcard", "cartao", "kort",
    ),
    Entity.US_SSN: (
        "ssn", "social security", "social", "ss no", "ss number", "ssns", "tin", "taxpayer", "itin",
        "seguro social", "securite sociale", "sozialversicherung",
    ),
    Entity.IBAN_CODE: ("iban", "account", "bank", "konto", "compte", "cuenta", "conto", "rekening", "conta"),
    Entity.IP_ADDRESS: ("ip", "ipv4", "ipv6", "host", "server", "client", "address", "adresse", "router", "ping"),
    Entity.DATE_OF_BIRTH: (
        "birth", "born", "dob", "d o b", "birthday", "birthdate", "geboren", "geburtsdatum", "geburtstag", "geb",
        "ne le", "nee le", "naissance", "nacido", "nacida", "nacimiento", "nato il", "nata il", "nascita",
        "geboortedatum", "geboorte", "nascido", "nascida", "nascimento", "fodd", "fodselsdato", "urodzony", "urodzenia",
    ),
}

NEGATIVE: Mapping[Entity, tuple[str, ...]] = {
    Entity.PHONE_NUMBER: (
        "order", "order no", "order number", "invoice", "isbn", "issn", "sku", "ticket", "case", "version", "reference",
        "ref", "tracking", "account", "iban", "card", "id", "serial", "part", "model", "zip", "postcode", "parcel",
        "vin", "bestellnummer", "rechnung", "rechnungsnummer", "plz", "commande", "facture", "pedido", "factura",
        "ordine", "fattura", "bestelling", "factuur", "fatura", "date", "datum", "fecha", "year", "license",
        "licence", "permit",
    ),
    Entity.CREDIT_CARD: (
        "order", "order no", "order number", "invoice", "isbn", "tracking", "shipment", "parcel", "ticket", "imei",
        "serial", "transaction", "timestamp", "version", "reference", "barcode", "ean", "gtin", "upc", "id",
        "bestellnummer", "rechnung", "sendungsnummer", "commande", "facture", "pedido", "factura", "ordine",
        "fattura",
    ),
    Entity.US_SSN: (
        "order", "invoice", "isbn", "part", "model", "serial", "version", "zip", "case", "permit", "parcel",
    ),
    Entity.IP_ADDRESS: (
        "version", "ver", "release", "build", "revision", "section", "chapter", "paragraph", "firmware", "kapitel",
        "oid", "abschnitt", "versie", "versione", "versao", "clause", "article",
    ),
    Entity.DATE_OF_BIRTH: (
        "died", "death", "issued", "expires", "expiry", "expiration", "order", "invoice", "gestorben", "deces",
        "muerte",
    ),
}

HEADER_WORDS: Mapping[Entity, tuple[str, ...]] = {
    Entity.PHONE_NUMBER: (
        "phone", "phones", "telephone", "tel", "mobile", "cell", "fax", "landline", "msisdn", "whatsapp", "call in",
        "contact number", "contact no", "handy", "mobil", "rufnummer", "festnetz", "portable", "tlf", "movil",
        "celular", "fijo", "tel fono", "cellulare", "recapito", "mobiel", "gsm", "telemovel", "puhelin", "hotline",
    ),
    Entity.EMAIL_ADDRESS: (
        "email", "emails", "e mail", "mail", "mailbox", "courriel", "mel", "correo", "correos", "epost", "posta",
    ),
    Entity.CREDIT_CARD: (
        "card", "cardno", "card number", "card no", "cc", "ccn", "ccnum", "pan", "credit card", "debit card", "karte",
        "carte", "tarjeta", "carta", "kaart", "cartao",
    ),
    Entity.IBAN_CODE: ("iban", "ibans", "bank account", "bankverbindung", "konto", "kontonummer", "rib", "rekening"),
    Entity.US_SSN: ("ssn", "ssns", "social", "ss no", "ss number", "soc sec", "tin", "itin", "taxpayer id"),
    Entity.IP_ADDRESS: ("ip", "ipv", "ipv4", "ipv6", "ipaddr", "ip addr", "remote addr"),
    Entity.URL_USERINFO: ("connection string", "dsn", "database url", "jdbc"),
    Entity.DATE_OF_BIRTH: (
        "dob", "birth", "birthday", "bday", "born", "geb", "geb dat", "fecha nac", "fec nac", "dt nasc",
    ),
    Entity.AWS_ACCESS_KEY: ("aws access key", "access key id"),
    Entity.JWT: ("jwt", "id token", "bearer"),
    Entity.PRIVATE_KEY: ("private key", "pem"),
}

HEADER_STEMS: Mapping[Entity, tuple[str, ...]] = {
    Entity.PHONE_NUMBER: ("phone", "telefon", "telefoon", "rufnummer", "telefax", "telemovel"),
    Entity.EMAIL_ADDRESS: ("email", "emailaddress", "correoelectr", "courriel", "posteelectronique"),
    Entity.CREDIT_CARD: ("creditcard", "cardnumber", "kreditkart", "cartebancaire", "cartecredit", "tarjetacredito",
                         "tarjetadecredito", "cartadicredito", "cartaocredito", "cartaodecredito"),
    Entity.IBAN_CODE: ("bankaccount", "bankverbindung", "kontonummer", "ibancode"),
    Entity.US_SSN: ("socialsecurity", "segurosocial", "ssnumber"),
    Entity.IP_ADDRESS: ("ipaddress", "ipadresse", "adresseip", "direccionip", "indirizzoip"),
    Entity.DATE_OF_BIRTH: ("birthdate", "dateofbirth", "birthday", "geburtsdatum", "geburtstag", "datenaissance",
                           "datedenaissance", "fechanacimiento", "fechadenacimiento", "datanascita", "datadinascita",
                           "geboortedatum", "datanascimento", "datadenascimento", "fodselsdato", "fodelsedatum"),
    Entity.AWS_ACCESS_KEY: ("awsaccesskey", "accesskeyid"),
    Entity.PRIVATE_KEY: ("privatekey",),
}

HEADER_OTHERS: tuple[str, ...] = (
    "headphone", "headphones", "iphone", "smartphone", "saxophone", "microphone", "gramophone", "phone model",
    "phone type", "phone brand", "mail type", "mailing", "email sent", "email opt", "email count", "phone count",
    "is mobile", "has phone", "has email", "social media", "social service", "social class", "card type", "card brand",
    "birth place", "place of birth", "birth country", "country of birth", "birth weight", "birth rate", "ip version",
    "access code", "passcode", "area code", "country code", "dial code", "cell type", "cell line",
    "cell count", "razon social", "servicio social", "impacto social",
)
"""Names that hold such a word and mean something else: they hint at nothing."""

HEADER_NEGATIVE: tuple[str, ...] = (
    "order id", "order no", "order number", "invoice", "tracking", "isbn", "issn", "ean", "gtin", "upc", "sku",
    "barcode", "version", "serial", "timestamp", "imei", "parcel", "case id", "case number", "permit", "object id",
    "latitude", "longitude", "bestellnummer", "rechnungsnummer", "numero de commande", "numero de pedido",
)
"""Names that speak against numbers of persons: of a card, a phone, social security or an address on the net."""
# fmt: on
