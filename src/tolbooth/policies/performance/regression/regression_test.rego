package performance_regression_test

rate(numerator, denominator, ppm) := {"numerator": numerator, "denominator": denominator, "ppm": ppm}

undefined := {"numerator": 0, "denominator": 0}

answer(rates) := {
	"about": "test",
	"question": {"kind": "performance"},
	"values": {"rates": rates, "comparison": {"outcome": "pass", "numerator": 1, "denominator": 1}},
	"reads": ["counts"],
	"freshness": "fresh",
}

last(about, values) := {"about": about, "values": values, "reads": ["decision"], "freshness": "fresh"}

released(metrics) := {"decision_sha256": "d1", "as_of": "2026-10-01T00:00:00Z", "metrics": metrics}

accuracy(ppm) := {"accuracy": rate(ppm, 1000000, ppm)}

document(now, before) := {
	"subject": {"name": "credit"},
	"observations": {"performance": [answer(now)], "last-release": [before]},
}

exactly := {"metric": "accuracy", "tolerance": 0}

point := {"metric": "accuracy", "tolerance": 10000}

denied(facts, parameters) := found if {
	all := data.performance.deny with input as facts with data.parameters.performance.regression as parameters
	found := [result | some result in all; result.code == "performance.regression"]
}

open(facts, parameters) := found if {
	all := data.performance.undecided with input as facts with data.parameters.performance.regression as parameters
	found := [result | some result in all; result.code == "performance.regression"]
}

passed(facts, parameters) := found if {
	all := data.performance.passed with input as facts with data.parameters.performance.regression as parameters
	found := [result | some result in all; result.code == "performance.regression"]
}

test_success_the_same_rate_passes if {
	facts := document(accuracy(653729), last("test", released(accuracy(653729))))
	count(denied(facts, exactly)) == 0
	count(open(facts, exactly)) == 0
	[result] := passed(facts, exactly)
	result.term == "test"
	result.msg == "accuracy 65.3729 %, 65.3729 % at the last release"
	result.facts == ["counts", "decision"]
	result.values == {
		"metric": "accuracy",
		"now": {"numerator": 653729, "denominator": 1000000},
		"before": {"numerator": 653729, "denominator": 1000000},
		"worse_ppm": 0,
		"released": "d1",
	}
}

test_success_a_better_rate_passes if {
	facts := document(accuracy(700000), last("test", released(accuracy(650000))))
	[result] := passed(facts, exactly)
	result.values.worse_ppm == -50000
}

test_success_a_loss_of_exactly_the_tolerance_passes if {
	facts := document(accuracy(640000), last("test", released(accuracy(650000))))
	count(denied(facts, point)) == 0
	count(passed(facts, point)) == 1
}

test_success_an_error_rate_is_better_when_lower if {
	now := {"false_positive_rate": rate(1, 10, 100000)}
	facts := document(now, last("test", released({"false_positive_rate": rate(2, 10, 200000)})))
	count(denied(facts, {"metric": "false_positive_rate", "tolerance": 0})) == 0
	count(passed(facts, {"metric": "false_positive_rate", "tolerance": 0})) == 1
}

test_success_the_first_release_has_nothing_to_be_worse_than if {
	facts := document(accuracy(650000), last("credit", {"none": true}))
	count(denied(facts, exactly)) == 0
	count(open(facts, exactly)) == 0
	[result] := passed(facts, exactly)
	result.msg == "nothing was released before, so there is nothing to compare with"
	result.term == "test"
	result.values == {"metric": "accuracy", "none": true}
	result.facts == ["counts"]
}

test_success_the_first_release_may_have_no_such_rate if {
	facts := document({"accuracy": undefined}, last("test", {"none": true}))
	count(open(facts, exactly)) == 0
	count(passed(facts, exactly)) == 1
}

test_success_a_rate_of_zero_is_a_rate if {
	facts := document(accuracy(0), last("test", released(accuracy(0))))
	count(open(facts, exactly)) == 0
	count(passed(facts, exactly)) == 1
}

test_fail_a_worse_rate if {
	facts := document(accuracy(639999), last("credit", released(accuracy(650000))))
	[result] := denied(facts, point)
	result.term == "test"
	result.msg == "accuracy 63.9999 %, 65 % at the last release: worse by more than 1 point"
	result.values.worse_ppm == 10001
	result.facts == ["counts", "decision"]
	count(passed(facts, point)) == 0
	count(open(facts, point)) == 0
}

test_fail_an_error_rate_that_rose if {
	every metric in {"false_positive_rate", "false_negative_rate"} {
		facts := document({metric: rate(3, 10, 300000)}, last("test", released({metric: rate(2, 10, 200000)})))
		[result] := denied(facts, {"metric": metric, "tolerance": 0})
		result.values.worse_ppm == 100000
		endswith(result.msg, ": worse by more than 0 points")
	}
}

test_fail_a_true_positive_rate_that_fell if {
	now := {"true_positive_rate": rate(2, 10, 200000)}
	facts := document(now, last("test", released({"true_positive_rate": rate(3, 10, 300000)})))
	count(denied(facts, {"metric": "true_positive_rate", "tolerance": 0})) == 1
}

test_fail_a_last_release_without_the_rate_is_undecided if {
	every metrics in [{}, {"accuracy": undefined}] {
		facts := document(accuracy(650000), last("test", released(metrics)))
		[result] := open(facts, exactly)
		result.reason == "insufficient"
		result.term == "test"
		result.values == {"metric": "accuracy"}
		result.msg == "accuracy can't be compared with the last release: it has no such rate"
		count(passed(facts, exactly)) == 0
	}
}

test_fail_a_rate_that_fell_to_zero if {
	facts := document(accuracy(0), last("test", released(accuracy(1))))
	count(denied(facts, exactly)) == 1
	count(open(facts, exactly)) == 0
}

test_fail_a_rate_of_nothing_is_undecided if {
	facts := document({"accuracy": undefined}, last("test", released(accuracy(650000))))
	[result] := open(facts, exactly)
	result.msg == "accuracy can't be compared with the last release: now there is no such rate"
	count(passed(facts, exactly)) == 0
	count(denied(facts, exactly)) == 0
}

test_fail_a_last_release_of_other_data_is_undecided if {
	facts := document(accuracy(650000), last("holdout", released(accuracy(100000))))
	[result] := open(facts, exactly)
	result.msg == "accuracy can't be compared with the last release: it says nothing about these data"
	result.facts == ["counts"]
	count(passed(facts, exactly)) == 0
}
