package ownership

# METADATA
# title: The risk tier is declared
# description: >-
#   Asks that the subject has a risk tier on the project's own scale, since what else is asked of it depends on that.
#   Where the tiers of the scale are given, it must be one of them.
# custom:
#   short_name: tier
#   severity: medium
#   solution: >-
#     Agree on the tier with whoever answers for risk, and write it into tolbooth.yaml as subjects.NAME.risk_tier.
#   controls:
#     - eu-ai-act:9.1
#     - nist-ai-rmf:GOVERN-1.3
#     - nist-ai-rmf:MAP-5.1
#   collections: [recommended]
#   evidence: [declared]
#   parameters:
#     - name: tiers
#       type: list
#       default: []
#       loosens: any
#       description: The tiers of the scale, as they are written; none, and any word will do.
deny contains {
	"code": "ownership.tier",
	"msg": "no risk tier is declared",
	"values": {"tiers": data.parameters.ownership.tier.tiers},
	"facts": [],
} if {
	tier_declared == ""
}

deny contains {
	"code": "ownership.tier",
	"msg": sprintf("the risk tier '%s' is none of %s", [
		tier_declared,
		concat(", ", data.parameters.ownership.tier.tiers),
	]),
	"values": {"tier": tier_declared, "tiers": data.parameters.ownership.tier.tiers},
	"facts": [],
} if {
	tier_declared != ""
	tier_known == false
}

passed contains {
	"code": "ownership.tier",
	"msg": sprintf("risk tier '%s'", [tier_declared]),
	"values": {"tier": tier_declared, "tiers": data.parameters.ownership.tier.tiers},
	"facts": [],
} if {
	tier_declared != ""
	tier_known == true
}

tier_declared := trim_space(object.get(input.declared, "risk_tier", ""))

tier_known if {
	count(data.parameters.ownership.tier.tiers) == 0
} else if {
	tier_declared in data.parameters.ownership.tier.tiers
} else := false
