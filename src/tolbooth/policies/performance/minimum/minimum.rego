package performance

import data.lib.wording

# METADATA
# title: The model is as good as was asked before the run
# description: >-
#   Asks that a rate over all rows, accuracy by default, reaches the bound. The bound has no default: the owner declares
#   it before the run, so that it can't be fitted to the result.
# custom:
#   short_name: minimum
#   severity: high
#   solution: >-
#     Declare the bound before the run, as policy.parameters.performance.minimum.bound. If the model misses it, improve
#     data or model and run again; a bound that is lowered afterwards is shown in the records.
#   controls:
#     - eu-ai-act:9.8
#     - eu-ai-act:15.1
#     - eu-ai-act:15.3
#     - eu-ai-act:annex-iv.2.g
#     - nist-ai-rmf:MEASURE-2.3
#     - nist-ai-rmf:MEASURE-2.5
#   collections: [minimal, recommended]
#   evidence: [performance]
#   question: performance
#   depends_on: [data.digests]
#   parameters:
#     - name: metric
#       type: choice
#       choices: [accuracy, true_positive_rate, selection_rate]
#       default: accuracy
#       loosens: any
#       description: The rate that must reach the bound; one that is better when higher.
#     - name: bound
#       type: rate
#       minimum: 0.000001
#       loosens: down
#       description: The smallest rate that passes; the owner declares it before the run.
#     - name: minimum_denominator
#       type: integer
#       minimum: 1
#       default: 30
#       unit: people
#       loosens: down
#       description: The fewest rows in the denominator of the rate.
#     - name: alpha
#       type: rate
#       minimum: 0.000001
#       maximum: 0.999999
#       default: 0.05
#       loosens: up
#       description: One minus the confidence of the interval that is shown.
#     - name: mode
#       type: choice
#       choices: [point]
#       default: point
#       loosens: any
#       description: Which number meets the bound; point is the rate as counted.
#     - name: favourable
#       type: integer
#       minimum: 0
#       maximum: 1
#       default: 1
#       loosens: any
#       description: The prediction that selection rate counts.
deny contains {
	"code": "performance.minimum",
	"msg": minimum_message(answer, value),
	"term": answer.about,
	"measured": value,
	"values": minimum_values(answer),
	"facts": answer.reads,
} if {
	some answer in minimum_answers
	answer.values.comparison.outcome == "fail"
	value := answer.values.comparison.value
}

undecided contains {
	"code": "performance.minimum",
	"msg": sprintf("%s can't be told: %v in the denominator, at least %v are needed", [
		wording.metric(answer.question.metric),
		answer.values.comparison.denominator,
		answer.question.minimum_denominator,
	]),
	"term": answer.about,
	"reason": "insufficient",
	"values": minimum_values(answer),
	"facts": answer.reads,
} if {
	some answer in minimum_answers
	answer.values.comparison.outcome == "undecided"
}

passed contains {
	"code": "performance.minimum",
	"msg": minimum_message(answer, value),
	"term": answer.about,
	"measured": value,
	"values": minimum_values(answer),
	"facts": answer.reads,
} if {
	some answer in minimum_answers
	answer.values.comparison.outcome == "pass"
	value := answer.values.comparison.value
}

# The observations that answer this rule's question; none while the bound is not declared.
minimum_answers contains answer if {
	some answer in input.observations.performance
	answer.question.bound == data.parameters.performance.minimum.bound
	every name, value in data.parameters.performance.minimum {
		answer.question[name] == value
	}
}

minimum_message(answer, value) := sprintf("%s %s, at least %s", [
	wording.metric(answer.question.metric),
	wording.percent(value, answer.question.bound),
	sprintf("%s %s", [wording.exact(answer.question.bound, wording.point), "%"]),
])

minimum_values(answer) := {
	"metric": answer.question.metric,
	"numerator": answer.values.comparison.numerator,
	"denominator": answer.values.comparison.denominator,
}
