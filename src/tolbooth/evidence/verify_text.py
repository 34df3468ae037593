"""``VERIFY.md``: how to check a pack with programs that we did not write."""

from __future__ import annotations

_TEXT = """\
# How to check this pack

You need two things: this folder (unzip it first), and the sealer's public key, which you must get from the sealer by
another way than this pack. Below, that key is the file named by the variable `KEY`.

    root over data/core   {root}
    log's verifier key    {log_verifier}

## With Tolbooth

    tolbooth verify PACK --key "$KEY"
    tolbooth replay PACK --key "$KEY"

The first checks everything listed here and the links between the parts. The second computes the decision again.

## With coreutils and OpenSSL 3

Run in the pack's folder. Each command must succeed.

```sh
sha256sum --check --quiet tagmanifest-sha256.txt
sha256sum --check --quiet manifest-sha256.txt

# seal/seal.dsse.json is a DSSE envelope; what is signed is "DSSEv1 LEN(type) type LEN(payload) payload".
WORK=$(mktemp -d)
sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' seal/seal.dsse.json | base64 -d > "$WORK/payload"
sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' seal/seal.dsse.json | base64 -d > "$WORK/signature"
TYPE=application/vnd.in-toto+json
printf 'DSSEv1 %d %s %d ' "${{#TYPE}}" "$TYPE" "$(wc -c < "$WORK/payload")" > "$WORK/signed"
cat "$WORK/payload" >> "$WORK/signed"
openssl pkeyutl -verify -pubin -inkey "$KEY" -rawin -in "$WORK/signed" -sigfile "$WORK/signature"

# The signed statement names these files by digest.
for FILE in VERIFY.md bag-info.txt bagit.txt data/leaves.jsonl data/pack.json data/ro-crate-metadata.json; do
  grep -q "$(sha256sum < "$FILE" | cut -d ' ' -f 1)" "$WORK/payload" || {{ echo "not signed: $FILE"; exit 1; }}
done
```

Without the second half, the first proves nothing: whoever can change a file can change a manifest. With both, go on:
`data/leaves.jsonl` names every file below `data/core` by digest, one JSON line a file, sorted by path; the signed
statement names `data/leaves.jsonl`, and under `views` every file below `data/views`. `openssl dgst` does not do: the
signatures are Ed25519, which signs the message and not a digest of it.

## The root

A line of `data/leaves.jsonl`, without its line feed, is the content of a leaf in the Merkle tree of RFC 6962 §2.1
(SHA-256; 0x00 before a leaf, 0x01 before a node). The tree's root is `root` in the signed statement.

## The archive

The folder is a BagIt bag (RFC 8493): `bagit.py --validate .` checks it. `seal/` is outside of both manifests, since
proofs may be added to it later; each file there is verified by itself. `data/` is an RO-Crate 1.2.

## The log

`seal/pack.tlog-proof` (https://c2sp.org/tlog-proof) shows that the seal was appended to the sealer's log. Its `extra`
line is the log entry in base64: a JSON object that names the SHA-256 of `seal/seal.dsse.json`. Below the empty line
stands a checkpoint, a signed note that Go's `golang.org/x/mod/sumdb/note` opens with the verifier key above;
`golang.org/x/mod/sumdb/tlog` checks the inclusion path from the entry to the checkpoint's root.

## The people

What people said about this decision lies in `data/core/people`, if anybody was asked. A record made with an SSH key
holds its statement in base64 (`payload`) and a signature over it (`sshsig`). Write both into files and check them with
`ssh-keygen -Y check-novalidate -n tolbooth-approval -s SIGNATURE < STATEMENT`, with `-n tolbooth-people` for a people
record. It prints the fingerprint of the key; the people record says whose it is, and which roles that person held when.

## What this does not show

The times are the sealer's own word, unless `seal/` holds a timestamp or a witness's signature on the checkpoint. The
keys of those who signed the attestations in `data/core/attest` are vouched for by the sealer: the signed statement
lists them under `signers`.
"""


def verify_text(*, root: str, log_verifier: str) -> bytes:
    """The text for a pack with this root (hex), whose log has this verifier key."""
    return _TEXT.format(root=root, log_verifier=log_verifier).encode()
