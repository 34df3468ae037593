package evidence

# METADATA
# title: No fact is out of date
# description: >-
#   Asks that every collected object and every observation is still valid at the time of the decision and, where a
#   maximum age is declared, that no data set is about a day longer ago.
# custom:
#   short_name: fresh
#   severity: high
#   solution: >-
#     Collect or measure the fact anew. If it still holds, its owner sets a later valid_until for the data set in
#     tolbooth.yaml.
#   controls:
#     - eu-ai-act:11.1
#     - nist-ai-rmf:GOVERN-1.5
#   collections: [recommended]
#   evidence: []
#   moving_values: [age_days]
#   parameters:
#     - name: maximum_age_days
#       type: integer
#       minimum: 1
#       optional: true
#       unit: days
#       loosens: up
#       description: How long ago the day may be that a data set is about; without it, age is no matter.
deny contains {
	"code": "evidence.fresh",
	"msg": "nothing was collected, so nothing is fresh",
	"values": {"facts": 0},
	"facts": [],
} if {
	count(fresh_items) == 0
}

deny contains {
	"code": "evidence.fresh",
	"msg": "is past the last moment for which it is valid",
	"term": item.term,
	"values": {"kind": item.kind},
	"facts": item.facts,
} if {
	some item in fresh_items
	item.freshness == "stale"
}

deny contains {
	"code": "evidence.fresh",
	"msg": sprintf("is about a day %v days ago, at most %v are allowed", [age, maximum]),
	"term": sprintf("age: %s", [artifact.name]),
	"values": {"dated": artifact.dated, "age_days": age},
	"facts": fresh_digests(artifact),
} if {
	maximum := data.parameters.evidence.fresh.maximum_age_days
	some artifact in fresh_data_sets
	age := fresh_age_days(artifact.dated)
	age > maximum
}

undecided contains {
	"code": "evidence.fresh",
	"msg": "its age can't be told: the day that it is about is declared nowhere",
	"term": sprintf("age: %s", [artifact.name]),
	"reason": "insufficient",
	"values": {"maximum_age_days": maximum},
	"facts": fresh_digests(artifact),
} if {
	maximum := data.parameters.evidence.fresh.maximum_age_days
	some artifact in fresh_data_sets
	object.get(artifact, "dated", "") == ""
}

passed contains {
	"code": "evidence.fresh",
	"msg": sprintf("all %v facts are valid", [count(fresh_items)]),
	"values": {"facts": count(fresh_items)},
	"facts": sort({digest | some item in fresh_items; some digest in item.facts}),
} if {
	count(fresh_items) > 0
	count([item | some item in fresh_items; item.freshness == "stale"]) == 0
}

passed contains {
	"code": "evidence.fresh",
	"msg": sprintf("is about a day %v days ago, %v are allowed", [age, maximum]),
	"term": sprintf("age: %s", [artifact.name]),
	"values": {"dated": artifact.dated, "age_days": age},
	"facts": fresh_digests(artifact),
} if {
	maximum := data.parameters.evidence.fresh.maximum_age_days
	some artifact in fresh_data_sets
	age := fresh_age_days(artifact.dated)
	age <= maximum
}

fresh_items contains {
	"kind": "artifact",
	"term": artifact.name,
	"freshness": artifact.freshness,
	"facts": fresh_digests(artifact),
} if {
	some artifact in input.artifacts
}

fresh_items contains {
	"kind": kind,
	"term": sprintf("%s: %s", [kind, observation.about]),
	"freshness": observation.freshness,
	"facts": observation.reads,
} if {
	some kind, observations in input.observations
	some observation in observations
}

fresh_digests(artifact) := [value | some value in artifact.digest]

fresh_data_sets contains artifact if {
	some artifact in input.artifacts
	artifact.role in {"training", "evaluation", "predictions"}
}

fresh_day_ns := 86400000000000

# Whole days that have passed at the time of the decision.
fresh_age_days(dated) := (passed_ns - (passed_ns % fresh_day_ns)) / fresh_day_ns if {
	passed_ns := to_number(input.context.as_of_ns) - time.parse_rfc3339_ns(dated)
}
