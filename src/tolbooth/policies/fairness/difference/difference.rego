package fairness

import data.lib.wording

# METADATA
# title: Groups have similar error rates
# description: >-
#   Asks that a rate, the false positive rate by default, differs between no two groups of a sensitive feature by more
#   than the bound. Groups with too few people in the denominator are not compared, and are named as undecided.
# custom:
#   short_name: difference
#   severity: high
#   solution: >-
#     Compare the groups with 'tolbooth explain fairness.difference'. Look for labels, features or thresholds that
#     treat them differently, correct them and train again. Small groups need more labelled rows.
#   controls:
#     - eu-ai-act:10.2.f
#     - eu-ai-act:10.2.g
#     - eu-ai-act:9.8
#     - eu-ai-act:annex-iv.2.g
#     - nist-ai-rmf:MEASURE-2.11
#   collections: [minimal, recommended]
#   evidence: [fairness]
#   question: fairness
#   asks:
#     statistic: difference
#   depends_on: [data.digests]
#   parameters:
#     - name: metric
#       type: choice
#       choices: [selection_rate, true_positive_rate, false_positive_rate, false_negative_rate, accuracy]
#       default: false_positive_rate
#       loosens: any
#       description: The rate that is compared between groups.
#     - name: bound
#       type: rate
#       default: 0.1
#       loosens: up
#       description: The largest difference that passes; 0.1 is ten percentage points.
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
	"code": "fairness.difference",
	"msg": sprintf("%s by %s: %s points apart, at most %s", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		wording.points(value, answer.question.bound),
		wording.exact(answer.question.bound, wording.point),
	]),
	"term": sprintf("%s: %s / %s", [difference_term(answer), pair.high, pair.low]),
	"measured": value,
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"difference_ppm": value,
		"high": high,
		"low": low,
	},
	"facts": answer.reads,
} if {
	some answer in difference_answers
	some pair in answer.values.comparison.pairs
	pair.outcome == "fail"
	value := pair.value
	high := difference_side(answer, pair.high)
	low := difference_side(answer, pair.low)
}

undecided contains {
	"code": "fairness.difference",
	"msg": sprintf("%s by %s can't be told: %v in the denominator, at least %v are needed", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		small.denominator,
		small.minimum,
	]),
	"term": sprintf("%s: %s", [difference_term(answer), small.group]),
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
	some answer in difference_answers
	some small in answer.values.comparison.insufficient
}

undecided contains {
	"code": "fairness.difference",
	"msg": sprintf("%s by %s can't be told: there are no two groups to compare", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
	]),
	"term": difference_term(answer),
	"reason": "insufficient",
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"pairs": count(answer.values.comparison.pairs),
	},
	"facts": answer.reads,
} if {
	some answer in difference_answers
	answer.values.comparison.outcome != "pass"
	difference_failing(answer) == 0
	count(answer.values.comparison.insufficient) == 0
}

passed contains {
	"code": "fairness.difference",
	"msg": sprintf("%s by %s: %s points apart at most, %s allowed", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		wording.points(worst.value, answer.question.bound),
		wording.exact(answer.question.bound, wording.point),
	]),
	"term": difference_term(answer),
	"measured": worst.value,
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"difference_ppm": worst.value,
		"high": high,
		"low": low,
	},
	"facts": answer.reads,
} if {
	some answer in difference_answers
	answer.values.comparison.outcome == "pass"
	worst := answer.values.comparison.worst
	high := difference_side(answer, worst.high)
	low := difference_side(answer, worst.low)
}

# The observations that answer this rule's question, whatever the feature.
difference_answers contains answer if {
	some answer in input.observations.fairness
	answer.question.statistic == "difference"
	every name, value in data.parameters.fairness.difference {
		answer.question[name] == value
	}
}

# Several data sets are told apart by name; one needs none.
difference_term(answer) := by if {
	by := wording.by(answer.question.by)
	count({other.about | some other in difference_answers}) == 1
} else := sprintf("%s, %s", [answer.about, wording.by(answer.question.by)])

difference_failing(answer) := count([pair |
	some pair in answer.values.comparison.pairs
	pair.outcome == "fail"
])

# A group that is compared and not listed is still named.
difference_side(answer, name) := side if {
	some group in answer.values.groups
	group.name == name
	rate := group.rates[answer.question.metric]
	side := {
		"group": name,
		"numerator": rate.numerator,
		"denominator": rate.denominator,
	}
} else := {"group": name}
