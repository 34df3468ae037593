package performance_minimum_test

parameters := {
	"metric": "accuracy",
	"bound": 650000,
	"minimum_denominator": 30,
	"alpha": 50000,
	"mode": "point",
	"favourable": 1,
}

answer(comparison) := {
	"about": "predictions",
	"question": object.union(parameters, {"kind": "performance"}),
	"values": {"comparison": comparison},
	"reads": ["counts"],
	"freshness": "fresh",
}

facts(comparison) := {"observations": {"performance": [answer(comparison)]}}

measured(value, outcome) := {"outcome": outcome, "value": value, "numerator": 4716, "denominator": 7214}

denied(document) := found if {
	found := data.performance.deny with input as document with data.parameters.performance.minimum as parameters
}

open(document) := found if {
	found := data.performance.undecided with input as document with data.parameters.performance.minimum as parameters
}

passed(document) := found if {
	found := data.performance.passed with input as document with data.parameters.performance.minimum as parameters
}

test_success_a_rate_above_the_bound_passes if {
	document := facts(measured(653729, "pass"))
	count(denied(document)) == 0
	count(open(document)) == 0
	passed(document) == {{
		"code": "performance.minimum",
		"msg": "accuracy 65.4 %, at least 65 %",
		"term": "predictions",
		"measured": 653729,
		"values": {"metric": "accuracy", "numerator": 4716, "denominator": 7214},
		"facts": ["counts"],
	}}
}

test_success_a_rate_at_the_bound_passes if {
	document := facts(measured(650000, "pass"))
	count(denied(document)) == 0
	count(passed(document)) == 1
}

test_success_an_answer_to_another_bound_is_not_read if {
	other := object.union(answer(measured(500000, "fail")), {"question": {"bound": 400000}})
	document := {"observations": {"performance": [other]}}
	count(denied(document)) == 0
	count(passed(document)) == 0
}

test_success_an_answer_about_another_rate_is_not_read if {
	other := object.union(answer(measured(500000, "fail")), {"question": {"metric": "selection_rate"}})
	document := {"observations": {"performance": [other]}}
	count(denied(document)) == 0
	count(passed(document)) == 0
}

test_fail_a_rate_below_the_bound if {
	document := facts(measured(623456, "fail"))
	denied(document) == {{
		"code": "performance.minimum",
		"msg": "accuracy 62.3 %, at least 65 %",
		"term": "predictions",
		"measured": 623456,
		"values": {"metric": "accuracy", "numerator": 4716, "denominator": 7214},
		"facts": ["counts"],
	}}
	count(passed(document)) == 0
}

test_fail_too_few_rows_are_undecided if {
	document := facts({"outcome": "undecided", "numerator": 9, "denominator": 12})
	open(document) == {{
		"code": "performance.minimum",
		"msg": "accuracy can't be told: 12 in the denominator, at least 30 are needed",
		"term": "predictions",
		"reason": "insufficient",
		"values": {"metric": "accuracy", "numerator": 9, "denominator": 12},
		"facts": ["counts"],
	}}
	count(denied(document)) == 0
	count(passed(document)) == 0
}

test_fail_without_a_declared_bound_nothing_passes if {
	document := facts(measured(999999, "pass"))
	undeclared := object.remove(parameters, ["bound"])
	found := data.performance.passed with input as document with data.parameters.performance.minimum as undeclared
	count(found) == 0
}
