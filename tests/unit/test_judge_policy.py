"""The effective policy: what is asked, with which parameters, under which digest, and back from a pack."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tolbooth.judge.library.enforcement import everywhere
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import Policy, check_parameters, core_files, effective_policy, policy_from_core
from tolbooth.judge.questions import questions
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, JudgeError
from tolbooth.model.rule import Enforcement

DEFAULTS: dict[str, Any] = {"rules": None, "collections": ("recommended",), "parameters": {}, "enforcement": {}}


def policy(**changes: Any) -> Policy:
    return effective_policy(built_in_library(), **(DEFAULTS | changes))


def found(**changes: Any) -> list[tuple[str, tuple[str | int, ...], bool, str | None]]:
    return [
        (each.problem.code, each.path, each.at_key, each.problem.hint)
        for each in check_parameters(built_in_library(), **(DEFAULTS | changes))
    ]


def test_collections_select_rules() -> None:
    assert [rule.code for rule in policy(collections=("minimal",)).rules] == [
        "data.digests",
        "fairness.difference",
        "performance.minimum",
    ]
    assert len(policy().rules) == 15


def test_named_rules_are_asked_whatever_the_collections() -> None:
    assert [rule.code for rule in policy(rules=["fairness.ratio"]).rules] == ["fairness.ratio"]
    assert policy(rules=[]).rules == ()


def test_defaults_are_overlaid_exactly() -> None:
    effective = policy(parameters={"fairness.difference": {"bound": Decimal("0.05"), "metric": "accuracy"}})
    assert effective.parameters["fairness.difference"] == {
        "metric": "accuracy",
        "bound": 50_000,
        "minimum_denominator": 30,
        "alpha": 50_000,
        "mode": "point",
        "favourable": 1,
    }


def test_rules_read_their_parameters_below_their_package() -> None:
    data = policy(parameters={"performance.minimum": {"bound": 0.65}}).bundle.data["parameters"]
    assert data["fairness"]["ratio"]["bound"] == 800_000
    assert data["performance"]["minimum"]["bound"] == 650_000
    assert data["data"]["digests"] == {"required_roles": ["predictions"]}


def test_bound_of_performance_has_no_default() -> None:
    effective = policy()
    rule = next(rule for rule in effective.rules if rule.code == "performance.minimum")
    assert effective.undeclared(rule) == ("bound",)
    assert "bound" not in effective.bundle.data["parameters"]["performance"]["minimum"]


METRICS = (
    "accuracy",
    "equalized_odds",
    "false_negative_rate",
    "false_positive_rate",
    "negative_predictive_value",
    "precision",
    "selection_rate",
    "true_negative_rate",
    "true_positive_rate",
)


def test_every_mistake_is_told_with_its_path_and_the_nearest_word() -> None:
    assert found(
        rules=["fairness.diference"],
        parameters={
            "fairness.ratoi": {"bound": 1},
            "fairness.difference": {"treshold": 1, "metric": "recall", "bound": "ten", "alpha": 0},
        },
        enforcement={"data.digest": everywhere(Enforcement.OFF)},
    ) == [
        ("policy.unknown-rule", ("rules", 0), False, "did you mean 'fairness.difference'?"),
        ("policy.unknown-rule", ("parameters", "fairness.ratoi"), True, "did you mean 'fairness.ratio'?"),
        (
            "policy.unknown-parameter",
            ("parameters", "fairness.difference", "treshold"),
            True,
            "one of: alpha, bound, favourable, intersections, metric, minimum_denominator, mode, reference",
        ),
        (
            "policy.parameter-range",
            ("parameters", "fairness.difference", "metric"),
            False,
            f"one of: {', '.join(METRICS)}",
        ),
        ("policy.parameter-type", ("parameters", "fairness.difference", "bound"), False, None),
        (
            "policy.parameter-range",
            ("parameters", "fairness.difference", "alpha"),
            False,
            "it is at least 0.000001 and at most 0.499999",
        ),
        ("policy.unknown-rule", ("enforcement", "data.digest"), True, "did you mean 'data.digests'?"),
    ]


def test_unknown_collection_is_told() -> None:
    assert found(collections=("minimal", "minmal")) == [
        ("policy.unknown-collection", ("collections", 1), False, "did you mean 'minimal'?")
    ]


def test_mistakes_are_raised_together() -> None:
    with pytest.raises(ConfigError) as raised:
        policy(rules=["a.b"], enforcement={"c.d": everywhere(Enforcement.OFF)})
    assert len(raised.value.problems) == 2


def test_digest_covers_parameters_enforcement_rules_and_files() -> None:
    digests = {
        policy().sha256,
        policy(parameters={"fairness.ratio": {"bound": 0.9}}).sha256,
        policy(enforcement={"fairness.ratio": everywhere(Enforcement.WARN)}).sha256,
        policy(collections=("minimal",)).sha256,
    }
    assert len(digests) == 4
    for file in policy().document.files:
        assert built_in_library().digests[file.path] == file.sha256
    assert not [file.path for file in policy().document.files if file.path.endswith("_test.rego")]


def test_digest_does_not_depend_on_how_a_number_was_written() -> None:
    written = [
        policy(parameters={"fairness.ratio": {"bound": each}}).sha256 for each in (0.8, "0.80", Decimal("0.800"))
    ]
    assert set(written) == {policy().sha256}


def test_policy_comes_back_from_the_core_of_a_pack() -> None:
    mine = policy(
        parameters={"performance.minimum": {"bound": 0.65}, "data.digests": {"required_roles": ["training"]}},
        enforcement={"fairness.ratio": everywhere(Enforcement.OBSERVE)},
    )
    core = {**core_files(mine), "decision.json": b"not looked at"}
    again = policy_from_core(core)
    assert (again.sha256, again.parameters, again.enforcement) == (mine.sha256, mine.parameters, mine.enforcement)
    assert again.bundle == mine.bundle
    assert again.rules == mine.rules


def test_core_holds_modules_document_and_cited_catalogues() -> None:
    core = core_files(policy())
    assert sorted(core) == [
        "policies/catalogs/eu-ai-act.yaml",
        "policies/catalogs/gdpr.yaml",
        "policies/catalogs/nist-ai-rmf.yaml",
        "policies/commitment/before/before.rego",
        "policies/data/digests/digests.rego",
        "policies/data/licence/licence.rego",
        "policies/data/separate/separate.rego",
        "policies/documentation/card/card.rego",
        "policies/evidence/fresh/fresh.rego",
        "policies/fairness/difference/difference.rego",
        "policies/fairness/ratio/ratio.rego",
        "policies/lib/compared/compared.rego",
        "policies/lib/wording/wording.rego",
        "policies/lineage/complete/complete.rego",
        "policies/ownership/owner/owner.rego",
        "policies/ownership/tier/tier.rego",
        "policies/performance/minimum/minimum.rego",
        "policies/performance/regression/regression.rego",
        "policies/policy.json",
        "policies/privacy/undeclared/undeclared.rego",
        "policies/security/format/format.rego",
    ]
    document = json.loads(core["policies/policy.json"])
    assert {"path": "fairness/ratio/ratio.rego", "sha256": sha256_hex(core["policies/fairness/ratio/ratio.rego"])} in (
        document["files"]
    )


def test_threshold_changed_in_a_pack_gives_another_digest_and_is_judged_by() -> None:
    core = dict(core_files(policy()))
    document = json.loads(core["policies/policy.json"])
    document["parameters"]["fairness"]["difference"]["bound"] = 300_000
    core["policies/policy.json"] = json.dumps(document).encode()
    changed = policy_from_core(core)
    assert changed.sha256 != policy().sha256
    assert changed.parameters["fairness.difference"]["bound"] == 300_000


def test_rule_changed_in_a_pack_gives_another_digest() -> None:
    core = dict(core_files(policy()))
    core["policies/fairness/ratio/ratio.rego"] += b"\n# another comment\n"
    assert policy_from_core(core).sha256 != policy().sha256


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b"no json",
        b"[]",
        b'{"files":[],"parameters":{},"enforcement":{},"rules":["no.rule"]}',
        b'{"files":[],"parameters":{},"enforcement":{},"rules":["fairness.ratio"]}',
        b'{"files":[],"parameters":{"fairness":{"ratio":{"bound":0.8}}},"enforcement":{},"rules":["fairness.ratio"]}',
        b'{"files":[],"parameters":{"fairness":{"ratio":{"bond":1}}},"enforcement":{},"rules":["fairness.ratio"]}',
        b'{"files":[],"parameters":{},"enforcement":{"data.digests":{"all":"maybe"}},"rules":[]}',
        b'{"files":[],"parameters":{},"enforcement":[],"rules":[]}',
    ],
)
def test_policy_document_that_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(JudgeError) as raised:
        policy_from_core({**core_files(policy()), "policies/policy.json": document})
    assert raised.value.code == "policy.document"


def test_questions_carry_effective_parameters_and_constants() -> None:
    asked = {question.code: question for question in questions(policy())}
    assert sorted(asked) == ["fairness.difference", "fairness.ratio"]
    assert asked["fairness.ratio"].kind == "fairness"
    assert asked["fairness.ratio"].parameters == {
        "statistic": "ratio",
        "metric": "selection_rate",
        "bound": 800_000,
        "minimum_denominator": 30,
        "alpha": 50_000,
        "mode": "point",
        "favourable": 1,
    }


def test_rule_that_is_off_or_lacks_a_parameter_asks_nothing() -> None:
    off = policy(
        enforcement={"fairness.ratio": everywhere(Enforcement.OFF)}, parameters={"performance.minimum": {"bound": 0.6}}
    )
    assert [question.code for question in questions(off)] == ["fairness.difference", "performance.minimum"]
    assert [question.code for question in questions(policy())] == ["fairness.difference", "fairness.ratio"]
