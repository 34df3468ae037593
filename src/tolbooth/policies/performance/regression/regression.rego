package performance

import data.lib.wording

# METADATA
# title: The model is no worse than the last release
# description: >-
#   Asks that a rate over all rows is worse than at the last release that was allowed by at most the tolerance. Both
#   rates are rounded to one millionth. Where nothing was released before, there is nothing to be worse than.
# custom:
#   short_name: regression
#   severity: high
#   solution: >-
#     Compare the two models on the same rows, find out what got worse, and train again. If a loss is the price of
#     something that matters more, that is a decision for people.
#   controls:
#     - eu-ai-act:15.1
#     - eu-ai-act:annex-iv.6
#     - nist-ai-rmf:MEASURE-2.3
#   collections: [recommended]
#   evidence: [performance, last-release]
#   depends_on: [data.digests]
#   parameters:
#     - name: metric
#       type: choice
#       choices: [accuracy, true_positive_rate, false_positive_rate, false_negative_rate]
#       default: accuracy
#       loosens: any
#       description: The rate that is compared; false positive and false negative rates are worse when higher.
#     - name: tolerance
#       type: rate
#       default: 0.01
#       loosens: up
#       description: How much worse the rate may be; 0.01 is one percentage point.
deny contains {
	"code": "performance.regression",
	"msg": sprintf("%s %s, %s at the last release: worse by more than %s", [
		wording.metric(data.parameters.performance.regression.metric),
		regression_percent(compared.now_ppm),
		regression_percent(compared.before_ppm),
		regression_points(data.parameters.performance.regression.tolerance),
	]),
	"term": compared.about,
	"values": regression_values(compared),
	"facts": compared.facts,
} if {
	some compared in regression_compared
	compared.worse > data.parameters.performance.regression.tolerance
}

undecided contains {
	"code": "performance.regression",
	"msg": sprintf("%s can't be compared with the last release: %s", [
		wording.metric(data.parameters.performance.regression.metric),
		lack,
	]),
	"term": answer.about,
	"reason": "insufficient",
	"values": {"metric": data.parameters.performance.regression.metric},
	"facts": answer.reads,
} if {
	some answer in input.observations.performance
	some lack in regression_lacks(answer)
}

passed contains {
	"code": "performance.regression",
	"msg": sprintf("%s %s, %s at the last release", [
		wording.metric(data.parameters.performance.regression.metric),
		regression_percent(compared.now_ppm),
		regression_percent(compared.before_ppm),
	]),
	"term": compared.about,
	"values": regression_values(compared),
	"facts": compared.facts,
} if {
	some compared in regression_compared
	compared.worse <= data.parameters.performance.regression.tolerance
}

passed contains {
	"code": "performance.regression",
	"msg": "nothing was released before, so there is nothing to compare with",
	"term": answer.about,
	"values": {"metric": data.parameters.performance.regression.metric, "none": true},
	"facts": answer.reads,
} if {
	some answer in input.observations.performance
	some last in regression_last(answer)
	object.get(last.values, "none", false) == true
}

# What the last release says about this data set, or about the subject as a whole.
regression_last(answer) := [last |
	some last in input.observations["last-release"]
	last.about in {answer.about, input.subject.name}
]

regression_compared contains {
	"about": answer.about,
	"now": now,
	"now_ppm": now.ppm,
	"before": before,
	"before_ppm": before.ppm,
	"worse": worse,
	"released": released,
	"facts": facts,
} if {
	some answer in input.observations.performance
	some last in regression_last(answer)
	now := answer.values.rates[data.parameters.performance.regression.metric]
	before := last.values.metrics[data.parameters.performance.regression.metric]
	worse := regression_worse(now.ppm, before.ppm)
	released := last.values.decision_sha256
	facts := array.concat(answer.reads, last.reads)
}

regression_worse(now, before) := now - before if {
	data.parameters.performance.regression.metric in {"false_positive_rate", "false_negative_rate"}
} else := before - now

# A rate of nothing is undefined, and has no ppm.
regression_lacks(answer) := ({"it says nothing about these data" |
	count(regression_last(answer)) == 0
} | {"it has no such rate" |
	some last in regression_last(answer)
	object.get(last.values, "none", false) == false
	object.get(last.values, ["metrics", data.parameters.performance.regression.metric, "ppm"], "none") == "none"
}) | {"now there is no such rate" |
	object.get(answer.values, ["rates", data.parameters.performance.regression.metric, "ppm"], "none") == "none"
	some last in regression_last(answer)
	object.get(last.values, "none", false) == false
}

regression_percent(ppm) := sprintf("%s %s", [wording.exact(ppm, wording.point), "%"])

regression_values(compared) := {
	"metric": data.parameters.performance.regression.metric,
	"now": object.filter(compared.now, ["numerator", "denominator"]),
	"before": object.filter(compared.before, ["numerator", "denominator"]),
	"worse_ppm": compared.worse,
	"released": compared.released,
}

regression_points(tolerance) := "1 point" if tolerance == wording.point

regression_points(tolerance) := sprintf("%s points", [wording.exact(tolerance, wording.point)]) if {
	tolerance != wording.point
}
