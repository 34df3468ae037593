package fairness

import data.lib.compared
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
#       choices:
#         - selection_rate
#         - true_positive_rate
#         - false_positive_rate
#         - false_negative_rate
#         - accuracy
#         - true_negative_rate
#         - precision
#         - negative_predictive_value
#         - equalized_odds
#       default: false_positive_rate
#       loosens: any
#       description: >-
#         The rate that is compared between groups; equalized_odds compares true and false positive rates, both.
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
#       maximum: 0.499999
#       default: 0.05
#       loosens: up
#       description: >-
#         One minus the confidence of the intervals; in simultaneous mode the largest share of wrong verdicts.
#     - name: mode
#       type: choice
#       choices: [point, simultaneous]
#       default: point
#       loosens: any
#       description: >-
#         How the bound is met; point takes the difference as counted, simultaneous asks for evidence that chance alone
#         does not explain, and is undecided without.
#     - name: favourable
#       type: integer
#       minimum: 0
#       maximum: 1
#       default: 1
#       loosens: any
#       description: The prediction that selection rate counts.
#     - name: reference
#       type: list
#       minimum: 1
#       optional: true
#       loosens: any
#       description: >-
#         The group that the others are compared with; one name for each feature that has it. Without, all groups are
#         compared with each other.
#     - name: intersections
#       type: integer
#       minimum: 1
#       maximum: 5
#       optional: true
#       unit: features
#       loosens: down
#       description: >-
#         Up to how many features make the groups; 2 compares by each feature and by every two of them, such as
#         race & sex. Without, each feature is compared on its own.
deny contains {
	"code": "fairness.difference",
	"msg": message,
	"term": sprintf("%s: %s / %s%s", [difference_term(answer), pair.high, pair.low, suffix]),
	"measured": value,
	"values": values,
	"facts": answer.reads,
} if {
	some answer in difference_answers
	some pair in answer.values.comparison.pairs
	pair.outcome == "fail"
	value := pair.value
	suffix := compared.suffix(pair)
	message := difference_denial(answer, pair)
	values := difference_values(answer, pair)
}

undecided contains {
	"code": "fairness.difference",
	"msg": sprintf("%s by %s can't be told: %v in the denominator, at least %v are needed%s", [
		wording.metric(metric),
		wording.by(answer.question.by),
		small.denominator,
		small.minimum,
		settled,
	]),
	"term": sprintf("%s: %s%s", [difference_term(answer), small.group, suffix]),
	"reason": "insufficient",
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": metric,
		"group": small.group,
		"denominator": small.denominator,
		"minimum": small.minimum,
	},
	"facts": answer.reads,
} if {
	some answer in difference_answers
	some small in answer.values.comparison.insufficient
	metric := compared.metric(answer, small)
	suffix := compared.suffix(small)
	settled := compared.settled(answer)
}

undecided contains {
	"code": "fairness.difference",
	"msg": message,
	"term": term,
	"reason": "insufficient",
	"values": values,
	"facts": answer.reads,
} if {
	some answer in difference_answers
	some pair in difference_open(answer)
	term := sprintf("%s: %s / %s%s", [difference_term(answer), pair.high, pair.low, compared.suffix(pair)])
	chance := wording.exact(answer.question.alpha, wording.whole)
	ending := sprintf(", which may be chance (alpha %s)%s", [chance, compared.settled(answer)])
	message := difference_told(answer, pair, ending)
	values := difference_values(answer, pair)
}

undecided contains {
	"code": "fairness.difference",
	"msg": sprintf("%s by %s can't be told: the reference %s is no one group of the data", [
		wording.metric(answer.question.metric),
		wording.by(answer.question.by),
		concat(" or ", reference),
	]),
	"term": sprintf("%s: reference", [difference_term(answer)]),
	"reason": "insufficient",
	"values": {
		"about": answer.about,
		"by": answer.question.by,
		"metric": answer.question.metric,
		"reference": reference,
	},
	"facts": answer.reads,
} if {
	some answer in difference_answers
	answer.values.comparison.reason == "no-reference"
	reference := answer.question.reference
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
	difference_unsaid(answer)
}

