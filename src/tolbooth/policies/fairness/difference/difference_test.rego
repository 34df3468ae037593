package fairness_difference_test

parameters := {
	"metric": "false_positive_rate",
	"bound": 100000,
	"minimum_denominator": 30,
	"alpha": 50000,
	"mode": "point",
	"favourable": 1,
}

question := object.union(parameters, {"kind": "fairness", "statistic": "difference", "by": ["race"]})

group(name, numerator, denominator) := {
	"group": {"race": name},
	"name": name,
	"rows": denominator,
	"rates": {"false_positive_rate": {"numerator": numerator, "denominator": denominator}},
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
	all := data.fairness.deny with input as document with data.parameters.fairness.difference as parameters
	found := [result | some result in all; result.code == "fairness.difference"]
}

open(document) := found if {
	all := data.fairness.undecided with input as document with data.parameters.fairness.difference as parameters
	found := [result | some result in all; result.code == "fairness.difference"]
}

passed(document) := found if {
	all := data.fairness.passed with input as document with data.parameters.fairness.difference as parameters
	found := [result | some result in all; result.code == "fairness.difference"]
}

test_success_groups_within_the_bound_pass if {
	document := facts(apart(99960, "pass"))
	count(denied(document)) == 0
	count(open(document)) == 0
	passed(document) == [{
		"code": "fairness.difference",
		"msg": "false positive rate by race: 9.996 points apart at most, 10 allowed",
		"term": "race",
		"measured": 99960,
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "false_positive_rate",
			"difference_ppm": 99960,
			"high": {"group": "Black", "numerator": 805, "denominator": 1795},
			"low": {"group": "white", "numerator": 349, "denominator": 1488},
		},
		"facts": ["counts"],
	}]
}

test_success_groups_at_the_bound_pass if {
	document := facts(apart(100000, "pass"))
	count(denied(document)) == 0
	[result] := passed(document)
	result.msg == "false positive rate by race: 10 points apart at most, 10 allowed"
}

