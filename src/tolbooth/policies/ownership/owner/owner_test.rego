package ownership_owner_test

denied(declared) := found if {
	all := data.ownership.deny with input.declared as declared
	found := [result | some result in all; result.code == "ownership.owner"]
}

passed(declared) := found if {
	all := data.ownership.passed with input.declared as declared
	found := [result | some result in all; result.code == "ownership.owner"]
}

test_success_a_declared_owner_passes if {
	count(denied({"owner": "credit team"})) == 0
	passed({"owner": "credit team"}) == [{
		"code": "ownership.owner",
		"msg": "an owner is declared",
		"values": {"declared": true},
		"facts": [],
	}]
}

test_success_the_owner_is_not_repeated if {
	[result] := passed({"owner": "credit team"})
	result.msg == "an owner is declared"
}

test_success_nothing_else_needs_to_be_declared if count(denied({"owner": "x"})) == 0

test_fail_no_owner if {
	denied({"purpose": "to score"}) == [{
		"code": "ownership.owner",
		"msg": "no owner is declared",
		"values": {"declared": false},
		"facts": [],
	}]
	count(passed({"purpose": "to score"})) == 0
}

test_fail_blanks_are_no_owner if {
	count(denied({"owner": "  "})) == 1
	count(passed({"owner": "  "})) == 0
}

test_fail_an_empty_owner_is_none if {
	count(denied({"owner": ""})) == 1
	count(passed({"owner": ""})) == 0
}
