"""kill -9 at random moments: the next command works, the store is clean, the log never forks, no half pack passes."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.forked import Machine, machine
from tests.project_sample import UNFAIR, Said, make_project
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.store.embedded import open_store

KILLS = 10
"""How many runs are killed in one project; every project's first run is one of them."""

APPENDS = {"gate": 4, "seal": 1}
"""How many entries each command appends."""

AFTER_SECONDS = 0.04
"""How long after an append a run is killed at most, where it is killed while it writes."""

DENY = 1
HARMLESS = {"blob.orphan", "file.leftover", "checkpoint.behind"}
SEEDS = [pytest.param(seed, marks=[pytest.mark.slow] if seed >= 6 else []) for seed in range(100)]


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("warm")
    with machine(folder / "p", folder / "home", folder / "scratch") as started:
        yield started


@dataclass(slots=True, kw_only=True)
class Moments:
    """When to kill: half of the runs anywhere, by how long they take on this machine; half soon after an append."""

    draw: random.Random
    checkpoint: Path
    whole_seconds: dict[str, float] = field(default_factory=lambda: {"gate": 0.4, "seal": 0.3})

    def wait(self, command: str, *, before: int | None, crowded: bool) -> None:
        if self.draw.random() < 0.5:
            time.sleep(self.draw.uniform(0, 1.1 * self.whole_seconds[command] * (1.6 if crowded else 1)))
            return
        until = time.monotonic() + 2 * self.whole_seconds[command]
        seen = before
        for _ in range(self.draw.randint(1, APPENDS[command])):
            while (now := self.renewed()) == seen and time.monotonic() < until:
                time.sleep(0.0002)
            seen = now
        time.sleep(self.draw.uniform(0, AFTER_SECONDS))

    def renewed(self) -> int | None:
        """When the checkpoint file was renewed last: the end of an append."""
        try:
            return self.checkpoint.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def timed(self, here: Machine, command: str) -> Said:
        """Run a command to its end, and learn how long it takes."""
        began = time.monotonic()
        said = here.run(command)
        self.whole_seconds[command] = time.monotonic() - began
        return said


@dataclass(slots=True, kw_only=True)
class Witness:
    """Somebody who remembers every checkpoint and every entry that was ever shown to him."""

    machine: Machine
    leaves: list[bytes] = field(default_factory=list)
    verified: set[bytes] = field(default_factory=set)

    def look(self) -> None:
        """See that the log only grew, and that its checkpoint covers its first entries."""
        store = open_store(self.machine.folder / ".tolbooth")
        leaves = [entry.leaf for entry in store.entries()]
        assert leaves[: len(self.leaves)] == self.leaves, "the log forked"
        self.leaves = leaves
        checkpoint = store.kept_checkpoint()
        if checkpoint is not None:
            assert checkpoint.root == root_of([leaf_hash(leaf) for leaf in leaves[: checkpoint.size]])

    def check(self) -> None:
        """Run ``store check``; before the first append of a project, there may be no store yet."""
        said = self.machine.run("store", "check", "--output", "json")
        if said.code == 2 and "[store.none]" in said.err and not self.leaves:
            return
        report = json.loads(said.out)
        assert (said.code, report["clean"]) == (0, True), said.out + said.err
        assert {fault["code"] for fault in report["faults"]} <= HARMLESS, said.out
        self.look()

    def verify_packs(self) -> None:
        """Every pack that lies there verifies, however its sealing ended; one that did before is not asked again."""
        for pack in self.machine.folder.glob("*.evpack.zip"):
            content = pack.read_bytes()
            if content not in self.verified:
                said = self.machine.run("verify", str(pack))
                assert said.code == 0, said.out + said.err
                self.verified.add(content)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_runs_leave_a_store_that_goes_on(warm: Machine, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    here = warm.at(make_project(tmp_path / "credit", UNFAIR), tmp_path / "home")
    witness = Witness(machine=here)
    moments = Moments(draw=draw, checkpoint=here.folder / ".tolbooth" / "checkpoint")
    killed = 0
    for number in range(KILLS):
        command = draw.choice(["gate", "seal"]) if number else "gate"
        before = moments.renewed()
        victim = here.start(command)
        # NOTE: in every third run a second process writes at the same time, and is not disturbed.
        other = here.start("gate") if number % 3 == 2 else None
        moments.wait(command, before=before, crowded=other is not None)
        victim.kill()
        killed += victim.wait().code == -signal.SIGKILL
        if other is not None:
            said = other.wait()
            assert said.code == DENY, said.out + said.err
        witness.check()
        witness.verify_packs()
        following, code = draw.choice([("gate", DENY), ("seal", 0)]) if witness.leaves and number else ("gate", DENY)
        said = moments.timed(here, following)
        assert said.code == code, said.out + said.err
        witness.look()
    witness.check()
    assert moments.timed(here, "seal").code == 0
    witness.verify_packs()
    assert killed, "no run was killed before its end"


STEPS = [
    pytest.param(command, step, marks=[pytest.mark.slow] if (step - 1) % every else [], id=f"{command}-{step}")
    for command, last, every in (("gate", 320, 53), ("seal", 24, 8))
    for step in range(1, last + 1)
]


@pytest.mark.parametrize(("command", "step"), STEPS)
def test_a_run_killed_before_a_durable_step_leaves_a_store_that_goes_on(
    warm: Machine, tmp_path: Path, command: str, step: int
) -> None:
    here = warm.at(make_project(tmp_path / "credit", UNFAIR), tmp_path / "home")
    witness = Witness(machine=here)
    if command == "seal":
        assert here.run("gate").code == DENY
    said = here.start(command, dies_at=step).wait()
    assert said.code in {-signal.SIGKILL, DENY if command == "gate" else 0}, said.out + said.err
    witness.check()
    witness.verify_packs()
    for following, code in (("gate", DENY), ("seal", 0)):
        said = here.run(following)
        assert said.code == code, said.out + said.err
    witness.check()
    witness.verify_packs()
