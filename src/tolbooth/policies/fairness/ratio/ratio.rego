package fairness

import data.lib.wording

# METADATA
# title: Groups are selected at similar rates
# description: >-
#   Asks that a rate, the selection rate by default, of any group is at least the bound times the rate of any other
#   group of a sensitive feature. The bound is the project's choice: 0.8 is a custom of employment testing in the
#   United States, and a ratio at or above it proves nothing in law. Groups with too few people in the denominator
#   are not compared, and are named as undecided.
# custom:
#   short_name: ratio
#   severity: medium
#   solution: >-
#     Compare the groups with 'tolbooth explain fairness.ratio'. Look for the step at which the low group falls behind:
#     who is in the data, what the label means, where the threshold lies; correct it and train again. Small
#     groups need more labelled rows.
#   controls:
#     - eu-ai-act:10.2.f
#     - eu-ai-act:10.2.g
#     - eu-ai-act:9.8
#     - eu-ai-act:annex-iv.2.g
#     - nist-ai-rmf:MEASURE-2.11
#   collections: [recommended]
#   evidence: [fairness]
#   question: fairness
#   asks:
#     statistic: ratio
#   depends_on: [data.digests]
#   parameters:
#     - name: metric
#       type: choice
#       choices: [selection_rate, true_positive_rate, false_positive_rate, false_negative_rate, accuracy]
#       default: selection_rate
#       loosens: any
#       description: The rate that is compared between groups.
#     - name: bound
#       type: rate
#       minimum: 0.000001
#       default: 0.8
#       loosens: down
#       description: The smallest ratio of the lower rate to the higher one that passes.
#     - name: minimum_denominator
#       type: integer
#       minimum: 1
#       default: 30
#       unit: people
#       loosens: down
#       description: The fewest people in the denominator of a rate that is compared.
#     - name: alpha
#       type: rate
#       minimum: 0.000001
#       maximum: 0.999999
#       default: 0.05
#       loosens: up
#       description: One minus the confidence of the intervals that are shown.
#     - name: mode
#       type: choice
#       choices: [point]
#       default: point
#       loosens: any
#       description: Which number meets the bound; point is the difference as counted.
#     - name: favourable
#       type: integer
#       minimum: 0
#       maximum: 1
#       default: 1
#       loosens: any
#       description: The prediction that selection rate counts.
deny contains {
	"code": "fairness.ratio",
	"msg": sprintf("%s by %s: ratio %s, at least %s", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		wording.ratio(value, answer.question.bound),
		wording.exact(answer.question.bound, wording.whole),
	]),
	"term": sprintf("%s: %s / %s", [ratio_term(answer), pair.high, pair.low]),
	"measured": value,
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"ratio_ppm": value,
		"high": high,
		"low": low,
	},
	"facts": answer.reads,
} if {
	some answer in ratio_answers
	some pair in answer.values.comparison.pairs
	pair.outcome == "fail"
	value := pair.value
	high := ratio_side(answer, pair.high)
	low := ratio_side(answer, pair.low)
}

undecided contains {
	"code": "fairness.ratio",
	"msg": sprintf("%s by %s can't be told: %v in the denominator, at least %v are needed", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		small.denominator,
		small.minimum,
	]),
	"term": sprintf("%s: %s", [ratio_term(answer), small.group]),
	"reason": "insufficient",
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"group": small.group,
		"denominator": small.denominator,
		"minimum": small.minimum,
	},
	"facts": answer.reads,
} if {
	some answer in ratio_answers
	some small in answer.values.comparison.insufficient
}

undecided contains {
	"code": "fairness.ratio",
	"msg": sprintf("%s by %s can't be told: there are no two groups to compare, or nobody has the outcome", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
	]),
	"term": ratio_term(answer),
	"reason": "insufficient",
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"pairs": count(answer.values.comparison.pairs),
	},
	"facts": answer.reads,
} if {
	some answer in ratio_answers
	answer.values.comparison.outcome != "pass"
	ratio_failing(answer) == 0
	count(answer.values.comparison.insufficient) == 0
}

passed contains {
	"code": "fairness.ratio",
	"msg": sprintf("%s by %s: smallest ratio %s, at least %s", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		wording.ratio(worst.value, answer.question.bound),
		wording.exact(answer.question.bound, wording.whole),
	]),
	"term": ratio_term(answer),
	"measured": worst.value,
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"ratio_ppm": worst.value,
		"high": high,
		"low": low,
	},
	"facts": answer.reads,
} if {
	some answer in ratio_answers
	answer.values.comparison.outcome == "pass"
	worst := answer.values.comparison.worst
	high := ratio_side(answer, worst.high)
	low := ratio_side(answer, worst.low)
}

# The observations that answer this rule's question, whatever the feature.
ratio_answers contains answer if {
	some answer in input.observations.fairness
	answer.question.statistic == "ratio"
	every name, value in data.parameters.fairness.ratio {
		answer.question[name] == value
	}
}

# Several data sets are told apart by name; one needs none.
ratio_term(answer) := by if {
	by := wording.by(answer.question.by)
	count({other.about | some other in ratio_answers}) == 1
} else := sprintf("%s, %s", [answer.about, wording.by(answer.question.by)])

ratio_failing(answer) := count([pair |
	some pair in answer.values.comparison.pairs
	pair.outcome == "fail"
])

# A group that is compared and not listed is still named.
ratio_side(answer, name) := side if {
	some group in answer.values.groups
	group.name == name
	rate := group.rates[answer.question.metric]
	side := {
		"group": name,
		"numerator": rate.numerator,
		"denominator": rate.denominator,
	}
} else := {"group": name}
