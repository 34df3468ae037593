package ownership_tier_test

denied(declared, tiers) := found if {
	all := data.ownership.deny with input.declared as declared with data.parameters.ownership.tier.tiers as tiers
	found := [result | some result in all; result.code == "ownership.tier"]
}

passed(declared, tiers) := found if {
	all := data.ownership.passed with input.declared as declared with data.parameters.ownership.tier.tiers as tiers
	found := [result | some result in all; result.code == "ownership.tier"]
}

test_success_any_tier_passes_where_no_scale_is_given if {
	count(denied({"risk_tier": "high"}, [])) == 0
	passed({"risk_tier": "high"}, []) == [{
		"code": "ownership.tier",
		"msg": "risk tier 'high'",
		"values": {"tier": "high", "tiers": []},
		"facts": [],
	}]
}

test_success_a_tier_of_the_scale_passes if {
	count(denied({"risk_tier": "tier 1"}, ["tier 1", "tier 2"])) == 0
	[result] := passed({"risk_tier": "tier 1"}, ["tier 1", "tier 2"])
	result.values.tiers == ["tier 1", "tier 2"]
}

test_success_blanks_around_a_tier_are_no_part_of_it if {
	[result] := passed({"risk_tier": " low "}, ["low"])
	result.values.tier == "low"
}

test_fail_no_tier if {
	denied({"owner": "credit team"}, []) == [{
		"code": "ownership.tier",
		"msg": "no risk tier is declared",
		"values": {"tiers": []},
		"facts": [],
	}]
	count(passed({"owner": "credit team"}, [])) == 0
}

test_fail_a_tier_that_the_scale_does_not_have if {
	denied({"risk_tier": "medium"}, ["low", "high"]) == [{
		"code": "ownership.tier",
		"msg": "the risk tier 'medium' is none of low, high",
		"values": {"tier": "medium", "tiers": ["low", "high"]},
		"facts": [],
	}]
	count(passed({"risk_tier": "medium"}, ["low", "high"])) == 0
}

test_fail_blanks_are_no_tier if {
	[result] := denied({"risk_tier": " "}, ["low"])
	result.msg == "no risk tier is declared"
	count(passed({"risk_tier": " "}, [""])) == 0
}
