package data

# METADATA
# title: The model was tested on other data than it learned from
# description: >-
#   Asks that no data set of evaluation or predictions has the digest of a training data set. Rows that stand in two
#   different files are seen by nobody here: the rule compares whole data sets.
# custom:
#   short_name: separate
#   severity: critical
#   solution: >-
#     Evaluate on rows that training never saw, and declare both data sets in tolbooth.yaml, each with its role.
#   controls:
#     - eu-ai-act:annex-iv.2.g
#     - nist-ai-rmf:MEASURE-2.1
#     - nist-ai-rmf:MEASURE-2.5
#   collections: [recommended]
#   evidence: [artifact]
#   depends_on: [data.digests]
deny contains {
	"code": "data.separate",
	"msg": sprintf("has the bytes of the training data '%s'", [training.name]),
	"term": sprintf("%s / %s", [tested.name, training.name]),
	"values": {"role": tested.role, "digest": tested.digest},
	"facts": sort(separate_shared(tested, training)),
} if {
	some tested in separate_tested
	some training in separate_training
	count(separate_shared(tested, training)) > 0
}

undecided contains {
	"code": "data.separate",
	"msg": "can't be told: no training data were collected to compare with",
	"term": tested.name,
	"reason": "insufficient",
	"values": {"role": tested.role},
	"facts": sort({value | some value in tested.digest}),
} if {
	some tested in separate_tested
	count(separate_training) == 0
}

undecided contains {
	"code": "data.separate",
	"msg": "can't be told: no data of evaluation or predictions were collected",
	"reason": "insufficient",
	"values": {"training": count(separate_training)},
	"facts": [],
} if {
	count(separate_tested) == 0
}

passed contains {
	"code": "data.separate",
	"msg": sprintf("differs from all training data (%s)", [separate_names]),
	"term": tested.name,
	"values": {"role": tested.role, "digest": tested.digest},
	"facts": sort({value | some each in (separate_training | {tested}); some value in each.digest}),
} if {
	some tested in separate_tested
	count(separate_training) > 0
	count([training | some training in separate_training; count(separate_shared(tested, training)) > 0]) == 0
}

separate_names := concat(", ", sort({training.name | some training in separate_training}))

separate_training contains artifact if {
	some artifact in input.artifacts
	artifact.role == "training"
}

separate_tested contains artifact if {
	some artifact in input.artifacts
	artifact.role in {"evaluation", "predictions"}
}

# Digests by the same algorithm with the same value.
separate_shared(one, other) := {value |
	some algorithm, value in one.digest
	value == other.digest[algorithm]
}
