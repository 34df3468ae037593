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

simultaneous := object.union(parameters, {"mode": "simultaneous"})

tested(comparison, changes) := {"observations": {"fairness": [object.union(answer(comparison), {"question": object.union(
	object.union(question, {"mode": "simultaneous"}),
	changes,
)})]}}

both(document, asked) := {"deny": deny, "undecided": undecided, "passed": passing} if {
	deny := data.fairness.deny with input as document with data.parameters.fairness.ratio as asked
	undecided := data.fairness.undecided with input as document with data.parameters.fairness.ratio as asked
	passing := data.fairness.passed with input as document with data.parameters.fairness.ratio as asked
}

said(document, asked) := {kind: results |
	some kind, all in both(document, asked)
	results := [result | some result in all; result.code == "fairness.ratio"]
}

pair_of(outcome, value) := {
	"high": "Black",
	"low": "white",
	"value": value,
	"outcome": outcome,
	"score": 4,
	"low_ppm": 293000,
	"high_ppm": 794000,
}

values_of(value) := {
	"about": "predictions",
	"by": ["race"],
	"metric": "selection_rate",
	"ratio_ppm": value,
	"high": {"group": "Black", "numerator": 805, "denominator": 1795},
	"low": {"group": "white", "numerator": 349, "denominator": 1488},
	"score": 4,
	"low_ppm": 293000,
	"high_ppm": 794000,
}

test_success_pairs_within_the_bound_by_evidence_pass if {
	pairs := [pair_of("pass", 950000), {"high": "white", "low": "Asian", "value": 950000, "outcome": "pass", "score": 9}]
	worst := {"high": "white", "low": "Asian", "value": 1}
	found := said(tested({"outcome": "pass", "pairs": pairs, "insufficient": [], "worst": worst}, {}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": [{
		"code": "fairness.ratio",
		"msg": "selection rate by race: Black 805/1795, white 349/1488: ratio 0.95 [0.29, 0.79], at least 0.8 (alpha 0.05); no pair is less certain",
		"term": "race",
		"measured": 950000,
		"values": values_of(950000),
		"facts": ["counts"],
	}]}
}

test_success_a_pass_without_pairs_is_told_by_the_worst if {
	found := said(tested(object.union(apart(950000, "pass"), {"pairs": [{"high": "a"}]}), {}), simultaneous)
	[result.measured | some result in found.passed] == [950000]
	found.deny == []
	found.undecided == []
}

test_success_a_comparison_with_the_reference_is_read if {
	asked := object.union(simultaneous, {"reference": ["white", "Male"]})
	found := said(tested(apart(950000, "pass"), {"reference": ["white", "Male"]}), asked)
	count(found.passed) == 1
	found.undecided == []
}

