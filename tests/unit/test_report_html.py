"""The HTML page and its picture, as bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import report_sample as sample
from tolbooth.model.decision import DecisionReason, Verdict
from tolbooth.model.rule import Outcome
from tolbooth.report.cards import Status
from tolbooth.report.comparison import Comparison
from tolbooth.report.html import RENDERER, render_html
from tolbooth.report.model import build_report
from tolbooth.report.record import SealedPack
from tolbooth.report.svg import dot_plot, drawn_groups

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class _Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _race() -> Comparison:
    (card,) = sample.sample_report().with_finding(Status.FAILED)
    return next(item for item in card.comparisons if item.by == ("race",))


def test_page_has_a_head_and_six_sections_in_order() -> None:
    page = render_html(sample.sample_report())
    assert re.findall(r"<h1>", page) == ["<h1>"]
    assert re.findall(r"<h2[^>]*>([^<]*)</h2>", page) == [
        "What failed, and what could not be decided",
        "Waived",
        "Who decided, and on what",
        "Evidence",
        "All rules",
        "How to check this yourself",
    ]


def test_page_needs_nothing_else() -> None:
    tags = _Tags(render_html(sample.sample_report()))
    assert not [tag for tag, _ in tags.tags if tag in {"script", "link", "img", "iframe", "object", "form", "base"}]
    assert not [a for _, a in tags.tags if {"src", "style"} & set(a) or any(name.startswith("on") for name in a)]
    assert {attributes["href"] for attributes in tags.named("a")} == {"#not-checked"}


def test_content_security_policy_allows_exactly_the_one_style() -> None:
    page = render_html(sample.sample_report())
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = [a for a in _Tags(page).named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_markup_in_names_is_escaped_everywhere() -> None:
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(sample.RACES | {ATTACK: (10, 90, 5, 5)})]
    document["declared"] = {"owner": ATTACK, "purpose": ATTACK}
    document["gaps"] = [{"kind": "x", "about": ATTACK, "code": "x", "message": ATTACK}]
    failing = sample.result("fairness.difference", Outcome.FAIL, ATTACK, term=ATTACK, **sample.FAIR)
    decision = sample.decision(results=(failing,))
    record = sample.record(policy_name=ATTACK, engine=ATTACK, artifacts=(sample.artifact(name=ATTACK, uri=ATTACK),))
    page = render_html(build_report(decision, document, record))
    tags = _Tags(page)
    assert "&lt;script&gt;" in page
    assert not tags.named("script")
    assert not tags.named("img")


def test_every_table_has_a_caption_and_every_heading_cell_a_scope() -> None:
    tags = _Tags(render_html(sample.sample_report()))
    assert len(tags.named("table")) == len(tags.named("caption")) > 3
    assert all(cell.get("scope") in {"row", "col"} for cell in tags.named("th"))
    assert all(box.get("role") == "region" and box.get("tabindex") == "0" for box in tags.named("div"))


def test_ids_are_unique_and_every_label_points_to_one() -> None:
    tags = _Tags(render_html(sample.sample_report()))
    ids = [attributes["id"] for _, attributes in tags.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = {name for _, a in tags.tags for name in (a.get("aria-labelledby") or "").split()}
    assert labels <= set(ids)


def test_status_is_text() -> None:
    text = re.sub(r"<[^>]+>", "", render_html(sample.sample_report()))
    assert "Fails: Error rates are alike between groups" in text
    assert "beyond the bound" in text
    assert "too few, needs 30" in text


@pytest.mark.parametrize(("zone", "locale"), [("Asia/Tokyo", "de_DE.UTF-8"), ("America/Lima", "C")])
def test_same_report_gives_the_same_bytes_in_another_zone_and_locale(zone: str, locale: str) -> None:
    code = (
        "import hashlib; from tests.report_sample import sample_report; from tolbooth.report.html import render_html;"
        "print(hashlib.sha256(render_html(sample_report()).encode()).hexdigest())"
    )
    environment = os.environ | {"TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    root = Path(__file__).parents[2]
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(render_html(sample.sample_report()).encode()).hexdigest()
    assert elsewhere.stdout.strip() == here


def test_empty_gate_is_told_plainly() -> None:
    report = sample.sample_report(results=(), verdict=Verdict.UNDECIDED, reasons=(DecisionReason(code="gate.empty"),))
    page = render_html(report)
    assert "No rule was evaluated. A gate without rules decides nothing" in page
    assert "Nothing failed" not in page


def test_waived_result_is_shown_with_waiver_and_end() -> None:
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    report = sample.sample_report(
        results=(failed,), verdict=Verdict.ALLOW, reasons=(), waivers=(sample.waiver_of(failed),)
    )
    page = render_html(report)
    assert "W-3" in page
    assert "2027-01-01\u00a000:00:00Z" in page


def test_sealed_report_names_its_pack_in_the_commands() -> None:
    sealed = SealedPack(name="compas-risk-7.evpack.zip", root_sha256="9" * 64, key="release")
    page = render_html(build_report(sample.decision(), sample.input_document(), sample.record(sealed=sealed)))
    assert "tolbooth verify compas-risk-7.evpack.zip --key KEY" in page


def test_renderer_is_named_on_the_page() -> None:
    assert f'content="Tolbooth {RENDERER}"' in render_html(sample.sample_report())


def test_picture_is_well_formed_with_title_and_description_that_hold_the_numbers() -> None:
    picture = ET.fromstring(dot_plot(_race(), name="p"))
    space = "{http://www.w3.org/2000/svg}"
    assert (
        picture.findtext(f"{space}title") == "False positive rate by race in predictions: 30.1 points apart, at most 10"
    )
    assert "African-American 44.8 % (805/1795)" in (picture.findtext(f"{space}desc") or "")
    assert picture.get("viewBox") == "0 0 300 280"


def test_picture_tells_groups_apart_by_shape_and_word() -> None:
    picture = dot_plot(_race(), name="p")
    assert picture.count('class="beyond"') == 1
    assert picture.count('class="ring"') == 2
    assert "44.8 % · beyond" in picture
    assert "8.7 % · too few" in picture


def test_picture_places_rates_in_proportion() -> None:
    picture = dot_plot(_race(), name="p")
    beyond = re.search(r'class="beyond" d="M([0-9.]+)', picture)
    assert beyond
    assert float(beyond[1]) == pytest.approx(8 + 284 * 0.448468 / 0.7, abs=0.1)


def test_picture_of_many_groups_draws_the_extremes_and_the_page_says_so() -> None:
    many = {f"group {place:02}": (100 - place, place, 5, 5) for place in range(40)}
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(many)]
    report = sample.sample_report(document=document)
    (card,) = report.with_finding(Status.FAILED)
    drawn = [group.name for group in drawn_groups(card.comparisons[0])]
    assert (len(drawn), drawn[0], drawn[-1]) == (30, "group 39", "group 00")
    assert "30 of 40 groups are drawn; the table has all." in render_html(report)
