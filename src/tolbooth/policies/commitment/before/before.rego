package commitment

# METADATA
# title: Bounds were set before the run that they judge
# description: >-
#   Asks that the bound of every rule was committed to the log at least so many seconds before the run that it judges
#   began, and says by whose clock. A bound that was set when the result was known tests nothing.
# custom:
#   short_name: before
#   severity: high
#   solution: >-
#     Commit the bounds before the next run begins: write them into tolbooth.yaml and let a gate record them, then
#     train and test. For a run that is over nothing can be made good.
#   controls:
#     - eu-ai-act:9.8
#     - eu-ai-act:annex-iv.2.g
#     - nist-ai-rmf:MEASURE-2.1
#   collections: [recommended]
#   evidence: [commitment, run]
#   parameters:
#     - name: minimum_lead_seconds
#       type: integer
#       minimum: 1
#       default: 1
#       unit: seconds
#       loosens: down
#       description: How long before the run a bound must have been committed.
deny contains {
	"code": "commitment.before",
	"msg": message,
	"term": bound.values.rule,
	"values": before_values(bound),
	"facts": bound.reads,
} if {
	some bound in input.observations.commitment
	bound.values.lead_seconds < data.parameters.commitment.before.minimum_lead_seconds
	message := before_message(bound.values)
}

undecided contains {
	"code": "commitment.before",
	"msg": "can't be told: the run has no time at which it began",
	"term": bound.values.rule,
	"reason": "insufficient",
	"values": before_values(bound),
	"facts": bound.reads,
} if {
	"run" in object.keys(input.observations)
	some bound in input.observations.commitment
	object.get(bound.values, "lead_seconds", "unknown") == "unknown"
}

passed contains {
	"code": "commitment.before",
	"msg": message,
	"term": bound.values.rule,
	"values": before_values(bound),
	"facts": bound.reads,
} if {
	some bound in input.observations.commitment
	bound.values.lead_seconds >= data.parameters.commitment.before.minimum_lead_seconds
	message := before_message(bound.values)
}

before_values(bound) := object.union(
	{
		"committed_at": bound.values.committed_at,
		"policy_sha256": bound.values.policy_sha256,
		"clock": bound.values.clock,
	},
	object.filter(bound.values, ["run_started_at", "lead_seconds"]),
)

before_message(values) := sprintf("committed %s before the run began, by the clock of the %s; at least %s is asked", [
	before_words(values.lead_seconds),
	values.clock,
	before_words(data.parameters.commitment.before.minimum_lead_seconds),
]) if {
	values.lead_seconds >= 0
}

before_message(values) := sprintf("committed %s after the run began, by the clock of the %s", [
	before_words(0 - values.lead_seconds),
	values.clock,
]) if {
	values.lead_seconds < 0
}

# Seconds in the largest unit of which there are at least two, rounded down.
before_words(seconds) := sprintf("%v days", [(seconds - (seconds % 86400)) / 86400]) if {
	seconds >= 172800
} else := sprintf("%v hours", [(seconds - (seconds % 3600)) / 3600]) if {
	seconds >= 7200
} else := sprintf("%v minutes", [(seconds - (seconds % 60)) / 60]) if {
	seconds >= 120
} else := sprintf("%v s", [seconds])
