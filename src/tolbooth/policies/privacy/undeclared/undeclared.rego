package privacy

import data.lib.wording

# METADATA
# title: Personal data are declared, with purpose and legal basis
# description: >-
#   Asks that every column in which personal data were found is declared by name, with the purpose that it serves and
#   the legal basis that it rests on. A column that may hold personal data is undecided until it is declared.
# custom:
#   short_name: undeclared
#   severity: critical
#   solution: >-
#     Take the column out of the data, or declare it in tolbooth.yaml under data.NAME.personal_data.COLUMN, with
#     purpose and legal_basis, after asking whoever answers for data protection.
#   controls:
#     - gdpr:5.1.b
#     - gdpr:6.1
#     - gdpr:30.1
#     - eu-ai-act:10.2.b
#     - nist-ai-rmf:MEASURE-2.10
#   collections: [recommended]
#   evidence: [pii]
#   moving_values: [scanned_rows, bound_ppm]
#   depends_on: [data.digests]
deny contains {
	"code": "privacy.undeclared",
	"msg": sprintf("holds personal data (%s): no %s is declared", [
		undeclared_types(column),
		undeclared_lack(scan.about, name),
	]),
	"term": sprintf("%s: %s", [scan.about, name]),
	"values": values,
	"facts": scan.reads,
} if {
	some scan in input.observations.pii
	some column in undeclared_columns(scan, "personal")
	name := column.name
	values := undeclared_values(scan, column)
}

undecided contains {
	"code": "privacy.undeclared",
	"msg": sprintf("may hold personal data (%s): no %s is declared", [
		undeclared_types(column),
		undeclared_lack(scan.about, name),
	]),
	"term": sprintf("%s: %s", [scan.about, name]),
	"reason": "insufficient",
	"values": values,
	"facts": scan.reads,
} if {
	some scan in input.observations.pii
	some column in undeclared_columns(scan, "possible")
	name := column.name
	values := undeclared_values(scan, column)
}

passed contains {
	"code": "privacy.undeclared",
	"msg": undeclared_message(scan.values),
	"term": scan.about,
	"values": {
		"columns": count(scan.values.columns),
		"declared": sort({column.name | some column in scan.values.columns; column.verdict != "none"}),
		"mode": scan.values.mode,
		"rows": scan.values.rows,
		"scanned_rows": scan.values.scanned_rows,
		"bound_ppm": scan.values.bound_ppm,
	},
	"facts": scan.reads,
} if {
	some scan in input.observations.pii
	count(undeclared_columns(scan, "personal")) == 0
	count(undeclared_columns(scan, "possible")) == 0
}

# The columns with a verdict for which purpose or legal basis is lacking.
undeclared_columns(scan, verdict) := [column |
	some column in scan.values.columns
	column.verdict == verdict
	count(undeclared_lacks(scan.about, column.name)) > 0
]

undeclared_lacks(about, column) := {words |
	some key, words in {"purpose": "purpose", "legal_basis": "legal basis"}
	trim_space(object.get(input.declared, ["data", about, "personal_data", column, key], "")) == ""
}

undeclared_lack(about, column) := concat(" or ", sort(undeclared_lacks(about, column)))

undeclared_entities(column) := sort({entity.entity_type | some entity in column.entities})

undeclared_types(column) := concat(", ", undeclared_entities(column)) if {
	count(column.entities) > 0
} else := "by its name" if {
	count(object.get(column, "header_hint", [])) > 0
} else := "it could be scanned only in part"

undeclared_values(scan, column) := {
	"data": scan.about,
	"column": column.name,
	"entities": undeclared_entities(column),
	"lacks": sort(undeclared_lacks(scan.about, column.name)),
	"scanned_rows": scan.values.scanned_rows,
}

undeclared_message(scanned) := sprintf("no undeclared personal data in all %v rows", [rows]) if {
	rows := scanned.rows
	scanned.mode == "full"
} else := sprintf("no undeclared personal data in %v of %v rows; other rows with some are %s %s at most", [
	scanned.scanned_rows,
	scanned.rows,
	wording.exact(scanned.bound_ppm, wording.point),
	"%",
])
