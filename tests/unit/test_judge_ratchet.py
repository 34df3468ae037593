"""The ratchet: tightening is free, loosening names the waiver that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.parameter_check import check_ratchet
from tolbooth.judge.library.parameters import Direction

LIBRARY = built_in_library()


def loosened(code: str, **values: Any) -> list[str]:
    return [each.problem.message for each in check_ratchet(LIBRARY, {code: values})]


@pytest.mark.parametrize(
    ("code", "name", "tight", "own", "loose"),
    [
        ("fairness.difference", "bound", 0.05, 0.1, 0.100001),
        ("fairness.ratio", "bound", 0.9, 0.8, 0.79),
        ("fairness.difference", "minimum_denominator", 50, 30, 29),
        ("data.digests", "required_roles", ["training", "predictions"], ["predictions"], ["training"]),
        ("documentation.card", "required", ["limitations", "purpose", "data", "evaluation", "fairness"],
         ["purpose", "data", "evaluation", "limitations"], ["purpose", "data", "evaluation"]),
    ],
)  # fmt: skip
def test_a_bound_moves_one_way_only(code: str, name: str, tight: Any, own: Any, loose: Any) -> None:
    assert loosened(code, **{name: tight}) == []
    assert loosened(code, **{name: own}) == []
    (message,) = loosened(code, **{name: loose})
    assert message.startswith(f"'{name}' of {code} is ")


def test_what_the_project_must_declare_has_no_ratchet() -> None:
    assert loosened("performance.minimum", bound=0.01) == []
    assert loosened("evidence.fresh", maximum_age_days=9999) == []


def test_a_choice_is_no_bound() -> None:
    assert loosened("fairness.difference", metric="true_positive_rate") == []


def test_what_is_wrong_otherwise_is_left_to_the_other_checks() -> None:
    assert loosened("fairness.difference", bound=7, bund=9) == []
    assert loosened("no.rule", bound=7) == []


def test_every_number_with_a_default_is_held() -> None:
    numbers = [
        (rule.code, each.name)
        for rule in LIBRARY.rules.values()
        for each in rule.parameters
        if isinstance(each.default, int) and each.loosens not in {Direction.UP, Direction.DOWN}
    ]
    assert all(name == "favourable" for _, name in numbers), numbers


def test_a_loosened_bound_is_refused_at_its_line_with_the_command_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_project(tmp_path / "credit", FAIR, f"{SETTINGS}    fairness.difference: {{bound: 0.2}}\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys"))
    for arguments in (("gate",), ("config", "check")):
        said = tolbooth(*arguments)
        assert said.code == 2
        text = " ".join(said.err.replace("|", " ").split())
        assert "'bound' of fairness.difference is 0.2, looser than the library's 0.1" in text
        assert "tolbooth waiver request --rule fairness.difference --limit 0.2" in text
        assert "tolbooth.yaml:20:34" in text
    assert not (folder / ".tolbooth").exists()