passed contains {
	"code": "fairness.difference",
	"msg": message,
	"term": difference_term(answer),
	"measured": value,
	"values": values,
	"facts": answer.reads,
} if {
	some answer in difference_answers
	answer.values.comparison.outcome == "pass"
	pair := difference_worst(answer)
	value := pair.value
	message := difference_passing(answer, pair)
	values := difference_values(answer, pair)
}

# The observations that answer this rule's question, whatever the feature.
difference_answers contains answer if {
	some answer in input.observations.fairness
	answer.question.statistic == "difference"
	every name, value in data.parameters.fairness.difference {
		answer.question[name] == value
	}
	object.get(answer.question, "reference", []) == object.get(data.parameters.fairness.difference, "reference", [])
	object.get(answer.question, "intersections", 1) == object.get(data.parameters.fairness.difference, "intersections", 1)
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

# The pairs of which the rows can't tell on which side of the bound they are.
difference_open(answer) := [pair |
	some pair in answer.values.comparison.pairs
	pair.outcome == "undecided"
	is_number(pair.value)
]

# Whether pairs alone don't say why nothing was decided.
difference_unsaid(answer) if {
	count(difference_open(answer)) == 0
	reasons := {reason | reason := answer.values.comparison.reason}
	reasons != {"no-reference"}
}

difference_unsaid(answer) if count(object.get(answer.values.comparison, "undefined", [])) > 0

difference_denial(answer, pair) := message if {
	answer.question.mode == "simultaneous"
	chance := wording.exact(answer.question.alpha, wording.whole)
	message := difference_told(answer, pair, sprintf(", beyond chance (alpha %s)", [chance]))
} else := sprintf("%s by %s: %s points apart, at most %s", [
	wording.metric(compared.metric(answer, pair)),
	wording.by(answer.question.by),
	wording.points(pair.value, answer.question.bound),
	wording.exact(answer.question.bound, wording.point),
])

difference_passing(answer, pair) := message if {
	answer.question.mode == "simultaneous"
	chance := wording.exact(answer.question.alpha, wording.whole)
	message := difference_told(answer, pair, sprintf(" (alpha %s); no pair is less certain", [chance]))
} else := sprintf("%s by %s: %s points apart at most, %s allowed", [
	wording.metric(compared.metric(answer, pair)),
	wording.by(answer.question.by),
	wording.points(pair.value, answer.question.bound),
	wording.exact(answer.question.bound, wording.point),
])

# A pair with its counts, its interval and the bound.
difference_told(answer, pair, ending) := sprintf("%s by %s: %s, %s: %s points apart%s, at most %s%s", [
	wording.metric(metric),
	wording.by(answer.question.by),
	compared.counted(compared.side(answer, pair.high, metric)),
	compared.counted(compared.side(answer, pair.low, metric)),
	wording.points(pair.value, answer.question.bound),
	compared.points(pair),
	wording.exact(answer.question.bound, wording.point),
	ending,
]) if {
	metric := compared.metric(answer, pair)
}

difference_values(answer, pair) := object.union(
	object.filter(pair, ["high_ppm", "low_ppm", "score"]),
	{
		"about": answer.about,
		"by": answer.question.by,
		"metric": metric,
		"difference_ppm": pair.value,
		"high": compared.side(answer, pair.high, metric),
		"low": compared.side(answer, pair.low, metric),
	},
) if {
	metric := compared.metric(answer, pair)
}

# The pair that a pass is told by: the worst as counted, or the one of which the tests are least certain.
difference_worst(answer) := pair if {
	answer.question.mode == "simultaneous"
	pair := answer.values.comparison.pairs[0]
	is_number(pair.value)
} else := pair if {
	pair := answer.values.comparison.worst
}
