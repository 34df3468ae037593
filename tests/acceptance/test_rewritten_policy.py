"""Who changes a threshold inside a pack and seals it all again with another key is found, by verify and by replay."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.project_sample import SETTINGS, UNFAIR, make_project, tolbooth
from tests.sample_pack import EVE, MemoryLog, sealed
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.container import CORE
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.reading import read
from tolbooth.model.decision import Decision
from tolbooth.pipeline.pack_files import read_pack, write_pack
from tolbooth.pipeline.workspace import utc_now


@pytest.fixture
def rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A denied release whose pack says that the bound was 0.9, sealed by Eve; and Eve's public key."""
    project = make_project(tmp_path / "credit", UNFAIR, SETTINGS.replace("bound: 0.7", "bound: 0.5"))
    monkeypatch.chdir(project)
    assert tolbooth("gate").code == 1
    tolbooth("seal", "--to", "honest.zip")
    honest = PublicKey.from_pem(tolbooth("key", "export", "release").out)
    pack = read_pack(project / "honest.zip")
    core = {path.removeprefix(CORE): content for path, content in pack.items() if path.startswith(CORE)}
    policy = json.loads(core["policies/policy.json"])
    policy["parameters"]["fairness"]["difference"]["bound"] = 900_000
    core["policies/policy.json"] = canonical_bytes(policy)
    now = utc_now().replace(microsecond=0)
    forged = sealed(
        core,
        read(Decision, core["decision.json"], path="decision.json"),
        sealer=EVE,
        log=MemoryLog(signer=EVE),
        signers=[EVE, SimpleNamespace(public_key=honest)],  # type: ignore[list-item]
        sealed_at=now,
    )
    write_pack(project / "forged.zip", forged)
    (project / "eve.pub").write_text(EVE.public_key.to_pem(), encoding="utf-8")
    return project / "forged.zip", project / "eve.pub"


def test_verify_with_the_rewriters_own_key_breaks_at_the_links_and_names_the_file(rewritten: tuple[Path, Path]) -> None:
    pack, key = rewritten
    said = tolbooth("verify", str(pack), "--key", str(key), "--output", "json")
    broken = json.loads(said.out)
    assert said.code == 5
    assert (broken["code"], broken["path"]) == ("links.policy-altered", "data/core/policies/policy.json")


def test_replay_still_computes_and_prints_both_bases_and_each_changed_rule(rewritten: tuple[Path, Path]) -> None:
    pack, key = rewritten
    said = tolbooth("replay", str(pack), "--key", str(key))
    assert said.code == 5
    recorded = json.loads(tolbooth("report", "--format", "json").out)["decision"]["basis"]
    lines = said.out.splitlines()
    bases = [line.split()[1] for line in lines if line.startswith(("  recorded  ", "  computed  "))]
    assert bases[0] == recorded
    assert len(set(bases)) == 2
    assert "  verdict   deny, computed again allow" in lines
    assert any(line.startswith("  fairness.difference (race: a / b): fail, bound 100000 ppm") for line in lines)


def test_replay_does_not_compute_a_pack_that_is_broken_before_its_links(rewritten: tuple[Path, Path]) -> None:
    pack, _ = rewritten
    said = tolbooth("replay", str(pack))
    assert said.code == 5
    assert "seal.signature" in said.err
