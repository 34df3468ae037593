package data_licence_test

artifact(name, role) := {"name": name, "role": role, "digest": {"sha256": "aa"}}

train := artifact("train", "training")

document(artifacts, licences) := {
	"artifacts": artifacts,
	"declared": {"data": {name: {"licence": licence} | some name, licence in licences}},
}

denied(artifacts, licences) := found if {
	all := data.data.deny with input as document(artifacts, licences)
	found := [result | some result in all; result.code == "data.licence"]
}

passed(artifacts, licences) := found if {
	all := data.data.passed with input as document(artifacts, licences)
	found := [result | some result in all; result.code == "data.licence"]
}

test_success_a_declared_licence_passes if {
	count(denied([train], {"train": "CC-BY-4.0"})) == 0
	[result] := passed([train], {"train": " CC-BY-4.0 "})
	result.term == "train"
	result.msg == "licence: CC-BY-4.0"
	result.values == {"role": "training", "licence": "CC-BY-4.0"}
	result.facts == ["aa"]
}

test_success_every_data_set_has_its_own if {
	test := artifact("test", "predictions")
	count(denied([train, test], {"train": "CC0-1.0", "test": "contract of 2024"})) == 0
	count(passed([train, test], {"train": "CC0-1.0", "test": "contract of 2024"})) == 2
}

test_success_a_model_needs_no_licence_of_data if {
	model := artifact("model", "model")
	count(denied([train, model], {"train": "CC0-1.0"})) == 0
	count(passed([train, model], {"train": "CC0-1.0"})) == 1
}

test_fail_a_data_set_without_a_licence if {
	[result] := denied([train], {})
	result.term == "train"
	result.msg == "no licence is declared"
	result.values == {"role": "training", "licence": ""}
	result.facts == ["aa"]
	count(passed([train], {})) == 0
}

test_fail_a_word_for_not_knowing if {
	every word in {"?", "-", "n/a", "NA", "TBD", "todo", "unknown", "unclear", "None", "NOASSERTION"} {
		[result] := denied([train], {"train": word})
		result.msg == sprintf("the licence is given as '%s', which names none", [word])
		count(passed([train], {"train": word})) == 0
	}
}

test_fail_the_licence_of_another_data_set if {
	count(denied([train], {"test": "CC0-1.0"})) == 1
}

test_fail_blanks_are_no_licence if {
	[result] := denied([artifact("holdout", "evaluation")], {"holdout": "  "})
	result.msg == "no licence is declared"
}

test_fail_no_data_set_at_all if {
	denied([artifact("model", "model")], {}) == [{
		"code": "data.licence",
		"msg": "no data set was collected",
		"values": {"data_sets": 0},
		"facts": [],
	}]
}
