"""The demo's folder: what lies in it before anything is trained, and how far a demo has come in it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from shlex import quote

from tolbooth.model.errors import ConfigError
from tolbooth.store.durable import write_whole

STATE_FILE = "DEMO.txt"
TRAIN_FILE = "train.py"
CARD_FILE = "MODEL_CARD.md"
DATA_FILE = "rossi.csv"
NEEDED = ("lifelines", "sklearn", "pandas", "mlflow", "alembic")
"""The packages of the extra ``demo`` that the walk uses, as they are imported."""

_UNFINISHED = "Unfinished: "
_LONGEST_LINE = 200
_CARD = """\
# Re-arrest within a year

A demonstration, not a model to use: it predicts re-arrest from six columns
of a study of 1980.

## Intended use

To show a release gate. It must not decide about people.

## Data

432 releases from Maryland's prisons, followed for a year (Rossi, Berk &
Lenihan, 1980), from the lifelines package. The column contact_email_synthetic
is no part of the study: its addresses are made up, under example.org.

## Limits

53 of the 432 people are not Black, so error rates for them rest on few cases.
One in four was arrested again, and the model says so of few: it is hardly
better than to say it of nobody.
"""
EVALUATION = """
## Evaluation

Version 1 learned from one half of the people and was tested on the other.
Since version 2 the model learns from all. Each person's prediction comes
from one of five models of the same recipe that had not seen that person:
the recipe is tested, not the very model that is released.
"""
"""The section that the model card lacks until the gate asks for it."""


def prepare(folder: Path) -> None:
    """Put the study, the training script and the model card into a new folder.

    Raises:
        ConfigError: ``demo.extra`` without the extra ``demo``; ``demo.exists`` if the folder is not empty,
            ``demo.unfinished`` if a demo stopped halfway in it; ``demo.folder`` if it can't be made.
    """
    _refuse_used(folder)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError.of(
            "demo.extra",
            f"the demo needs packages that are not installed: {', '.join(missing)}",
            hint="pip install 'tolbooth[demo]'",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError.of("demo.folder", f"{folder} can't be made: {error.strerror}") from error
    mark_unfinished(folder, "before the first step")
    write_whole(folder / DATA_FILE, _study())
    write_whole(folder / TRAIN_FILE, Path(__file__).with_name("demo_train.py").read_bytes())
    write_whole(folder / CARD_FILE, _CARD.encode())


def mark_unfinished(folder: Path, step: str) -> None:
    """Say in the folder at which step the demo is; whoever finds it so knows where it stopped."""
    text = f"{_UNFINISHED}'tolbooth demo' stopped at: {step}\nDelete this folder and run it again.\n"
    write_whole(folder / STATE_FILE, text.encode())


def mark_finished(folder: Path, text: str) -> None:
    """Say in the folder that the demo ended, and what lies where."""
    write_whole(folder / STATE_FILE, f"Finished: the whole of 'tolbooth demo' was walked here.\n\n{text}".encode())


def _refuse_used(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    state = _state(folder)
    if state.startswith(_UNFINISHED):
        raise ConfigError.of(
            "demo.unfinished",
            f"{folder} holds a demo that did not come to its end: {state.removeprefix(_UNFINISHED)}",
            hint=f"delete it (rm -r {quote(str(folder))}) and run the demo again, or name another folder",
        )
    raise ConfigError.of(
        "demo.exists", f"{folder} is there already and is not empty", hint="name a folder that does not exist yet"
    )


def _state(folder: Path) -> str:
    """The first line of the demo's own note; nothing if there is none that can be read."""
    try:
        with (folder / STATE_FILE).open(encoding="utf-8") as file:
            return file.readline(_LONGEST_LINE).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _study() -> bytes:
    """The study's table as the lifelines package carries it."""
    spec = importlib.util.find_spec("lifelines")
    assert spec is not None
    assert spec.submodule_search_locations
    # NOTE: read beside the package, not through it: importing lifelines takes seconds and draws in matplotlib.
    return (Path(spec.submodule_search_locations[0]) / "datasets" / DATA_FILE).read_bytes()
