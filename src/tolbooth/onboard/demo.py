"""``demo``: a real model on real, openly licensed data, taken through the whole way, step by step.

The data are the 432 releases of Rossi, Berk & Lenihan, *Money, Work, and Crime* (1980): people released from prison
who were followed for a year. They ship with the ``lifelines`` package. The sensitive feature is ``race``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tolbooth.config.environment import Environment
from tolbooth.config.load import FILE_NAME, load_project
from tolbooth.model.decision import Decision
from tolbooth.model.errors import ConfigError
from tolbooth.onboard.init import init
from tolbooth.pipeline.collecting import Work
from tolbooth.pipeline.gate import gate
from tolbooth.pipeline.replay import replay
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.seal import SealedPack, seal
from tolbooth.pipeline.verify import examine_pack
from tolbooth.pipeline.workspace import Workspace, open_workspace, utc_now
from tolbooth.report.html import render_html
from tolbooth.report.model import Report
from tolbooth.store.durable import write_whole

FEATURES = ("fin", "age", "wexp", "mar", "paro", "prio")
SEED = 7
_ACCURACY = "  # parameters:\n  #   performance.minimum: {metric: accuracy, bound: 0.7}\n"
_DECLARED = "  parameters:\n    performance.minimum: {metric: accuracy, bound: 0.7}\n"
_CARD = """\
# Re-arrest within a year

A demonstration, not a model to use: it predicts re-arrest from six columns of a study of 1980.

## Intended use

To show a release gate. It must not decide about people.

## Data

432 releases from Maryland's prisons, followed for a year (Rossi, Berk & Lenihan, 1980), from the lifelines package.

## Limits

53 of the 432 people are not Black, so error rates for them rest on few cases.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the way: what was done, the command that does it, and what it printed, if anything."""

    title: str
    command: str | None
    lines: tuple[str, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the demo's results are, and what was decided."""

    decision: Decision
    pack: Path
    public_key: Path
    report: Path


def demo(folder: Path, environment: Environment, *, tell: Callable[[Step], None]) -> Shown:
    """Train, gate, seal, verify, replay and render; ``tell`` gets each step as it ends.

    Raises:
        ConfigError: ``demo.extra`` without the extra ``demo``; ``demo.exists`` if the folder is not empty.
    """
    _refuse_used(folder)
    tell(_train(folder))
    tell(_initialise(folder))
    workspace = open_workspace(load_project(folder / FILE_NAME), environment)
    case = gate(workspace, "release", variables={}, progress=_silent)
    tell(Step(title="Decided, and recorded every step", command="tolbooth gate release", report=report_on(case)))
    sealed = seal(workspace, None)
    public_key = folder / "release.pub"
    write_whole(public_key, workspace.keys.seal.public_key.to_pem().encode())
    for step in _prove(workspace, sealed, public_key):
        tell(step)
    report = folder / "report.html"
    write_whole(report, render_html(report_on(case)).encode())
    return Shown(decision=case.decision, pack=sealed.path, public_key=public_key, report=report)


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError.of(
            "demo.exists", f"{folder} is there already and is not empty", hint="name a folder that does not exist yet"
        )


def _train(folder: Path) -> Step:
    rows = _study()
    try:
        import joblib  # noqa: PLC0415 - heavy, and only in the extra
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
        from sklearn.model_selection import train_test_split  # noqa: PLC0415
    except ImportError as error:
        raise _no_extra() from error
    train, test = train_test_split(rows, test_size=0.5, random_state=SEED, stratify=rows["arrest"])
    model = LogisticRegression(max_iter=1000).fit(train[[*FEATURES]], train["arrest"])
    predictions = test.assign(y_true=test["arrest"], y_pred=model.predict(test[[*FEATURES]]))
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
    train.to_parquet(folder / "train.parquet", index=False)
    predictions[["race", "y_true", "y_pred"]].to_parquet(folder / "predictions.parquet", index=False)
    (folder / "MODEL_CARD.md").write_text(_CARD, encoding="utf-8")
    return Step(
        title="Trained a model",
        command=None,
        lines=(
            f"{len(rows)} people released from prison, followed for a year (Rossi, Berk & Lenihan 1980)",
            f"logistic regression on {len(train)} of them, predictions for the other {len(test)}",
            f"{folder}/model.joblib, train.parquet, predictions.parquet, MODEL_CARD.md",
        ),
    )


def _study() -> Any:
    """The study's table, with words for race (its code book: 1 is Black, 0 is other)."""
    spec = importlib.util.find_spec("lifelines")
    if spec is None or not spec.submodule_search_locations:
        raise _no_extra()
    import pandas as pd  # noqa: PLC0415 - heavy, and only in the extra

    # NOTE: read beside the package, not through it: importing lifelines takes seconds and draws in matplotlib.
    table = pd.read_csv(Path(spec.submodule_search_locations[0]) / "datasets" / "rossi.csv")
    return table.assign(race=table["race"].map({1: "Black", 0: "other"}))


def _no_extra() -> ConfigError:
    error = ConfigError.of("demo.extra", "the demo needs its extra", hint="pip install 'tolbooth[demo]'")
    assert isinstance(error, ConfigError)
    return error


def _initialise(folder: Path) -> Step:
    written = init(folder, project="rearrest")
    text = written.path.read_text(encoding="utf-8")
    write_whole(written.path, text.replace(_ACCURACY, _DECLARED).encode())
    return Step(
        title="Wrote the settings for what is there, and declared our own bound: accuracy at least 70 %",
        command="tolbooth init",
        lines=(*written.choices, str(written.path)),
    )


def _prove(workspace: Workspace, sealed: SealedPack, public_key: Path) -> Iterator[Step]:
    key = workspace.keys.seal.public_key
    yield Step(
        title="Sealed it: one file that a stranger can check",
        command="tolbooth seal",
        lines=(str(sealed.path), f"root {sealed.root}"),
    )
    examination = examine_pack(sealed.path, key, as_of=utc_now())
    if examination.broken is not None:
        raise examination.broken
    checked = ", ".join(step.name for step in examination.steps)
    yield Step(
        title="Verified the pack, offline, with the public key alone",
        command=f"tolbooth verify {sealed.path} --key {public_key}",
        lines=(f"held: {checked}",),
    )
    again = replay(sealed.path, key)
    yield Step(
        title="Computed the decision again from the pack: " + ("identical" if again.holds else "NOT identical"),
        command=f"tolbooth replay {sealed.path} --key {public_key}",
    )


def _silent(_work: Work, _done: int, _total: int | None) -> None:
    return