test_success_an_answer_to_another_reference_is_not_read if {
	found := said(tested(apart(523000, "fail"), {"reference": ["white"]}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": []}
}

test_success_a_comparison_of_intersections_is_read if {
	asked := object.union(simultaneous, {"intersections": 2})
	found := said(tested(apart(950000, "pass"), {"intersections": 2}), asked)
	count(found.passed) == 1
	found.undecided == []
}

test_success_an_answer_about_intersections_is_not_read_unasked if {
	found := said(tested(apart(523000, "fail"), {"intersections": 2}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": []}
}

test_success_one_feature_at_a_time_is_what_is_asked_by_default if {
	asked := object.union(simultaneous, {"intersections": 1})
	found := said(tested(apart(950000, "pass"), {"intersections": 1}), simultaneous)
	count(found.passed) == 1
	said(tested(apart(950000, "pass"), {"intersections": 1}), asked) == found
}

test_success_both_rates_of_equalized_odds_pass if {
	asked := object.union(parameters, {"metric": "equalized_odds"})
	worst := {"high": "Black", "low": "white", "value": 950000, "metric": "selection_rate"}
	comparison := object.union(apart(950000, "pass"), {"worst": worst})
	found := said(tested(comparison, {"metric": "equalized_odds", "mode": "point"}), asked)
	[result.values.metric | some result in found.passed] == ["selection_rate"]
	[result.values.high.numerator | some result in found.passed] == [805]
	[startswith(result.msg, "selection rate by race: ") | some result in found.passed] == [true]
}

test_success_a_comparison_that_passes_is_never_undecided if {
	found := said(tested(object.union(apart(950000, "pass"), {"undefined": ["Asian"]}), {}), simultaneous)
	found.undecided == []
	count(found.passed) == 1
}

test_fail_a_pair_beyond_the_bound_by_evidence if {
	comparison := {"outcome": "fail", "pairs": [pair_of("fail", 523000)], "insufficient": []}
	said(tested(comparison, {}), simultaneous) == {"undecided": [], "passed": [], "deny": [{
		"code": "fairness.ratio",
		"msg": "selection rate by race: Black 805/1795, white 349/1488: ratio 0.52 [0.29, 0.79], at least 0.8, beyond chance (alpha 0.05)",
		"term": "race: Black / white",
		"measured": 523000,
		"values": values_of(523000),
		"facts": ["counts"],
	}]}
}

test_fail_a_pair_that_may_be_chance_is_undecided if {
	comparison := {
		"outcome": "undecided",
		"reason": "too-few-rows",
		"pairs": [pair_of("pass", 950000), pair_of("undecided", 523000)],
		"insufficient": [],
		"settle": {"outcome": "fail", "rows": 4523, "more_rows": 1240, "assuming": "rates as counted"},
	}
	said(tested(comparison, {}), simultaneous) == {"deny": [], "passed": [], "undecided": [{
		"code": "fairness.ratio",
		"msg": concat("", [
			"selection rate by race: Black 805/1795, white 349/1488: ratio 0.52 [0.29, 0.79], at least 0.8, which may be chance (alpha 0.05)",
			"; about 1240 more rows would settle it",
		]),
		"term": "race: Black / white",
		"reason": "insufficient",
		"values": values_of(523000),
		"facts": ["counts"],
	}]}
}

test_fail_a_pair_that_may_be_chance_stands_beside_a_failing_one if {
	other := object.union(pair_of("undecided", 523000), {"high": "white", "low": "Asian"})
	comparison := {"outcome": "fail", "pairs": [pair_of("fail", 523000), other], "insufficient": []}
	found := said(tested(comparison, {}), simultaneous)
	[result.term | some result in found.deny] == ["race: Black / white"]
	[result.term | some result in found.undecided] == ["race: white / Asian"]
}

test_fail_a_small_group_tells_the_rows_that_would_settle_it if {
	small := [{"group": "Asian", "denominator": 23, "minimum": 30, "metric": "selection_rate"}]
	settle := {"outcome": "pass", "rows": 4523, "more_rows": 210, "assuming": "rates as counted"}
	comparison := {"outcome": "undecided", "pairs": [], "insufficient": small, "settle": settle}
	[result] := said(tested(comparison, {}), simultaneous).undecided
	result.term == "race: Asian (selection rate)"
	result.msg == concat("", [
		"selection rate by race can't be told: 23 in the denominator, at least 30 are needed",
		"; about 210 more rows would settle it",
	])
}

test_fail_both_rates_of_equalized_odds_are_told_apart if {
	pairs := [
		object.union(pair_of("fail", 523000), {"metric": "selection_rate"}),
		object.union(pair_of("undecided", 523000), {"metric": "true_positive_rate"}),
	]
	asked := object.union(simultaneous, {"metric": "equalized_odds"})
	comparison := {"outcome": "fail", "pairs": pairs, "insufficient": []}
	found := said(tested(comparison, {"metric": "equalized_odds"}), asked)
	[result.term | some result in found.deny] == ["race: Black / white (selection rate)"]
	[result.term | some result in found.undecided] == ["race: Black / white (true positive rate)"]
	[result.values.metric | some result in found.undecided] == ["true_positive_rate"]
}

test_fail_equalized_odds_as_counted_name_the_rate if {
	pair := {"high": "Black", "low": "white", "value": 523000, "outcome": "fail", "metric": "selection_rate"}
	asked := object.union(parameters, {"metric": "equalized_odds"})
	comparison := {"outcome": "fail", "pairs": [pair], "insufficient": []}
	found := said(tested(comparison, {"metric": "equalized_odds", "mode": "point"}), asked)
	[startswith(result.msg, "selection rate by race: ") | some result in found.deny] == [true]
}

test_fail_a_reference_that_is_no_group if {
	asked := object.union(simultaneous, {"reference": ["White", "Male"]})
	comparison := {"outcome": "undecided", "reason": "no-reference", "pairs": [], "insufficient": []}
	said(tested(comparison, {"reference": ["White", "Male"]}), asked) == {"deny": [], "passed": [], "undecided": [{
		"code": "fairness.ratio",
		"msg": "selection rate by race can't be told: the reference White or Male is no one group of the data",
		"term": "race: reference",
		"reason": "insufficient",
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "selection_rate",
			"reference": ["White", "Male"],
		},
		"facts": ["counts"],
	}]}
}

test_fail_groups_without_a_defined_ratio_stand_beside_a_pair_that_may_be_chance if {
	comparison := {
		"outcome": "undecided",
		"pairs": [pair_of("undecided", 523000)],
		"undefined": ["Asian"],
		"insufficient": [],
	}
	found := said(tested(comparison, {}), simultaneous)
	{result.term | some result in found.undecided} == {"race: Black / white", "race"}
}

test_fail_an_undecided_pair_without_a_number_is_no_pass if {
	pair := {"high": "Black", "low": "white", "outcome": "undecided"}
	found := said(tested({"outcome": "undecided", "pairs": [pair], "insufficient": []}, {}), simultaneous)
	[result.term | some result in found.undecided] == ["race"]
	found.passed == []
}
