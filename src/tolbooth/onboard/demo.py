"""``demo``: the whole way on a real model in a real MLflow store, from a refusal to what settles it.

The data are 432 releases from Maryland's prisons (Rossi, Berk & Lenihan, *Money, Work, and Crime*, 1980): people
released from prison who were followed for a year. They ship with the ``lifelines`` package. The sensitive feature is
``race``. Nothing in the walk is told beforehand: every verdict and number is what the gate found.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tolbooth.config.environment import Environment
from tolbooth.config.load import FILE_NAME, load_project
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import VerificationError
from tolbooth.onboard.demo_folder import CARD_FILE, EVALUATION, TRAIN_FILE, mark_finished, mark_unfinished, prepare
from tolbooth.onboard.demo_settings import DECLARED, OWN_BOUNDS, change
from tolbooth.onboard.demo_training import train
from tolbooth.onboard.demo_words import SYNTHETIC, ending, remedies
from tolbooth.onboard.init import init
from tolbooth.pipeline.collecting import Progress
from tolbooth.pipeline.gate import gate
from tolbooth.pipeline.replay import replay
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.seal import SealedPack, seal
from tolbooth.pipeline.verify import examine_pack
from tolbooth.pipeline.workspace import SEAL_KEY, Workspace, load_keys, open_workspace, utc_now
from tolbooth.report.html import render_html
from tolbooth.report.model import Report
from tolbooth.store.durable import write_whole

KEY_FILE = "release.pub"
REPORT_FILE = "report.html"
_LEFT_OUT = "left out here: the CI file and pre-commit entry that it writes in a repository"
SETTLING = ("--cross-validate", "--without-contacts")


class Audience(Protocol):
    """Who watches: told of each step as it begins, of long work while it lasts, and of what came of it."""

    def step(self, title: str, command: str | None = None) -> None:
        """A step begins; the command is what does it, as it would be typed in the demo's folder."""

    def said(self, *lines: str) -> None:
        """What came of it."""

    def report(self, report: Report) -> None:
        """What the gate printed."""

    def training(self) -> AbstractContextManager[Callable[[str], None]]:
        """Long work that says line by line how far it is."""

    def deciding(self) -> AbstractContextManager[Progress]:
        """Long work that is counted."""


def demo(folder: Path, environment: Environment, audience: Audience) -> tuple[str, ...]:
    """Train, gate, settle what the gate asked for, gate again, seal, verify, replay and render.

    Returns:
        What is to be said at the end: the last verdict, what it leaves open, the paths, and what to try next.

    Raises:
        ConfigError: ``demo.extra``, ``demo.exists``, ``demo.unfinished`` or ``demo.folder``, as ``prepare``;
            ``demo.train`` if the training script fails.
        VerificationError: if the pack that was just sealed does not verify, or gives another decision.
    """
    prepare(folder)
    walk = _Walk(folder.resolve(), environment, audience)
    try:
        return walk.whole()
    except BaseException as error:
        error.add_note(f"The demo stopped at '{walk.at}'; what lies in {folder} is unfinished.")
        raise


class _Walk:
    """One walk: every step is marked in the folder as it begins, so that a walk that stops says where."""

    def __init__(self, folder: Path, environment: Environment, audience: Audience) -> None:
        self._folder = folder
        self._environment = environment
        self._audience = audience
        self.at = ""

    def whole(self) -> tuple[str, ...]:
        """All steps in their order."""
        self._train("Train a model and log it to MLflow", ())
        self._audience.said(*SYNTHETIC)
        self._initialise()
        first = self._gate("Ask the gate")
        self._step("What stands in the way, and what settles it")
        self._audience.said(*remedies(first))
        self._declare()
        self._train("Evaluate on everybody, without addresses; the alias moves", SETTLING)
        last = self._gate("Ask the gate again; no bound has moved")
        return self._keep(last)

    def _step(self, title: str, command: str | None = None) -> None:
        self.at = title
        mark_unfinished(self._folder, title)
        self._audience.step(title, command)

    def _train(self, title: str, options: tuple[str, ...]) -> None:
        self._step(title, " ".join(("python", TRAIN_FILE, *options)))
        with self._audience.training() as say:
            train(self._folder, options, say)

    def _initialise(self) -> None:
        self._step("Write the settings for what is there", "tolbooth init")
        # NOTE: files for CI would go to the root of whatever repository holds the folder, which is not the demo's.
        written = init(self._folder)
        load_keys(self._environment)
        keys = f"your keys are in {self._environment.keys_folder}: one seals, one keeps the log"
        others = (f"{each.path}: {each.lines[0]}" for each in written.others if each.path is not None)
        self._audience.said(*written.choices, *others, _LEFT_OUT, keys)
        self._step(f"Edit {FILE_NAME}: personal data block, accuracy gets a bound")
        self._audience.said(*change(self._folder / FILE_NAME, OWN_BOUNDS))

    def _declare(self) -> None:
        self._step(f"Edit {FILE_NAME} and {CARD_FILE}: who answers, how it is tested")
        self._audience.said(*change(self._folder / FILE_NAME, DECLARED))
        card = self._folder / CARD_FILE
        write_whole(card, card.read_bytes() + EVALUATION.encode())
        self._audience.said(*(f"+{line}" for line in EVALUATION.strip().splitlines()))

    def _workspace(self) -> Workspace:
        return open_workspace(load_project(self._folder / FILE_NAME), self._environment)

    def _gate(self, title: str) -> Report:
        self._step(title, "tolbooth gate")
        with self._audience.deciding() as progress:
            report = report_on(gate(self._workspace(), None, variables={}, progress=progress))
        self._audience.report(report)
        return report

    def _keep(self, last: Report) -> tuple[str, ...]:
        workspace = self._workspace()
        self._step("Seal it: one file that a stranger can check", "tolbooth seal")
        sealed = seal(workspace, None)
        self._audience.said(sealed.path.name, f"root {sealed.root}")
        public_key = self._folder / KEY_FILE
        self._step("Give the public key to whoever checks it", f"tolbooth key export {SEAL_KEY} > {KEY_FILE}")
        write_whole(public_key, workspace.keys.seal.public_key.to_pem().encode())
        self._prove(sealed, workspace.keys.seal.public_key)
        page = self._folder / REPORT_FILE
        self._step("Write the report for people", f"tolbooth report --format html --to {REPORT_FILE}")
        write_whole(page, render_html(report_on(sealed.case)).encode())
        said = tuple(ending(last, folder=self._folder, pack=sealed.path, public_key=public_key, page=page))
        mark_finished(self._folder, "\n".join((*said, "")))
        return said

    def _prove(self, sealed: SealedPack, key: PublicKey) -> None:
        arguments = f"{sealed.path.name} --key {KEY_FILE}"
        self._step("Verify it, offline, with the public key alone", f"tolbooth verify {arguments}")
        examination = examine_pack(sealed.path, key, as_of=utc_now())
        if examination.broken is not None:
            raise examination.broken
        self._audience.said("held: " + ", ".join(step.name for step in examination.steps))
        self._step("Compute the decision again from the pack", f"tolbooth replay {arguments}")
        again = replay(sealed.path, key)
        if not again.holds:
            raise VerificationError.of("demo.replay", "the pack gives another decision when it is computed again")
        self._audience.said("identical, byte for byte")
