"""The PDF: its words, its bytes, and the standards that it claims."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
import typst

from tests import report_sample as sample
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.decision import DecisionReason, Verdict
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Outcome
from tolbooth.report import pdf
from tolbooth.report.glyphs import MONO, SERIF, has_glyph, legible
from tolbooth.report.model import Report, build_report
from tolbooth.report.paper import paper
from tolbooth.report.pdf import RENDERER, STANDARDS, render_pdf

ATTACK = '#eval("1+1") *b* $x$ ]} \\u{41} #include "/etc/passwd" @ref <lab> `r` // c \u202egnp.exe 中文 😀 x\u0301 é'
UNBROKEN = "w" * 300
ROOT = Path(__file__).parents[2]


def _paper(report: Report) -> dict[str, Any]:
    return paper(report, attached_sha256="0" * 64, renderer=RENDERER)


def _section(report: Report, title: str) -> list[dict[str, Any]]:
    (blocks,) = [section["blocks"] for section in _paper(report)["sections"] if section["title"] == title]
    return list(blocks)


def _words(value: Any) -> str:
    """Every text of a block, in order."""
    if isinstance(value, dict):
        return " ".join(_words(item) for name, item in value.items() if name not in {"style", "kind", "tone", "svg"})
    if isinstance(value, list):
        return " ".join(_words(item) for item in value)
    return value if isinstance(value, str) else ""


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: poppler-utils)")
    return found


def _run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _text(document: bytes, folder: Path) -> str:
    (folder / "report.pdf").write_bytes(document)
    return _run(_tool("pdftotext"), "-layout", folder / "report.pdf", "-")


def _attack() -> Report:
    document = sample.input_document()
    groups = sample.RACES | {ATTACK: (10, 90, 5, 5), UNBROKEN: (10, 90, 5, 5)}
    document["observations"]["fairness"] = [sample.observation(groups)]
    document["declared"] = {"owner": ATTACK, "purpose": UNBROKEN}
    document["gaps"] = [{"kind": "x", "about": ATTACK, "code": "x", "message": UNBROKEN}]
    failing = sample.result("fairness.difference", Outcome.FAIL, ATTACK, term=ATTACK, **sample.FAIR)
    artifacts = (sample.artifact(name=ATTACK, uri=ATTACK),)
    record = sample.record(policy_name=ATTACK, engine=ATTACK, artifacts=artifacts)
    return build_report(sample.decision(results=(failing,)), document, record)


def _long() -> Report:
    failing = [
        sample.result(f"team.rule_{place:02}", Outcome.FAIL, "12.3 points apart, at most 10", title=f"Asks {place}")
        for place in range(80)
    ]
    record = sample.record(artifacts=tuple(sample.artifact(name=f"input_{place}") for place in range(90)))
    return build_report(sample.decision(results=(*sample.results(), *failing)), sample.input_document(), record)


def test_document_answers_a_lawyers_questions_before_the_details() -> None:
    assert [section["title"] for section in _paper(sample.sample_report())["sections"]] == [
        "What was asked",
        "What was decided, and why",
        "What was not checked",
        "Who decided, and on what",
        "What applies, and until when",
        "What failed, and what could not be decided",
        "Evidence",
        "All rules",
        "How to check this yourself",
    ]


def test_reasons_hold_the_numbers_that_decided() -> None:
    told = _words(_section(sample.sample_report(), "What was decided, and why"))
    assert "False positive rate by race in predictions: 30.1 points apart, at most 10." in told
    assert "Asian (23) and Native American (8): fewer than 30 in the denominator." in told
    assert "2 rules pass: Data sets are named by digest; The model is good enough." in told


def test_everything_unchecked_is_listed_before_the_details() -> None:
    report = sample.sample_report()
    told = _words(_section(report, "What was not checked"))
    assert report.not_checked
    assert all(item.text in told for item in report.not_checked)


def test_waiver_is_shown_with_its_end() -> None:
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    waivers = (sample.waiver_of(failed),)
    report = sample.sample_report(results=(failed,), verdict=Verdict.ALLOW, reasons=(), waivers=waivers)
    (waived,) = [block for block in _section(report, "What applies, and until when") if block["kind"] == "table"]
    assert [_words(cell) for cell in waived["rows"][0]] == [
        "a.rule  sex",
        "too wide",
        "W-3   eeeeeeeeeeee",
        "2027-01-01 00:00:00Z",
    ]
    assert render_pdf(report).startswith(b"%PDF-1.7")


def test_empty_gate_is_told_plainly() -> None:
    report = sample.sample_report(results=(), verdict=Verdict.UNDECIDED, reasons=(DecisionReason(code="gate.empty"),))
    assert "A gate without rules decides nothing" in _words(_section(report, "What was decided, and why"))
    assert render_pdf(report).startswith(b"%PDF-1.7")


def test_picture_on_paper_has_ink_and_says_its_numbers_in_words() -> None:
    blocks = _section(sample.sample_report(), "What failed, and what could not be decided")
    pictures = [block for block in blocks if block["kind"] == "picture"]
    assert len(pictures) == 2
    assert "African-American 44.8 % (805/1795)" in pictures[0]["alt"]
    assert f'font-family="{SERIF}" font-size="13" color="#1a1a1a"' in pictures[0]["svg"]


@pytest.mark.parametrize(("zone", "locale"), [("Asia/Tokyo", "de_DE.UTF-8"), ("America/Lima", "C")])
def test_same_report_gives_the_same_bytes_in_another_zone_locale_and_folder(
    zone: str, locale: str, tmp_path: Path
) -> None:
    code = (
        "import hashlib; from tests.report_sample import sample_report; from tolbooth.report.pdf import render_pdf;"
        "print(hashlib.sha256(render_pdf(sample_report())).hexdigest())"
    )
    changed = {"TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | changed, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == hashlib.sha256(render_pdf(sample.sample_report())).hexdigest()


def test_file_claims_both_standards_its_language_and_its_decisions_date() -> None:
    document = render_pdf(sample.sample_report())
    for claim in (
        b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>",
        b"<pdfuaid:part>1</pdfuaid:part>",
        b"<xmp:CreateDate>2026-11-23T09:14:07Z</xmp:CreateDate>",
        b"/Lang(en-GB)",
        b"/MarkInfo<</Marked true",
    ):
        assert claim in document, claim


@pytest.mark.poppler
def test_pdfinfo_sees_title_tags_and_date(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(render_pdf(sample.sample_report()))
    said = _run(_tool("pdfinfo"), "-isodates", tmp_path / "report.pdf")
    facts = dict(re.findall(r"^([^:]+): +(.*)$", said, flags=re.MULTILINE))
    assert facts["Title"] == "Release decision on compas-risk@7"
    assert (facts["Tagged"], facts["JavaScript"], facts["Encrypted"]) == ("yes", "no", "no")
    assert facts["CreationDate"].startswith("2026-11-23T09:14:07")


def test_every_font_is_one_of_two_and_embedded() -> None:
    document = render_pdf(_attack())
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+(\w+)", document))
    assert fonts == {b"LibertinusSerif", b"DejaVuSansMono"}
    assert document.count(b"/FontFile") == len(re.findall(rb"/FontName/", document))


def test_attachment_is_the_decision_byte_for_byte() -> None:
    report = sample.sample_report()
    document = render_pdf(report)
    assert b"/AFRelationship/Source" in document
    (found,) = re.finditer(rb"<</Length (\d+)/Type/EmbeddedFile/Filter/FlateDecode[^\n]*\nstream\n", document)
    content = zlib.decompress(document[found.end() : found.end() + int(found[1])])
    assert content == canonical_bytes(report.decision)


@pytest.mark.poppler
def test_pdfdetach_gives_the_decision_back(tmp_path: Path) -> None:
    report = sample.sample_report()
    (tmp_path / "report.pdf").write_bytes(render_pdf(report))
    _run(_tool("pdfdetach"), "-save", "1", "-o", tmp_path / "decision.json", tmp_path / "report.pdf")
    assert (tmp_path / "decision.json").read_bytes() == canonical_bytes(report.decision)


def test_another_decision_is_never_attached() -> None:
    with pytest.raises(ValueError, match="the decision to attach has the digest"):
        render_pdf(sample.sample_report(), decision_json=canonical_bytes({"verdict": "allow"}))


def test_decision_bytes_that_are_given_are_attached_as_they_are() -> None:
    given = canonical_bytes(sample.decision())
    record = sample.record(decision_sha256=hashlib.sha256(given).hexdigest())
    report = build_report(sample.decision(), sample.input_document(), record)
    assert render_pdf(report, decision_json=given) == render_pdf(report)


@pytest.mark.poppler
def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    text = " ".join(_text(render_pdf(_attack()), tmp_path).split())
    for part in ('#eval("1+1") *b* $x$ ]} \\u{41} #include', "@ref <lab> `r` // c \\u202egnp.exe", "x\\u0301 é"):
        assert part in text
    assert "\u202e" not in text


def test_documents_are_made_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[typst.TypstWarning] = []

    def compile_and_keep(*args: Any, **options: Any) -> bytes:
        document, found = typst.compile_with_warnings(*args, **options)
        warnings.extend(found)
        assert isinstance(document, bytes)
        return document

    with monkeypatch.context() as patched:
        patched.setattr(typst, "compile", compile_and_keep)
        render_pdf(sample.sample_report())
        render_pdf(_attack())
    assert warnings == []


def test_breach_of_a_standard_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_legible", lambda document: document)
    with pytest.raises(typst.TypstError, match=r"PDF/A-3a, PDF/UA-1 error: the text .* could not be displayed"):
        render_pdf(_attack())


def test_every_character_that_counts_as_legible_has_a_glyph() -> None:
    every = "".join(char for char in map(chr, range(0x30000)) if has_glyph(char))
    assert len(every) > 2000
    page = (
        f'#set document(title: "t")\n#set text(font: ("{SERIF}", "{MONO}"), fallback: false)\n'
        '#for char in sys.inputs.all { char + " " }\n#set text(font: "' + MONO + '")\n#"Az 09"'
    )
    made = typst.compile(
        page.encode(), sys_inputs={"all": every}, ignore_system_fonts=True, format="pdf", pdf_standards=[*STANDARDS]
    )
    assert made.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ελλάδα, Łódź, Київ, עברית, العربية – 5 %", "Ελλάδα, Łódź, Київ, עברית, العربية – 5 %"),
        ("e\u0301", "\u00e9"),
        ("x\u0301", "x\\u0301"),
        ("中😀", "\\u4e2d\\U0001f600"),
        ("\u202eexe\n\u00ad", "\\u202eexe\\n\\xad"),
        ("\ue000\ufeff", "\\ue000\\ufeff"),
    ],
)
def test_text_without_a_glyph_is_written_as_an_escape(text: str, shown: str) -> None:
    assert legible(text) == shown
    assert legible(shown) == shown


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ConfigError) as refused:
        render_pdf(sample.sample_report())
    assert (refused.value.code, refused.value.hint) == ("report.no-pdf", "pip install 'tolbooth[pdf]'")


@pytest.mark.poppler
def test_forty_pages_take_well_under_a_second_each_with_head_and_number(tmp_path: Path) -> None:
    report = _long()
    began = time.perf_counter()
    document = render_pdf(report)
    took = time.perf_counter() - began
    pages = _text(document, tmp_path).split("\f")[:-1]
    assert len(pages) >= 40
    assert took < 3
    for place, page in enumerate(pages, start=1):
        assert "compas-risk@7 · gate release" in page.splitlines()[0]
        assert "decision 8c1d44e90b7a" in page.splitlines()[0]
        assert f"page {place} of {len(pages)}" in page


@pytest.mark.verapdf
def test_verapdf_finds_both_standards_kept(tmp_path: Path) -> None:
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"scripts/verapdf needs {' and '.join(missing)}")
    reports = {"sample": sample.sample_report(), "attack": _attack(), "long": _long()}
    for name, report in reports.items():
        (tmp_path / f"{name}.pdf").write_bytes(render_pdf(report))
    said = _run(ROOT / "scripts" / "verapdf", *sorted(tmp_path.glob("*.pdf")))
    assert re.findall(r"^(PASS|FAIL) .*/(\w+)\.pdf (\w+)", said, flags=re.MULTILINE) == [
        ("PASS", name, profile) for profile in ("3a", "ua1") for name in sorted(reports)
    ]


def test_renderer_stands_in_the_document() -> None:
    assert f"({RENDERER})" in _paper(sample.sample_report())["closing"]
    assert json.dumps(_paper(sample.sample_report()))
