package data

# METADATA
# title: The licence of every data set is known
# description: >-
#   Asks that a licence is declared for every data set that the release rests on. Whether it allows the use is for
#   people to say.
# custom:
#   short_name: licence
#   severity: medium
#   solution: >-
#     Find out under which terms the data may be used, and write them into tolbooth.yaml as data.NAME.licence: an SPDX
#     id such as CC-BY-4.0, or the name of the contract.
#   controls:
#     - eu-ai-act:10.2.b
#     - eu-ai-act:annex-iv.2.d
#     - nist-ai-rmf:GOVERN-6.1
#   collections: [recommended]
#   evidence: [artifact]
#   depends_on: [data.digests]
deny contains {
	"code": "data.licence",
	"msg": licence_lack(licence_declared(artifact)),
	"term": artifact.name,
	"values": {"role": artifact.role, "licence": licence_declared(artifact)},
	"facts": licence_digests(artifact),
} if {
	some artifact in licence_data_sets
	lower(licence_declared(artifact)) in licence_unknown
}

deny contains {
	"code": "data.licence",
	"msg": "no data set was collected",
	"values": {"data_sets": 0},
	"facts": [],
} if {
	count(licence_data_sets) == 0
}

passed contains {
	"code": "data.licence",
	"msg": sprintf("licence: %s", [licence_declared(artifact)]),
	"term": artifact.name,
	"values": {"role": artifact.role, "licence": licence_declared(artifact)},
	"facts": licence_digests(artifact),
} if {
	some artifact in licence_data_sets
	count([word | some word in licence_unknown; word == lower(licence_declared(artifact))]) == 0
}

# What people write when they don't know, with the two words of SPDX for that.
licence_unknown := {"", "?", "-", "n/a", "na", "tbd", "todo", "unknown", "unclear", "none", "noassertion"}

licence_declared(artifact) := trim_space(object.get(input.declared, ["data", artifact.name, "licence"], ""))

licence_lack(written) := "no licence is declared" if {
	written == ""
} else := sprintf("the licence is given as '%s', which names none", [written])

licence_data_sets contains artifact if {
	some artifact in input.artifacts
	artifact.role in {"training", "evaluation", "predictions"}
}

licence_digests(artifact) := [value | some value in artifact.digest]
