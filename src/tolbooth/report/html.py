"""The report as one self-contained HTML page: no script, no request, the same bytes for the same report."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tolbooth.report import people_words, sentences, words
from tolbooth.report.cards import ENFORCEMENT_WORDS, STATUS_WORDS, Status
from tolbooth.report.comparison import Comparison
from tolbooth.report.evidence_rows import received_words
from tolbooth.report.explain import parameter_text
from tolbooth.report.glance import glance_of
from tolbooth.report.model import HYPOTHETICAL, Report
from tolbooth.report.reproduction import reproductions, reproductions_of, slices_commands
from tolbooth.report.svg import dot_plot, drawn_groups
from tolbooth.report.unchecked import coverage_line

RENDERER = "html/4"
"""Name and version of this format, for the seal statement; raised when the same report would give other bytes."""

_NO_BREAK = "\u00a0"
_TROUBLE = (Status.FAILED, Status.ERROR, Status.UNDECIDED, Status.WARNED)


def render_html(report: Report) -> str:
    """Render the report as an HTML page that needs nothing else."""
    style = _resource("report.css")
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        glance=glance_of(report),
        head=report.head,
        trouble=report.with_status(*_TROUBLE),
        calm=report.with_status(Status.PASSED, Status.WAIVED),
        style=Markup(style),  # noqa: S704 - our own file, hashed below
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        coverage=coverage_line(report.not_checked),
        hypothetical=HYPOTHETICAL,
        renderer=RENDERER,
    )


def render_measured_html(comparisons: Sequence[Comparison], *, about: str, made: datetime) -> str:
    """Render compared rates as a page of their own, without a decision around them.

    Args:
        comparisons: what was measured over one data set; at least one.
        about: the data set's path.
        made: when it was measured.
    """
    style = _resource("report.css")
    page = _environment().get_template("fairness.html.j2")
    return page.render(
        comparisons=comparisons,
        about=about,
        made=made,
        again=reproductions_of(comparisons, dict.fromkeys((each.about for each in comparisons), about)),
        style=Markup(style),  # noqa: S704 - our own file, hashed below
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        renderer=RENDERER,
    )


def _resource(name: str) -> str:
    return files("tolbooth.report").joinpath("templates", name).read_text(encoding="utf-8")


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    """The same words with spaces at which no line ends."""
    return lambda *args, **kwargs: write(*args, **kwargs).replace(" ", _NO_BREAK)


def _plot(comparison: Comparison, name: str) -> Markup:
    return Markup(dot_plot(comparison, name=name))  # noqa: S704 - svg.py escapes every text


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_resource),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        percent=_unbroken(words.percent),
        interval=_unbroken(words.interval),
        when=_unbroken(words.when),
        moment=words.when,
        number=words.number,
        plural=words.plural,
        listed=words.listed,
        visible=words.visible,
        capital=words.capital,
    )
    environment.globals.update(
        plot=_plot,
        drawn_groups=drawn_groups,
        fraction=words.fraction,
        metric_counts=words.metric_counts,
        metric_name=words.metric_name,
        exact_percent=words.exact_percent,
        headline=sentences.headline,
        subject_of=sentences.subject_of,
        standing=sentences.standing,
        pair_value=sentences.pair_value,
        pair_interval=sentences.pair_interval,
        further_sentences=sentences.further_sentences,
        reproductions=reproductions,
        slices_commands=slices_commands,
        word_head=people_words.word_head,
        word_details=people_words.word_details,
        waived_line=people_words.waived_line,
        waiver_holds=people_words.waiver_holds,
        waiver_details=people_words.waiver_details,
        duty_words=people_words.duty_words,
        record_words=people_words.record_words,
        received_words=received_words,
        parameter_text=parameter_text,
        STATUS_WORDS=STATUS_WORDS,
        ENFORCEMENT_WORDS=ENFORCEMENT_WORDS,
    )
    return environment