test_success_an_answer_to_another_bound_is_not_read if {
	other := object.union(answer(apart(213902, "fail")), {"question": object.union(question, {"bound": 300000})})
	document := {"observations": {"fairness": [other]}}
	count(denied(document)) == 0
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_success_an_answer_about_ratios_is_not_read if {
	other := object.union(answer(apart(213902, "fail")), {"question": object.union(question, {"statistic": "ratio"})})
	document := {"observations": {"fairness": [other]}}
	count(denied(document)) == 0
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_fail_groups_beyond_the_bound if {
	document := facts(apart(213902, "fail"))
	denied(document) == [{
		"code": "fairness.difference",
		"msg": "false positive rate by race: 21.4 points apart, at most 10",
		"term": "race: Black / white",
		"measured": 213902,
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "false_positive_rate",
			"difference_ppm": 213902,
			"high": {"group": "Black", "numerator": 805, "denominator": 1795},
			"low": {"group": "white", "numerator": 349, "denominator": 1488},
		},
		"facts": ["counts"],
	}]
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_fail_a_failing_pair_of_a_group_that_is_not_listed if {
	values := {"groups": [group("Black", 805, 1795)], "comparison": apart(213902, "fail")}
	document := {"observations": {"fairness": [object.union(answer(apart(213902, "fail")), {"values": values})]}}
	[result.values | some result in denied(document)] == [{
		"about": "predictions",
		"by": ["race"],
		"metric": "false_positive_rate",
		"difference_ppm": 213902,
		"high": {"group": "Black", "numerator": 805, "denominator": 1795},
		"low": {"group": "white"},
	}]
	count(open(document)) == 0
	count(passed(document)) == 0
}

test_success_a_passing_pair_of_a_group_without_the_rate_passes if {
	bare := {"name": "Black", "rates": {}}
	values := {"groups": [bare, group("white", 349, 1488)], "comparison": apart(213902, "pass")}
	document := {"observations": {"fairness": [object.union(answer(apart(213902, "pass")), {"values": values})]}}
	[result.values.high | some result in passed(document)] == [{"group": "Black"}]
	count(denied(document)) == 0
	count(open(document)) == 0
}

test_fail_only_the_pairs_beyond_the_bound_are_named if {
	comparison := {
		"outcome": "fail",
		"pairs": [
			{"high": "Black", "low": "white", "value": 213902, "outcome": "fail"},
			{"high": "white", "low": "Asian", "value": 9000, "outcome": "pass"},
		],
		"insufficient": [],
	}
	[result] := denied(facts(comparison))
	result.term == "race: Black / white"
}

test_fail_two_data_sets_are_told_apart if {
	first := answer(apart(213902, "fail"))
	document := {"observations": {"fairness": [first, object.union(first, {"about": "holdout"})]}}
	terms := {result.term | some result in denied(document)}
	terms == {"predictions, race: Black / white", "holdout, race: Black / white"}
}

test_fail_a_small_group_is_undecided_beside_a_failing_pair if {
	small := [{"group": "Asian", "denominator": 23, "minimum": 30}]
	document := facts(object.union(apart(213902, "fail"), {"insufficient": small}))
	count(denied(document)) == 1
	open(document) == [{
		"code": "fairness.difference",
		"msg": "false positive rate by race can't be told: 23 in the denominator, at least 30 are needed",
		"term": "race: Asian",
		"reason": "insufficient",
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "false_positive_rate",
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
		"code": "fairness.difference",
		"msg": "false positive rate by race can't be told: there are no two groups to compare",
		"term": "race",
		"reason": "insufficient",
		"values": {"about": "predictions", "by": ["race"], "metric": "false_positive_rate", "pairs": 0},
		"facts": ["counts"],
	}]
	count(denied(document)) == 0
	count(passed(document)) == 0
}

test_fail_an_undecided_answer_with_a_passing_pair_is_undecided if {
	pair := {"high": "Black", "low": "white", "value": 9000, "outcome": "pass"}
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
	deny := data.fairness.deny with input as document with data.parameters.fairness.difference as asked
	undecided := data.fairness.undecided with input as document with data.parameters.fairness.difference as asked
	passing := data.fairness.passed with input as document with data.parameters.fairness.difference as asked
}

said(document, asked) := {kind: results |
	some kind, all in both(document, asked)
	results := [result | some result in all; result.code == "fairness.difference"]
}

pair_of(outcome, value) := {
	"high": "Black",
	"low": "white",
	"value": value,
	"outcome": outcome,
	"score": 4,
	"low_ppm": 181950,
	"high_ppm": 245049,
}

values_of(value) := {
	"about": "predictions",
	"by": ["race"],
	"metric": "false_positive_rate",
	"difference_ppm": value,
	"high": {"group": "Black", "numerator": 805, "denominator": 1795},
	"low": {"group": "white", "numerator": 349, "denominator": 1488},
	"score": 4,
	"low_ppm": 181950,
	"high_ppm": 245049,
}

test_success_pairs_within_the_bound_by_evidence_pass if {
	pairs := [pair_of("pass", 31000), {"high": "white", "low": "Asian", "value": 31000, "outcome": "pass", "score": 9}]
	worst := {"high": "white", "low": "Asian", "value": 1}
	found := said(tested({"outcome": "pass", "pairs": pairs, "insufficient": [], "worst": worst}, {}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": [{
		"code": "fairness.difference",
		"msg": "false positive rate by race: Black 805/1795, white 349/1488: 3.1 points apart [18.2, 24.5], at most 10 (alpha 0.05); no pair is less certain",
		"term": "race",
		"measured": 31000,
		"values": values_of(31000),
		"facts": ["counts"],
	}]}
}

test_success_a_pass_without_pairs_is_told_by_the_worst if {
	found := said(tested(object.union(apart(31000, "pass"), {"pairs": [{"high": "a"}]}), {}), simultaneous)
	[result.measured | some result in found.passed] == [31000]
	found.deny == []
	found.undecided == []
}

test_success_a_comparison_with_the_reference_is_read if {
	asked := object.union(simultaneous, {"reference": ["white", "Male"]})
	found := said(tested(apart(31000, "pass"), {"reference": ["white", "Male"]}), asked)
	count(found.passed) == 1
	found.undecided == []
}

test_success_an_answer_to_another_reference_is_not_read if {
	found := said(tested(apart(213902, "fail"), {"reference": ["white"]}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": []}
}

test_success_a_comparison_of_intersections_is_read if {
	asked := object.union(simultaneous, {"intersections": 2})
	found := said(tested(apart(31000, "pass"), {"intersections": 2}), asked)
	count(found.passed) == 1
	found.undecided == []
}

test_success_an_answer_about_intersections_is_not_read_unasked if {
	found := said(tested(apart(213902, "fail"), {"intersections": 2}), simultaneous)
	found == {"deny": [], "undecided": [], "passed": []}
}

test_success_one_feature_at_a_time_is_what_is_asked_by_default if {
	asked := object.union(simultaneous, {"intersections": 1})
	found := said(tested(apart(31000, "pass"), {"intersections": 1}), simultaneous)
	count(found.passed) == 1
	said(tested(apart(31000, "pass"), {"intersections": 1}), asked) == found
}

test_success_both_rates_of_equalized_odds_pass if {
	asked := object.union(parameters, {"metric": "equalized_odds"})
	worst := {"high": "Black", "low": "white", "value": 31000, "metric": "false_positive_rate"}
	comparison := object.union(apart(31000, "pass"), {"worst": worst})
	found := said(tested(comparison, {"metric": "equalized_odds", "mode": "point"}), asked)
	[result.values.metric | some result in found.passed] == ["false_positive_rate"]
	[result.values.high.numerator | some result in found.passed] == [805]
	[startswith(result.msg, "false positive rate by race: ") | some result in found.passed] == [true]
}

test_success_a_comparison_that_passes_is_never_undecided if {
	found := said(tested(object.union(apart(31000, "pass"), {"undefined": ["Asian"]}), {}), simultaneous)
	found.undecided == []
	count(found.passed) == 1
}

test_fail_a_pair_beyond_the_bound_by_evidence if {
	comparison := {"outcome": "fail", "pairs": [pair_of("fail", 213902)], "insufficient": []}
	said(tested(comparison, {}), simultaneous) == {"undecided": [], "passed": [], "deny": [{
		"code": "fairness.difference",
		"msg": "false positive rate by race: Black 805/1795, white 349/1488: 21.4 points apart [18.2, 24.5], at most 10, beyond chance (alpha 0.05)",
		"term": "race: Black / white",
		"measured": 213902,
		"values": values_of(213902),
		"facts": ["counts"],
	}]}
}

test_fail_a_pair_that_may_be_chance_is_undecided if {
	comparison := {
		"outcome": "undecided",
		"reason": "too-few-rows",
		"pairs": [pair_of("pass", 31000), pair_of("undecided", 213902)],
		"insufficient": [],
		"settle": {"outcome": "fail", "rows": 4523, "more_rows": 1240, "assuming": "rates as counted"},
	}
	said(tested(comparison, {}), simultaneous) == {"deny": [], "passed": [], "undecided": [{
		"code": "fairness.difference",
		"msg": concat("", [
			"false positive rate by race: Black 805/1795, white 349/1488: 21.4 points apart [18.2, 24.5], at most 10, which may be chance (alpha 0.05)",
			"; about 1240 more rows would settle it",
		]),
		"term": "race: Black / white",
		"reason": "insufficient",
		"values": values_of(213902),
		"facts": ["counts"],
	}]}
}

test_fail_a_pair_that_may_be_chance_stands_beside_a_failing_one if {
	other := object.union(pair_of("undecided", 213902), {"high": "white", "low": "Asian"})
	comparison := {"outcome": "fail", "pairs": [pair_of("fail", 213902), other], "insufficient": []}
	found := said(tested(comparison, {}), simultaneous)
	[result.term | some result in found.deny] == ["race: Black / white"]
	[result.term | some result in found.undecided] == ["race: white / Asian"]
}

test_fail_a_small_group_tells_the_rows_that_would_settle_it if {
	small := [{"group": "Asian", "denominator": 23, "minimum": 30, "metric": "false_positive_rate"}]
	settle := {"outcome": "pass", "rows": 4523, "more_rows": 210, "assuming": "rates as counted"}
	comparison := {"outcome": "undecided", "pairs": [], "insufficient": small, "settle": settle}
	[result] := said(tested(comparison, {}), simultaneous).undecided
	result.term == "race: Asian (false positive rate)"
	result.msg == concat("", [
		"false positive rate by race can't be told: 23 in the denominator, at least 30 are needed",
		"; about 210 more rows would settle it",
	])
}

test_fail_both_rates_of_equalized_odds_are_told_apart if {
	pairs := [
		object.union(pair_of("fail", 213902), {"metric": "false_positive_rate"}),
		object.union(pair_of("undecided", 213902), {"metric": "true_positive_rate"}),
	]
	asked := object.union(simultaneous, {"metric": "equalized_odds"})
	comparison := {"outcome": "fail", "pairs": pairs, "insufficient": []}
	found := said(tested(comparison, {"metric": "equalized_odds"}), asked)
	[result.term | some result in found.deny] == ["race: Black / white (false positive rate)"]
	[result.term | some result in found.undecided] == ["race: Black / white (true positive rate)"]
	[result.values.metric | some result in found.undecided] == ["true_positive_rate"]
}

test_fail_equalized_odds_as_counted_name_the_rate if {
	pair := {"high": "Black", "low": "white", "value": 213902, "outcome": "fail", "metric": "false_positive_rate"}
	asked := object.union(parameters, {"metric": "equalized_odds"})
	comparison := {"outcome": "fail", "pairs": [pair], "insufficient": []}
	found := said(tested(comparison, {"metric": "equalized_odds", "mode": "point"}), asked)
	[startswith(result.msg, "false positive rate by race: ") | some result in found.deny] == [true]
}

test_fail_a_reference_that_is_no_group if {
	asked := object.union(simultaneous, {"reference": ["White", "Male"]})
	comparison := {"outcome": "undecided", "reason": "no-reference", "pairs": [], "insufficient": []}
	said(tested(comparison, {"reference": ["White", "Male"]}), asked) == {"deny": [], "passed": [], "undecided": [{
		"code": "fairness.difference",
		"msg": "false positive rate by race can't be told: the reference White or Male is no one group of the data",
		"term": "race: reference",
		"reason": "insufficient",
		"values": {
			"about": "predictions",
			"by": ["race"],
			"metric": "false_positive_rate",
			"reference": ["White", "Male"],
		},
		"facts": ["counts"],
	}]}
}

test_fail_groups_without_a_defined_ratio_stand_beside_a_pair_that_may_be_chance if {
	comparison := {
		"outcome": "undecided",
		"pairs": [pair_of("undecided", 213902)],
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
