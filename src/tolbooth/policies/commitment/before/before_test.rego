package commitment_before_test

bound(rule, lead) := {
	"about": rule,
	"values": {
		"rule": rule,
		"committed_at": "2026-11-20T09:00:00Z",
		"policy_sha256": "policy",
		"run_started_at": "2026-11-23T09:00:00Z",
		"lead_seconds": lead,
		"clock": "log",
	},
	"reads": ["entry"],
	"freshness": "fresh",
}

endless := object.union(
	object.remove(bound("performance.minimum", 0), ["values"]),
	{"values": object.remove(bound("performance.minimum", 0).values, ["run_started_at", "lead_seconds"])},
)

denied(bounds, minimum) := found if {
	found := data.commitment.deny with input.observations as {"commitment": bounds}
		with data.parameters.commitment.before.minimum_lead_seconds as minimum
}

open(bounds, minimum) := found if {
	found := data.commitment.undecided with input.observations as {"commitment": bounds, "run": [{"about": "credit"}]}
		with data.parameters.commitment.before.minimum_lead_seconds as minimum
}

passed(bounds, minimum) := found if {
	found := data.commitment.passed with input.observations as {"commitment": bounds}
		with data.parameters.commitment.before.minimum_lead_seconds as minimum
}

test_success_a_bound_of_days_before_passes if {
	bounds := [bound("performance.minimum", 259200)]
	count(denied(bounds, 1)) == 0
	count(open(bounds, 1)) == 0
	passed(bounds, 1) == {{
		"code": "commitment.before",
		"msg": "committed 3 days before the run began, by the clock of the log; at least 1 s is asked",
		"term": "performance.minimum",
		"values": {
			"committed_at": "2026-11-20T09:00:00Z",
			"policy_sha256": "policy",
			"clock": "log",
			"run_started_at": "2026-11-23T09:00:00Z",
			"lead_seconds": 259200,
		},
		"facts": ["entry"],
	}}
}

test_success_exactly_the_lead_that_is_asked_passes if {
	count(denied([bound("fairness.ratio", 3600)], 3600)) == 0
	some result in passed([bound("fairness.ratio", 3600)], 3600)
	result.msg == "committed 60 minutes before the run began, by the clock of the log; at least 60 minutes is asked"
}

test_success_a_lead_is_told_in_the_largest_unit_of_which_there_are_two if {
	words := {
		119: "119 s",
		120: "2 minutes",
		7199: "119 minutes",
		7200: "2 hours",
		172799: "47 hours",
		172800: "2 days",
		259199: "2 days",
	}
	every seconds, text in words {
		some result in passed([bound("fairness.ratio", seconds)], 1)
		startswith(result.msg, sprintf("committed %s before the run began", [text]))
	}
}

test_success_each_rule_has_its_own_lead if {
	bounds := [bound("performance.minimum", 10), bound("fairness.ratio", 5)]
	{result.term | some result in passed(bounds, 10)} == {"performance.minimum"}
	{result.term | some result in denied(bounds, 10)} == {"fairness.ratio"}
}

test_success_without_a_run_the_need_for_one_says_enough if {
	found := data.commitment.undecided with input.observations as {"commitment": [endless]}
		with data.parameters.commitment.before.minimum_lead_seconds as 1
	count(found) == 0
}

test_fail_a_bound_committed_at_the_moment_that_the_run_began if {
	at_once := bound("performance.minimum", 0)
	denied([at_once], 1) == {{
		"code": "commitment.before",
		"msg": "committed 0 s before the run began, by the clock of the log; at least 1 s is asked",
		"term": "performance.minimum",
		"values": object.remove(at_once.values, ["rule"]),
		"facts": ["entry"],
	}}
	count(passed([bound("performance.minimum", 0)], 1)) == 0
}

test_fail_a_bound_committed_after_the_run_began if {
	some result in denied([bound("performance.minimum", -7300)], 1)
	result.msg == "committed 2 hours after the run began, by the clock of the log"
	result.facts == ["entry"]
	count(open([bound("performance.minimum", -7300)], 1)) == 0
}

test_fail_a_bound_committed_seconds_after_the_run_began if {
	some result in denied([bound("performance.minimum", -5)], 1)
	result.msg == "committed 5 s after the run began, by the clock of the log"
}

test_fail_a_bound_committed_one_second_after_the_run_began if {
	some result in denied([bound("performance.minimum", -1)], 1)
	result.msg == "committed 1 s after the run began, by the clock of the log"
}

test_fail_a_lead_under_the_one_that_is_asked if {
	count(denied([bound("performance.minimum", 3599)], 3600)) == 1
	count(passed([bound("performance.minimum", 3599)], 3600)) == 0
}

test_fail_a_run_without_a_beginning_is_undecided if {
	open([endless], 1) == {{
		"code": "commitment.before",
		"msg": "can't be told: the run has no time at which it began",
		"term": "performance.minimum",
		"reason": "insufficient",
		"values": {"committed_at": "2026-11-20T09:00:00Z", "policy_sha256": "policy", "clock": "log"},
		"facts": ["entry"],
	}}
	count(denied([endless], 1)) == 0
	count(passed([endless], 1)) == 0
}
