"""The HTML page in a real browser: it fits, reads in both schemes, and asks for nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import report_sample as sample
from tests.chromium import Page, chromium
from tolbooth.model.rule import Outcome
from tolbooth.report.html import render_html

pytestmark = pytest.mark.chromium

_CONTRAST = """
(() => {
  const channel = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = (c) => { const [r, g, b] = c.match(/[0-9.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const opaque = (c) => !/, 0\\)$/.test(c);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (opaque(c)) return c; } return 'rgb(255, 255, 255)'; };
  let worst = 21;
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest('svg') || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    worst = Math.min(worst, (a + 0.05) / (b + 0.05));
  }
  return worst;
})()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on the path")
    with chromium(browser, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a long name, a long term and every section filled."""
    document = sample.input_document()
    counts = sample.RACES | {"Native Hawaiian or Other Pacific Islander, alone or in combination": (60, 40, 5, 5)}
    counts |= {"x" * 90: (50, 10, 5, 5), "<b>bold</b>": (50, 10, 5, 5)}
    document["observations"]["fairness"] = [sample.observation(counts)]
    waived = sample.result("a.rule", Outcome.FAIL, "long " * 40, term="column " + "y" * 90)
    report = sample.sample_report(
        document=document, results=(*sample.results(), waived), waivers=(sample.waiver_of(waived),), reasons=()
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render_html(report), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_does_not_scroll_sideways(page: Page, report_file: Path, width: int, scheme: str) -> None:
    page.open(report_file, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('.verdict').textContent").startswith("May not be released")


def test_wide_tables_scroll_in_their_own_box_on_a_narrow_screen(page: Page, report_file: Path) -> None:
    page.open(report_file, width=320)
    boxes = "[...document.querySelectorAll('.scroll')]"
    assert page.evaluate(f"{boxes}.some((box) => box.scrollWidth > box.clientWidth)")
    assert page.evaluate(f"{boxes}.every((box) => box.clientWidth <= 320)")


def test_page_asks_for_nothing_and_complains_of_nothing(page: Page, report_file: Path) -> None:
    page.open(report_file, width=1200)
    assert page.requested() == [report_file.resolve().as_uri()]
    assert page.complaints() == []


def test_style_is_applied_under_the_pages_own_policy(page: Page, report_file: Path) -> None:
    page.open(report_file, width=1200)
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).color") == "rgb(161, 0, 31)"


def test_dark_scheme_turns_ground_and_text(page: Page, report_file: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page.open(report_file, width=1200, scheme="light")
    light = page.evaluate(ground)
    page.open(report_file, width=1200, scheme="dark")
    assert (light, page.evaluate(ground)) == ("rgb(255, 255, 255)", "rgb(20, 20, 20)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(page: Page, report_file: Path, scheme: str) -> None:
    page.open(report_file, width=1200, scheme=scheme)
    assert page.evaluate(_CONTRAST) >= 4.5


def test_text_of_the_picture_stays_legible_at_320_pixels(page: Page, report_file: Path) -> None:
    page.open(report_file, width=320)
    sizes = "[...document.querySelectorAll('svg text')].map((text) => text.getBoundingClientRect().height)"
    assert min(page.evaluate(sizes)) >= 10


def test_labels_of_the_picture_do_not_touch(page: Page, report_file: Path) -> None:
    page.open(report_file, width=1200)
    gap = """
    Math.min(...[...document.querySelectorAll('svg text[text-anchor=end]')].map((end) => {
      const start = end.previousElementSibling;
      if (!start || start.tagName !== 'text') return 1e3;
      return end.getBoundingClientRect().left - start.getBoundingClientRect().right;
    }))
    """
    assert page.evaluate(gap) > 0
