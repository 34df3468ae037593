"""One attack on a pack, one named case: what verify says first, and about which file."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import struct
import subprocess
import warnings
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sample_pack import (
    AS_OF,
    EVE,
    LOG,
    SEALED_AT,
    SEALER,
    MemoryLog,
    attested,
    earlier_log,
    policy,
    sample,
    seal_entry,
    sealed,
    subject,
    summary,
    views,
)
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.container import CORE, read_zip, write_zip
from tolbooth.evidence.dsse import sign_envelope, take_apart
from tolbooth.evidence.statement import parse_statement, statement
from tolbooth.evidence.tlog_proof import write_proof
from tolbooth.evidence.verify import Examination, Status, Verification, examine, verify
from tolbooth.model.decision import AppliedWaiver, Verdict
from tolbooth.model.errors import VerificationError

Pack = dict[str, bytes]
PACK = sample()
OTHER = sample("4")
KEY = SEALER.public_key
COUNTS = next(path for path in PACK if path.startswith("data/core/inputs/counts/"))
RULE = "data/core/policies/fairness/difference/difference.rego"


def changed(path: str, old: bytes, new: bytes) -> Pack:
    """The pack with one place in one file changed."""
    assert PACK[path].count(old) >= 1
    assert old != new
    return {**PACK, path: PACK[path].replace(old, new, 1)}


def with_file(path: str, content: bytes = b"{}") -> Pack:
    assert path not in PACK
    return {**PACK, path: content}


def without(path: str) -> Pack:
    return {name: content for name, content in PACK.items() if name != path}


def from_other(*paths: str) -> Pack:
    assert all(PACK[path] != OTHER[path] for path in paths)
    return {**PACK, **{path: OTHER[path] for path in paths}}


def envelope_with(path: str, **changes: Any) -> Pack:
    return {**PACK, path: canonical_bytes({**json.loads(PACK[path]), **changes})}


def flipped_signature(path: str) -> Pack:
    signature = re.search(rb'"sig":"(.)', PACK[path])
    assert signature is not None
    place = signature.start(1)
    content = bytearray(PACK[path])
    content[place] = ord("A") if content[place] != ord("A") else ord("B")
    return {**PACK, path: bytes(content)}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """The pack as a zip with members appended that our own writer would never write."""
    target = io.BytesIO(write_zip(PACK))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def zipped_link() -> bytes:
    link = zipfile.ZipInfo("data/views/passwd")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((link, b"/etc/passwd"))


def zipped_bomb() -> bytes:
    content = bytearray(zipped(("data/views/bomb.html", b"x")))
    entry = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, entry + 24, 0xFFFFFFF0)
    return bytes(content)


def signed_again(path: str, predicate_type: str) -> Pack:
    """A statement of another type, honestly signed by the sealer, in the place of ``path``."""
    return {**PACK, path: sign_envelope(statement(predicate_type, subject(), {"version": 1}), SEALER)}


def resealed(changes: Mapping[str, bytes | None], **options: Any) -> Pack:
    """Sealed again by the key that was asked for, over a core that was changed after the decision was attested."""
    core, made = attested()
    altered = {path: content for path, content in {**core, **changes}.items() if content is not None}
    return sealed(altered, made, **options)


def resealed_without_decision() -> Pack:
    return resealed({"policies/policy.json": None})


def hypothetical() -> Pack:
    _, made = attested()
    case = {name: getattr(made.case, name) for name in type(made.case).__slots__} | {"hypothetical": True}
    return sealed(*attested(changes={"case": type(made.case)(**case)}))


def foreign_checkpoint() -> Pack:
    """Eve logs the genuine seal in a log of her own."""
    log = MemoryLog(signer=EVE)
    proof = log.append(seal_entry(PACK["seal/seal.dsse.json"], SEALED_AT))
    return {**PACK, "seal/pack.tlog-proof": write_proof(proof)}


def lying_summary() -> Pack:
    core, made = attested()
    said = parse_statement(take_apart(summary(core, made), path="x").payload, path="x")
    lie = {**said.predicate, "verificationResult": "PASSED", "verifiedLevels": ["TOLBOOTH_GATE_RELEASE"]}
    envelope = sign_envelope(statement(said.predicate_type, said.subject, lie), SEALER)
    return sealed(core, made, summary_envelope=envelope)


def applied() -> AppliedWaiver:
    return AppliedWaiver(
        waiver_sha256="cd" * 32, waiver_id="W-7", rule="fairness.difference", term=None, effective_until=SEALED_AT
    )


CORRUPTIONS: dict[str, tuple[Callable[[], Pack | bytes], str, str | None]] = {
    # A flipped byte in every kind of file.
    "flipped-decision": (
        lambda: changed("data/core/decision.json", b'"verdict":"deny"', b'"verdict":"denz"'),
        "tree.file-altered",
        "data/core/decision.json",
    ),
    "verdict-turned": (
        lambda: changed("data/core/decision.json", b'"verdict":"deny"', b'"verdict":"allow"'),
        "tree.file-altered",
        "data/core/decision.json",
    ),
    "flipped-input": (
        lambda: changed("data/core/inputs/input.json", b'"ci"', b'"cj"'),
        "tree.file-altered",
        "data/core/inputs/input.json",
    ),
    "flipped-counts": (lambda: changed(COUNTS, b"805", b"705"), "tree.file-altered", COUNTS),
    "flipped-rule": (lambda: changed(RULE, b"deny", b"denx"), "tree.file-altered", RULE),
    "flipped-policy": (
        lambda: changed("data/core/policies/policy.json", b"100000", b"200000"),
        "tree.file-altered",
        "data/core/policies/policy.json",
    ),
    "flipped-attestation": (
        lambda: flipped_signature("data/core/attest/collection.dsse.json"),
        "tree.file-altered",
        "data/core/attest/collection.dsse.json",
    ),
    "flipped-schema": (
        lambda: changed("data/core/schemas/input.schema.json", b"object", b"objecu"),
        "tree.file-altered",
        "data/core/schemas/input.schema.json",
    ),
    "flipped-leaves": (
        lambda: changed("data/leaves.jsonl", b'"salt":"', b'"salt":"0'),
        "tree.file-altered",
        "data/leaves.jsonl",
    ),
    "flipped-pack-json": (
        lambda: changed("data/pack.json", b'"deny"', b'"denz"'),
        "tree.file-altered",
        "data/pack.json",
    ),
    "flipped-manifest": (
        lambda: changed("manifest-sha256.txt", b"data/pack.json", b"data/pack.jsom"),
        "tree.manifest-altered",
        "manifest-sha256.txt",
    ),
    "flipped-tag-manifest": (
        lambda: changed("tagmanifest-sha256.txt", b"  bagit.txt", b"  bagit.txu"),
        "tree.manifest-altered",
        "tagmanifest-sha256.txt",
    ),
    "flipped-bagit": (lambda: changed("bagit.txt", b"1.0", b"1.1"), "tree.file-altered", "bagit.txt"),
    "flipped-bag-info": (lambda: changed("bag-info.txt", b"2026-11", b"2025-11"), "tree.file-altered", "bag-info.txt"),
    "flipped-verify-md": (
        lambda: changed("VERIFY.md", b"Each command must", b"No command must"),
        "tree.file-altered",
        "VERIFY.md",
    ),
    "flipped-crate": (
        lambda: changed("data/ro-crate-metadata.json", b"Verdict deny", b"Verdict dena"),
        "tree.file-altered",
        "data/ro-crate-metadata.json",
    ),
    "flipped-view": (
        lambda: changed("data/views/report.html", b"Denied", b"Passed"),
        "views.altered",
        "data/views/report.html",
    ),
    "flipped-seal": (lambda: flipped_signature("seal/seal.dsse.json"), "seal.signature", "seal/seal.dsse.json"),
    "flipped-summary": (lambda: flipped_signature("seal/vsa.dsse.json"), "links.signature", "seal/vsa.dsse.json"),
    "flipped-proof": (
        lambda: changed("seal/pack.tlog-proof", b"index 4", b"index 3"),
        "log.inclusion",
        "seal/pack.tlog-proof",
    ),
    # What the container may hold.
    "zip-duplicate-name": (lambda: zipped(("data/pack.json", b"{}")), "container.duplicate", "data/pack.json"),
    "zip-parent": (lambda: zipped(("../evil.txt", b"")), "container.parent", "../evil.txt"),
    "zip-parent-inside": (lambda: zipped(("data/core/../../x", b"")), "container.parent", "data/core/../../x"),
    "zip-absolute": (lambda: zipped(("/etc/cron.d/evil", b"")), "container.absolute", "/etc/cron.d/evil"),
    "zip-backslash": (lambda: zipped(("data\\core\\x", b"")), "container.backslash", "data\\core\\x"),
    "zip-case-colliding": (
        lambda: zipped(("data/core/Decision.json", b"{}")),
        "container.collision",
        "data/core/Decision.json",
    ),
    "zip-not-nfc": (
        lambda: zipped(("data/views/cafe\u0301.html", b"")),
        "container.not-nfc",
        "data/views/cafe\u0301.html",
    ),
    "zip-symlink": (zipped_link, "container.link", "data/views/passwd"),
    "zip-huge-declared-size": (zipped_bomb, "container.file-size", "data/views/bomb.html"),
    "zip-truncated": (lambda: write_zip(PACK)[:-100], "container.zip", None),
    "extra-file-at-the-top": (lambda: with_file("verify.py"), "container.unlisted", "verify.py"),
    "extra-file-below-data": (lambda: with_file("data/notes.txt"), "container.unlisted", "data/notes.txt"),
    "extra-file-in-seal": (lambda: with_file("seal/verify.sh"), "container.unlisted", "seal/verify.sh"),
    # The seal.
    "no-seal": (lambda: without("seal/seal.dsse.json"), "seal.missing", "seal/seal.dsse.json"),
    "foreign-key": (lambda: sealed(*attested(), sealer=EVE), "seal.signature", "seal/seal.dsse.json"),
    "wrong-payload-type": (
        lambda: envelope_with("seal/seal.dsse.json", payloadType="application/json"),
        "seal.payload-type",
        "seal/seal.dsse.json",
    ),
    "another-claim-as-seal": (
        lambda: signed_again("seal/seal.dsse.json", "urn:tolbooth:decision:v1"),
        "seal.predicate-type",
        "seal/seal.dsse.json",
    ),
    "seal-key-id-changed": (
        lambda: changed("seal/seal.dsse.json", SEALER.key_id.encode(), EVE.key_id.encode()),
        "seal.envelope",
        "seal/seal.dsse.json",
    ),
    "seal-of-a-later-version": (
        lambda: sealed(*attested(), predicate_changes={"version": 2}),
        "seal.version",
        "seal/seal.dsse.json",
    ),
    "seal-that-names-too-little": (
        lambda: sealed(*attested(), predicate_changes={"files": ()}),
        "seal.files",
        "seal/seal.dsse.json",
    ),
    "seal-of-another-pack": (
        lambda: from_other("seal/seal.dsse.json", "seal/vsa.dsse.json", "seal/pack.tlog-proof"),
        "tree.file-altered",
        "VERIFY.md",
    ),
    # JSON that two readers could read differently.
    "duplicate-key": (
        lambda: changed("data/core/decision.json", b'"verdict":"deny"', b'"verdict":"allow","verdict":"deny"'),
        "json.duplicate-key",
        "data/core/decision.json",
    ),
    "not-a-number": (lambda: changed(COUNTS, b"805", b"NaN"), "json.not-finite", COUNTS),
    "trailing-bytes": (lambda: {**PACK, COUNTS: PACK[COUNTS] + b"x"}, "json.syntax", COUNTS),
    "byte-order-mark": (lambda: {**PACK, COUNTS: b"\xef\xbb\xbf" + PACK[COUNTS]}, "json.encoding", COUNTS),
    "too-deep": (lambda: {**PACK, COUNTS: b"[" * 70 + b"]" * 70}, "json.depth", COUNTS),
    "duplicate-key-in-the-seal": (
        lambda: changed("seal/seal.dsse.json", b'{"payload":', b'{"payload":"","payload":'),
        "json.duplicate-key",
        "seal/seal.dsse.json",
    ),
    # The tree.
    "swapped-decision": (lambda: from_other("data/core/decision.json"), "tree.file-altered", "data/core/decision.json"),
    "swapped-core": (
        lambda: from_other(
            "data/core/decision.json", "data/core/inputs/input.json", "data/leaves.jsonl", "manifest-sha256.txt"
        ),
        "tree.file-altered",
        "data/leaves.jsonl",
    ),
    "extra-file-in-core": (lambda: with_file("data/core/extra.json"), "tree.file-unnamed", "data/core/extra.json"),
    "missing-file-in-core": (lambda: without(COUNTS), "tree.file-missing", COUNTS),
    "missing-manifest": (lambda: without("manifest-sha256.txt"), "tree.file-missing", "manifest-sha256.txt"),
    "root-that-leaves-do-not-give": (
        lambda: sealed(*attested(), predicate_changes={"root": "00" * 32}),
        "tree.root",
        "data/pack.json",
    ),
    "leaf-count-too-low": (
        lambda: sealed(*attested(), predicate_changes={"leaf_count": 3}),
        "tree.root",
        "data/pack.json",
    ),
    # The views.
    "missing-view": (lambda: without("data/views/report.html"), "views.missing", "data/views/report.html"),
    "extra-view": (lambda: with_file("data/views/second.html"), "views.unnamed", "data/views/second.html"),
    # The log.
    "no-log-proof": (lambda: without("seal/pack.tlog-proof"), "log.missing", "seal/pack.tlog-proof"),
    "truncated-log-proof": (
        lambda: {**PACK, "seal/pack.tlog-proof": PACK["seal/pack.tlog-proof"].partition(b"\n\n")[0]},
        "log.proof",
        "seal/pack.tlog-proof",
    ),
    "truncated-checkpoint": (
        lambda: {**PACK, "seal/pack.tlog-proof": PACK["seal/pack.tlog-proof"][:-2]},
        "log.note",
        "seal/pack.tlog-proof",
    ),
    "log-proof-of-another-pack": (lambda: from_other("seal/pack.tlog-proof"), "log.entry", "seal/pack.tlog-proof"),
    "log-proof-by-a-foreign-key": (
        lambda: {**PACK, "seal/pack.tlog-proof": sealed(*attested(), log=earlier_log(EVE))["seal/pack.tlog-proof"]},
        "log.entry",
        "seal/pack.tlog-proof",
    ),
    "checkpoint-by-a-foreign-key": (foreign_checkpoint, "log.signature", "seal/pack.tlog-proof"),
    # Time.
    "sealed-before-decided": (
        lambda: sealed(*attested(), sealed_at=AS_OF - timedelta(seconds=1)),
        "time.order",
        "data/pack.json",
    ),
    "logged-before-sealed": (
        lambda: sealed(*attested(), appended_at=SEALED_AT - timedelta(seconds=1)),
        "time.order",
        "seal/pack.tlog-proof",
    ),
    # Links: sealed again by whoever has the key, over a core that does not hang together.
    "resealed-decision-of-another-release": (
        lambda: resealed({"decision.json": attested("4")[0]["decision.json"]}),
        "links.decision-altered",
        "data/core/decision.json",
    ),
    "resealed-input": (
        lambda: resealed({"inputs/input.json": attested("4")[0]["inputs/input.json"]}),
        "links.input-altered",
        "data/core/inputs/input.json",
    ),
    "resealed-threshold": (
        lambda: resealed({"policies/policy.json": canonical_bytes(policy(bound=900_000))}),
        "links.policy-altered",
        "data/core/policies/policy.json",
    ),
    "resealed-rule": (
        lambda: resealed({RULE.removeprefix(CORE): b"package always_allows\n"}),
        "links.policy-altered",
        RULE,
    ),
    "resealed-schema": (
        lambda: resealed({"schemas/input.schema.json": b"true"}),
        "links.file-altered",
        "data/core/schemas/input.schema.json",
    ),
    "resealed-with-an-extra-file": (
        lambda: resealed({"schemas/extra.json": b"{}"}),
        "links.file-unnamed",
        "data/core/schemas/extra.json",
    ),
    "resealed-without-counts": (lambda: resealed({COUNTS.removeprefix(CORE): None}), "links.file-missing", COUNTS),
    "resealed-without-decision": (
        resealed_without_decision,
        "links.file-missing",
        "data/core/policies/policy.json",
    ),
    "resealed-without-attestation": (
        lambda: resealed({"attest/decision.dsse.json": None}),
        "links.attestation-missing",
        "data/core/attest/decision.dsse.json",
    ),
    "attestations-by-a-key-nobody-vouches-for": (
        lambda: sealed(*attested(), signers=(EVE,)),
        "links.signature",
        "data/core/attest/collection.dsse.json",
    ),
    "hypothetical-decision": (hypothetical, "links.hypothetical", "data/core/decision.json"),
    "counts-that-nothing-measured": (
        lambda: sealed(*attested(extra={f"inputs/counts/{'0' * 64}.json": b"{}"})),
        "links.counts-altered",
        f"data/core/inputs/counts/{'0' * 64}.json",
    ),
    "rule-outside-the-policy": (
        lambda: sealed(*attested(extra={"policies/quiet.rego": b"package quiet\n"})),
        "links.policy-unnamed",
        "data/core/policies/quiet.rego",
    ),
    "no-summary": (lambda: without("seal/vsa.dsse.json"), "links.summary-missing", "seal/vsa.dsse.json"),
    "summary-of-another-pack": (
        lambda: from_other("seal/vsa.dsse.json"),
        "links.summary-subject",
        "seal/vsa.dsse.json",
    ),
    "summary-that-says-passed": (
        lambda: sealed(*attested(), summary_envelope=summary(*attested(changes={"verdict": Verdict.ALLOW}))),
        "links.summary-inputs",
        "seal/vsa.dsse.json",
    ),
    "summary-with-the-verdict-turned": (lying_summary, "links.summary-verdict", "seal/vsa.dsse.json"),
    "summary-by-a-foreign-key": (
        lambda: sealed(*attested(), summary_envelope=summary(*attested(), EVE)),
        "links.signature",
        "seal/vsa.dsse.json",
    ),
    # People.
    "waiver-that-is-not-there": (
        lambda: sealed(*attested(waivers=(applied(),))),
        "people.missing",
        "data/core/people/",
    ),
    "approval-that-is-not-there": (
        lambda: sealed(*attested(changes={"approvals": ("ab" * 32,)})),
        "people.missing",
        "data/core/people/",
    ),
}


def checked(pack: Pack | bytes, **options: Any) -> Verification:
    return verify(read_zip(pack) if isinstance(pack, bytes) else pack, KEY, **options)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_pack_is_refused_at_its_first_broken_link(name: str) -> None:
    make, code, path = CORRUPTIONS[name]
    with pytest.raises(VerificationError) as caught:
        checked(make())
    place = caught.value.problems[0].place
    assert (caught.value.code, place.path if place else None) == (code, path)


def test_the_pack_itself_verifies_as_folder_and_as_zip() -> None:
    for form in (PACK, write_zip(PACK), write_zip(PACK, compress=True)):
        verification = checked(form)
        assert verification.status is Status.PASSED
        assert verification.key_id == SEALER.key_id
        assert verification.description.verdict is Verdict.DENY
        assert verification.sealed_at == SEALED_AT
        assert (verification.log_index, verification.log_size) == (4, 5)
        names = [step.name for step in verification.steps]
        assert names == ["container", "seal", "json", "tree", "views", "log", "time", "links", "people"]
        assert {step.name: step.checked for step in verification.steps}["people"] == 0
        assert "not witnessed" in verification.notes
        assert verification.unchecked == ()


def test_one_key_for_seal_and_log_is_said_to_be_self_asserted() -> None:
    both = sealed(*attested(), log=earlier_log(SEALER))
    assert any(note.startswith("self-asserted") for note in checked(both).notes)
    assert not any(note.startswith("self-asserted") for note in checked(PACK).notes)


def test_a_seal_with_things_that_can_not_be_checked_here_is_indeterminate_and_names_them() -> None:
    grown = {**PACK, "seal/pack.tsr": b"timestamp", "seal/signoffs/dora.json": b"{}"}
    verification = checked(grown)
    assert verification.status is Status.INDETERMINATE
    assert verification.unchecked == ("seal/pack.tsr", "seal/signoffs/dora.json")


def test_a_pack_does_not_exist_before_it_was_logged() -> None:
    assert checked(PACK, as_of=SEALED_AT).status is Status.PASSED
    with pytest.raises(VerificationError) as caught:
        checked(PACK, as_of=SEALED_AT - timedelta(seconds=1))
    assert caught.value.code == "time.future"


def test_a_link_in_a_folder_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        verify(PACK, KEY, links=["data/views/report.html"])
    assert caught.value.code == "container.link"


def test_a_threshold_changed_and_all_sealed_again_with_another_key_breaks_at_the_links_naming_the_file() -> None:
    altered = canonical_bytes(policy(bound=900_000))
    pack = resealed({"policies/policy.json": altered}, sealer=EVE, log=MemoryLog(signer=EVE))
    examination = examine(pack, EVE.public_key)
    assert examination.broken is not None
    assert examination.broken.code == "links.policy-altered"
    assert str(examination.broken.problems[0].place) == "data/core/policies/policy.json"
    assert "links" not in [step.name for step in examination.steps]
    # A replay goes on with what the pack holds, and finds the verdict of the altered policy.
    assert examination.status is Status.FAILED
    assert examination.content is not None
    assert examination.content.policy == policy(bound=900_000)
    assert examination.content.decision.verdict is Verdict.DENY
    assert examination.content.core["policies/policy.json"] == altered


def test_without_a_key_all_but_the_sealer_s_signatures_is_checked_and_the_result_says_so() -> None:
    examination = examine(PACK, None)
    assert examination.broken is None
    assert examination.status is Status.INDETERMINATE
    assert examination.unchecked == ("seal/seal.dsse.json", "seal/vsa.dsse.json")
    assert {step.name: step.checked for step in examination.steps}["seal"] == 0
    broken = examine(changed("data/core/decision.json", b'"deny"', b'"denz"'), None).broken
    assert broken is not None
    assert broken.code == "tree.file-altered"


def test_nothing_is_handed_to_a_replay_when_the_break_is_before_the_links() -> None:
    examination = examine(changed("data/core/policies/policy.json", b"100000", b"900000"), KEY)
    assert isinstance(examination, Examination)
    assert examination.content is None


@pytest.mark.parametrize("path", sorted(PACK))
def test_no_file_can_be_taken_away(path: str) -> None:
    with pytest.raises(VerificationError):
        checked(without(path))


@pytest.mark.parametrize("path", sorted(PACK))
def test_no_file_can_be_emptied_or_lengthened(path: str) -> None:
    for content in (b"", PACK[path] + b"\n"):
        with pytest.raises(VerificationError):
            checked({**PACK, path: content})


@settings(max_examples=400)
@given(st.sampled_from(sorted(PACK)), st.data())
def test_no_byte_of_any_file_can_be_changed(path: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(PACK[path]) - 1))
    flip = data.draw(st.integers(1, 255))
    content = bytearray(PACK[path])
    content[place] ^= flip
    with pytest.raises(VerificationError):
        checked({**PACK, path: bytes(content)})


@given(st.data())
def test_no_byte_of_the_zip_can_be_changed_to_give_other_files(data: st.DataObject) -> None:
    content = bytearray(write_zip(PACK))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        files = read_zip(bytes(content))
    except VerificationError:
        return
    # A zip has bytes that say nothing: times, attributes, the version that wrote it.
    assert files == PACK or examine(files, KEY).broken is not None


@given(
    st.dictionaries(st.sampled_from(sorted(PACK)), st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"null"]))
)
def test_nothing_but_a_verification_error_leaves_verify(changes: dict[str, bytes]) -> None:
    pack = {**PACK, **changes}
    assert (examine(pack, KEY).broken is None) == (pack == PACK)


@given(st.text(max_size=20), st.binary(max_size=5))
def test_no_name_that_is_not_there_can_be_added(name: str, content: bytes) -> None:
    if name in PACK:
        return
    assert examine({**PACK, name: content}, KEY).broken is not None


def unpacked(pack: Pack, folder: Path) -> Path:
    for path, content in pack.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def commands(pack: Pack) -> str:
    """The shell commands that ``VERIFY.md`` gives."""
    match = re.search(r"```sh\n(.*?)```", pack["VERIFY.md"].decode(), re.DOTALL)
    assert match is not None
    return "set -e\n" + match[1]


def run(script: str, folder: Path, key: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {"KEY": str(key), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": str(key.parent)}
    return subprocess.run(["/bin/sh", "-c", script], cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_sha256sum_is_content_with_the_pack_and_not_with_a_corrupted_one(tmp_path: Path, manifest: str) -> None:
    command = ["sha256sum", "--check", "--strict", manifest]
    good = subprocess.run(command, cwd=unpacked(PACK, tmp_path / "good"), capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    bad = {**PACK, "data/pack.json": b"{}", "bagit.txt": b""}
    assert (
        subprocess.run(command, cwd=unpacked(bad, tmp_path / "bad"), capture_output=True, check=False).returncode == 1
    )


needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("sha256sum") is None, reason="openssl or sha256sum is not installed"
)


@needs_openssl
def test_the_commands_of_verify_md_accept_the_pack(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(KEY.to_pem())
    result = run(commands(PACK), unpacked(PACK, tmp_path / "pack"), key)
    assert result.returncode == 0, result.stdout + result.stderr
    assert b"Signature Verified Successfully" in result.stdout


@needs_openssl
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("flipped-decision", KEY),
        ("flipped-seal", KEY),
        ("foreign-key", KEY),
        ("flipped-manifest", KEY),
        ("sealed-pack", LOG.public_key),
    ],
)
def test_the_commands_of_verify_md_refuse_a_corrupted_pack_and_a_foreign_key(
    tmp_path: Path, name: str, key: Any
) -> None:
    pack = CORRUPTIONS[name][0]() if name in CORRUPTIONS else PACK
    assert isinstance(pack, dict)
    pem = tmp_path / "key.pem"
    pem.write_text(key.to_pem())
    assert run(commands(PACK), unpacked(pack, tmp_path / "pack"), pem).returncode != 0


@needs_openssl
def test_the_commands_of_verify_md_notice_a_file_and_its_manifests_changed_together(tmp_path: Path) -> None:
    """Manifests alone prove nothing; the signed statement does."""
    core, made = attested()
    forged = sealed({**core, "schemas/input.schema.json": b"true"}, made, sealer=EVE)
    pack = {**forged, "seal/seal.dsse.json": PACK["seal/seal.dsse.json"]}
    pem = tmp_path / "key.pem"
    pem.write_text(KEY.to_pem())
    result = run(commands(PACK), unpacked(pack, tmp_path / "pack"), pem)
    assert result.returncode != 0
    assert b"not signed: " in result.stdout


def test_there_are_views_to_corrupt() -> None:
    assert {f"data/views/{view.path}" for view in views()} <= set(PACK)
