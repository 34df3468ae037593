package data

# METADATA
# title: Every data set is there and named by its digest
# description: >-
#   Asks that a data set of each required role was collected, and that every data set is named by the digest of its
#   bytes, so that a reader can tell which data the release rests on.
# custom:
#   short_name: digests
#   severity: high
#   solution: >-
#     Declare the data set under 'data' in tolbooth.yaml, with its path and its role, and run the gate again.
#   controls:
#     - eu-ai-act:10.2.b
#     - eu-ai-act:annex-iv.2.d
#     - nist-ai-rmf:MEASURE-2.1
#   collections: [minimal, recommended]
#   evidence: [artifact]
#   parameters:
#     - name: required_roles
#       type: list
#       choices: [training, evaluation, predictions]
#       default: [predictions]
#       loosens: down
#       description: The roles of which at least one data set must be there.
deny contains {
	"code": "data.digests",
	"msg": sprintf("no data set with the role '%s' was collected", [role]),
	"term": sprintf("role: %s", [role]),
	"values": {"role": role},
	"facts": [],
} if {
	some role in data.parameters.data.digests.required_roles
	count([artifact.name | some artifact in input.artifacts; artifact.role == role]) == 0
}

deny contains {
	"code": "data.digests",
	"msg": "the data set has no digest that names its bytes",
	"term": artifact.name,
	"values": {"role": artifact.role},
	"facts": [],
} if {
	some artifact in digests_data_sets
	count(digests_usable(artifact)) == 0
}

passed contains {
	"code": "data.digests",
	"msg": sprintf("the data set is named by its digest, role '%s'", [artifact.role]),
	"term": artifact.name,
	"values": {"role": artifact.role, "digest": artifact.digest},
	"facts": digests_usable(artifact),
} if {
	some artifact in digests_data_sets
	count(digests_usable(artifact)) > 0
}

digests_data_sets contains artifact if {
	some artifact in input.artifacts
	artifact.role in {"training", "evaluation", "predictions"}
}

# A file's SHA-256, or a folder's dirHash over the SHA-256 of its files.
digests_usable(artifact) := [value |
	some algorithm, value in artifact.digest
	algorithm in {"sha256", "dirHash"}
	regex.match("^[0-9a-f]{64}$", value)
]
