package evidence_fresh_test

# 2026-11-23T09:14:07Z
context := {"as_of": "2026-11-23T09:14:07Z", "as_of_ns": "1795425247000000000"}

artifact(name, role, freshness) := {
	"name": name,
	"role": role,
	"digest": {"sha256": sprintf("%s digest", [name])},
	"freshness": freshness,
}

dated(day) := object.union(artifact("test", "predictions", "fresh"), {"dated": day})

scan(freshness) := {"about": "test", "values": {}, "reads": ["summary"], "freshness": freshness}

document(artifacts, observations) := {"artifacts": artifacts, "observations": observations, "context": context}

denied(facts, parameters) := found if {
	found := data.evidence.deny with input as facts with data.parameters.evidence.fresh as parameters
}

open(facts, parameters) := found if {
	found := data.evidence.undecided with input as facts with data.parameters.evidence.fresh as parameters
}

passed(facts, parameters) := found if {
	found := data.evidence.passed with input as facts with data.parameters.evidence.fresh as parameters
}

test_success_fresh_facts_pass if {
	facts := document([artifact("test", "predictions", "fresh")], {"pii": [scan("fresh")]})
	count(denied(facts, {})) == 0
	count(open(facts, {})) == 0
	passed(facts, {}) == {{
		"code": "evidence.fresh",
		"msg": "all 2 facts are valid",
		"values": {"facts": 2},
		"facts": ["summary", "test digest"],
	}}
}

test_success_age_is_no_matter_until_a_maximum_is_declared if {
	facts := document([dated("1999-01-01T00:00:00Z"), artifact("more", "training", "fresh")], {})
	count(denied(facts, {})) == 0
	count(open(facts, {})) == 0
	count(passed(facts, {})) == 1
}

test_success_the_last_allowed_day_passes if {
	facts := document([dated("2026-10-24T09:14:06Z")], {})
	count(denied(facts, {"maximum_age_days": 30})) == 0
	count(open(facts, {"maximum_age_days": 30})) == 0
	[result | some result in passed(facts, {"maximum_age_days": 30}); "term" in object.keys(result)] == [{
		"code": "evidence.fresh",
		"msg": "is about a day 30 days ago, 30 are allowed",
		"term": "age: test",
		"values": {"dated": "2026-10-24T09:14:06Z", "age_days": 30},
		"facts": ["test digest"],
	}]
}

test_success_a_day_has_passed_when_its_last_moment_has if {
	facts := document([dated("2026-10-23T09:14:07.000000001Z")], {})
	count(denied(facts, {"maximum_age_days": 30})) == 0
	count(passed(facts, {"maximum_age_days": 30})) == 2
}

test_success_a_model_has_no_age if {
	facts := document([artifact("model", "model", "fresh")], {})
	count(open(facts, {"maximum_age_days": 30})) == 0
	count(passed(facts, {"maximum_age_days": 30})) == 1
}

test_fail_a_stale_data_set if {
	facts := document([artifact("test", "predictions", "stale"), artifact("model", "model", "fresh")], {})
	denied(facts, {}) == {{
		"code": "evidence.fresh",
		"msg": "is past the last moment for which it is valid",
		"term": "test",
		"values": {"kind": "artifact"},
		"facts": ["test digest"],
	}}
	count(passed(facts, {})) == 0
}

test_fail_a_stale_observation if {
	facts := document([artifact("test", "predictions", "fresh")], {"pii": [scan("stale")]})
	some result in denied(facts, {})
	result.term == "pii: test"
	result.values == {"kind": "pii"}
	result.facts == ["summary"]
	count(passed(facts, {})) == 0
}

test_fail_a_data_set_about_a_day_too_long_ago if {
	facts := document([dated("2026-10-23T09:14:07Z")], {})
	denied(facts, {"maximum_age_days": 30}) == {{
		"code": "evidence.fresh",
		"msg": "is about a day 31 days ago, at most 30 are allowed",
		"term": "age: test",
		"values": {"dated": "2026-10-23T09:14:07Z", "age_days": 31},
		"facts": ["test digest"],
	}}
	count([one | some one in passed(facts, {"maximum_age_days": 30}); one.term == "age: test"]) == 0
}

test_fail_a_data_set_without_a_day_is_undecided if {
	every role in {"training", "evaluation", "predictions"} {
		facts := document([artifact("test", role, "fresh")], {})
		open(facts, {"maximum_age_days": 30}) == {{
			"code": "evidence.fresh",
			"msg": "its age can't be told: the day that it is about is declared nowhere",
			"term": "age: test",
			"reason": "insufficient",
			"values": {"maximum_age_days": 30},
			"facts": ["test digest"],
		}}
	}
}

test_fail_nothing_collected_is_nothing_fresh if {
	denied(document([], {}), {}) == {{
		"code": "evidence.fresh",
		"msg": "nothing was collected, so nothing is fresh",
		"values": {"facts": 0},
		"facts": [],
	}}
	count(passed(document([], {}), {})) == 0
}
