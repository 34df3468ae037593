package fairness_ratio_test

parameters := {
	"metric": "selection_rate",
	"bound": 800000,
	"minimum_denominator": 30,
	"alpha": 50000,
	"mode": "point",
	"favourable": 1,
}

question := object.union(parameters, {"kind": "fairness", "statistic": "ratio", "by": ["race"]})

group(name, numerator, denominator) := {
	"group": {"race": name},
	"name": name,
	"rows": denominator,
	"rates": {"selection_rate": {"numerator": numerator, "denominator": denominator}},
	"sufficient": denominator >= 30,
}

groups := [group("Asian", 2, 23), group("Black", 805, 1795), group("white", 349, 1488)]

answer(comparison) := {
	"about": "predictions",
	"question": question,
	"values": {"groups": groups, "comparison": comparison},
	"reads": ["counts"],
	"freshness": "fresh",
}

apart(value, outcome) := {
	"outcome": outcome,
	"pairs": [{"high": "Black", "low": "white", "value": value, "outcome": outcome}],
	"insufficient": [],
	"worst": {"high": "Black", "low": "white", "value": value},
}

facts(comparison) := {"observations": {"fairness": [answer(comparison)]}}

denied(document) := found if {
	all := data.fairness.deny with input as document with data.parameters.fairness.ratio as parameters
	found := [result | some result in all; result.code == "fairness.ratio"]
}

open(document) := found if {
	all := data.fairness.undecided with input as document with data.parameters.fairness.ratio as parameters
	found := [result | some result in all; result.code == "fairness.ratio"]
}

passed(document) := found if {
	all := data.fairness.passed with input as document with data.parameters.fairness.ratio as parameters
	found := [result | some result in all; result.code == "fairness.ratio"]
}

test_success_groups_within_the_bound_pass if {
	document := facts(apart(800100, "pass"))
	count(denied(document)) == 0
	count(open(document)) == 0
	passed(document) == [{
		"code": "fairness.ratio",
		"msg": "selection rate by race: smallest ratio 0.8001, at least 0.8",
		"term": "race",
		"measured": 800100,
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "selection_rate",
			"ratio_ppm": 800100,
			"high": {"group": "Black", "numerator": 805, "denominator": 1795},
			"low": {"group": "white", "numerator": 349, "denominator": 1488},
		},
		"facts": ["counts"],
	}]
}

test_success_groups_at_the_bound_pass if {
	document := facts(apart(800000, "pass"))
	count(denied(document)) == 0
	[result] := passed(document)
	result.msg == "selection rate by race: smallest ratio 0.8, at least 0.8"
}

test_success_an_answer_to_another_bound_is_not_read if {
	other := object.union(answer(apart(523000, "fail")), {"question": object.union(question, {"bound": 300001})})
	document := {"observations": {"fairness": [other]}}
	count(denied(document)) == 0
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_success_an_answer_about_differences_is_not_read if {
	other := object.union(answer(apart(523000, "fail")), {"question": object.union(question, {"statistic": "difference"})})
	document := {"observations": {"fairness": [other]}}
	count(denied(document)) == 0
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_fail_groups_beyond_the_bound if {
	document := facts(apart(523000, "fail"))
	denied(document) == [{
		"code": "fairness.ratio",
		"msg": "selection rate by race: ratio 0.52, at least 0.8",
		"term": "race: Black / white",
		"measured": 523000,
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "selection_rate",
			"ratio_ppm": 523000,
			"high": {"group": "Black", "numerator": 805, "denominator": 1795},
			"low": {"group": "white", "numerator": 349, "denominator": 1488},
		},
		"facts": ["counts"],
	}]
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_fail_a_failing_pair_of_a_group_that_is_not_listed if {
	values := {"groups": [group("Black", 805, 1795)], "comparison": apart(523000, "fail")}
	document := {"observations": {"fairness": [object.union(answer(apart(523000, "fail")), {"values": values})]}}
	[result.values | some result in denied(document)] == [{
		"about": "predictions",
		"by": ["race"],
		"metric": "selection_rate",
		"ratio_ppm": 523000,
		"high": {"group": "Black", "numerator": 805, "denominator": 1795},
		"low": {"group": "white"},
	}]
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_success_a_passing_pair_of_a_group_without_the_rate_passes if {
	bare := {"name": "Black", "rates": {}}
	values := {"groups": [bare, group("white", 349, 1488)], "comparison": apart(523000, "pass")}
	document := {"observations": {"fairness": [object.union(answer(apart(523000, "pass")), {"values": values})]}}
	[result.values.high | some result in passed(document)] == [{"group": "Black"}]
	count(denied(document)) == 0
	count(open(document)) == 0
}

test_fail_only_the_pairs_beyond_the_bound_are_named if {
	comparison := {
		"outcome": "fail",
		"pairs": [
			{"high": "Black", "low": "white", "value": 523000, "outcome": "fail"},
			{"high": "white", "low": "Asian", "value": 990000, "outcome": "pass"},
		],
		"insufficient": [],
	}
	[result] := denied(facts(comparison))
	result.term == "race: Black / white"
}

test_fail_two_data_sets_are_told_apart if {
	first := answer(apart(523000, "fail"))
	document := {"observations": {"fairness": [first, object.union(first, {"about": "holdout"})]}}
	terms := {result.term | some result in denied(document)}
	terms == {"predictions, race: Black / white", "holdout, race: Black / white"}
}

test_fail_a_small_group_is_undecided_beside_a_failing_pair if {
	small := [{"group": "Asian", "denominator": 23, "minimum": 30}]
	document := facts(object.union(apart(523000, "fail"), {"insufficient": small}))
	count(denied(document)) == 1
	open(document) == [{
		"code": "fairness.ratio",
		"msg": "selection rate by race can't be told: 23 in the denominator, at least 30 are needed",
		"term": "race: Asian",
		"reason": "insufficient",
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "selection_rate",
			"group": "Asian",
			"denominator": 23,
			"minimum": 30,
		},
		"facts": ["counts"],
	}]
	count(passed(document)) == 0
}

test_fail_small_groups_alone_are_undecided_by_their_names if {
	small := [{"group": "Asian", "denominator": 23, "minimum": 30}]
	document := facts({"outcome": "undecided", "pairs": [], "insufficient": small})
	{result.term | some result in open(document)} == {"race: Asian"}
}

test_fail_a_single_group_is_undecided if {
	document := facts({"outcome": "undecided", "pairs": [], "insufficient": []})
	open(document) == [{
		"code": "fairness.ratio",
		"msg": "selection rate by race can't be told: there are no two groups to compare, or nobody has the outcome",
		"term": "race",
		"reason": "insufficient",
		"values": {"about": "predictions", "by": ["race"], "metric": "selection_rate", "pairs": 0},
		"facts": ["counts"],
	}]
	count(denied(document)) == 0
	count(passed(document)) == 0
}

test_fail_an_undecided_answer_with_a_passing_pair_is_undecided if {
	pair := {"high": "Black", "low": "white", "value": 990000, "outcome": "pass"}
	[result] := open(facts({"outcome": "undecided", "pairs": [pair], "insufficient": []}))
	result.values.pairs == 1
}

test_fail_a_failing_answer_without_a_failing_pair_is_undecided if {
	document := facts({"outcome": "fail", "pairs": [], "insufficient": []})
	count(open(document)) == 1
	count(passed(document)) == 0
}
