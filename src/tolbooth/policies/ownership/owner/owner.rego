package ownership

# METADATA
# title: Somebody answers for it
# description: >-
#   Asks that an owner of the subject is declared: a team or a role that answers for it when something goes wrong.
# custom:
#   short_name: owner
#   severity: medium
#   solution: >-
#     Write the team or role into tolbooth.yaml as subjects.NAME.owner.
#   controls:
#     - eu-ai-act:17.1.m
#     - nist-ai-rmf:GOVERN-2.1
#   collections: [recommended]
#   evidence: [declared]
deny contains {
	"code": "ownership.owner",
	"msg": "no owner is declared",
	"values": {"declared": false},
	"facts": [],
} if {
	trim_space(object.get(input.declared, "owner", "")) == ""
}

passed contains {
	"code": "ownership.owner",
	"msg": "an owner is declared",
	"values": {"declared": true},
	"facts": [],
} if {
	trim_space(input.declared.owner) != ""
}
