"""Every form that a report can be rendered in, by name; each renderer is loaded only when it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tolbooth.report.model import Report


class Surface(Protocol):
    """What text is written on: columns to keep within, whether styles show, whether only ASCII does."""

    @property
    def width(self) -> int:
        """Columns."""

    @property
    def color(self) -> bool:
        """Whether ANSI styles are shown."""

    @property
    def ascii_only(self) -> bool:
        """Whether only ASCII is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    width: int = 80
    color: bool = False
    ascii_only: bool = False


FILE: Surface = _File()
"""A file: 80 columns, no colour, all of Unicode."""

Render = Callable[["Report", Surface], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A form of the report: a line of help, and the function that renders it.

    A ``binary`` form gives bytes and is written to a file, never to a terminal. ``extra`` names the optional
    dependencies that it needs, and ``package`` what one of them is imported as.
    """

    help: str
    render: Render
    binary: bool = False
    extra: str | None = None
    package: str | None = None

    @property
    def missing(self) -> str | None:
        """What to type to get the package that this format lacks; None where nothing is missing."""
        lacking = self.package is not None and find_spec(self.package) is None
        return f"pip install 'tolbooth[{self.extra}]'" if lacking else None


def _whole(module: str, function: str) -> Render:
    """A renderer that is the same on every surface."""

    def render(report: Report, surface: Surface) -> str | bytes:
        del surface
        rendered: str | bytes = _loaded(module, function)(report)
        return rendered

    return render


def _fitted(module: str, function: str) -> Render:
    """A renderer of text that fits itself to the surface."""

    def render(report: Report, surface: Surface) -> str | bytes:
        text: str = _loaded(module, function)(
            report, width=surface.width, color=surface.color, ascii_only=surface.ascii_only
        )
        return text

    return render


def _loaded(module: str, function: str) -> Any:
    return getattr(import_module(f"tolbooth.report.{module}"), function)


FORMATS: dict[str, Format] = {
    "text": Format(help="for people, on a terminal", render=_fitted("terminal", "render_terminal")),
    "json": Format(help="for programs, a versioned contract", render=_whole("json_format", "render_json")),
    "html": Format(help="one page that needs nothing else", render=_whole("html", "render_html")),
    "pdf": Format(
        help="PDF/A for people, the decision attached",
        render=_whole("pdf", "render_pdf"),
        binary=True,
        extra="pdf",
        package="typst",
    ),
    "markdown": Format(help="for a CI run's summary", render=_whole("markdown", "render_markdown")),
    "comment": Format(help="for a pull or merge request", render=_whole("comment", "render_comment")),
    "sarif": Format(help="SARIF 2.1.0, for code scanning", render=_whole("sarif", "render_sarif")),
    "junit": Format(help="JUnit XML, for test reports", render=_whole("junit", "render_junit")),
    "tap": Format(help="Test Anything Protocol 14", render=_whole("tap", "render_tap")),
    "table": Format(help="one row a result, as text", render=_fitted("table", "render_table")),
    "github": Format(help="annotations of GitHub Actions", render=_whole("github", "render_github")),
    "gitlab": Format(help="GitLab's code quality report", render=_whole("gitlab", "render_gitlab")),
    "dotenv": Format(help="NAME=value lines, for jobs and shells", render=_whole("dotenv", "render_dotenv")),
    "azuredevops": Format(help="issues of Azure Pipelines", render=_whole("azuredevops", "render_azuredevops")),
}
"""Name to format, in the order in which help lists them."""


def to_bytes(report: Report, name: str, surface: Surface = FILE) -> bytes:
    """The report in a format, as the bytes of a file.

    Raises:
        KeyError: if there is no such format.
    """
    rendered = FORMATS[name].render(report, surface)
    return rendered.encode() if isinstance(rendered, str) else rendered
