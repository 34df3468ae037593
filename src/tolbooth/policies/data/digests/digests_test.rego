package data_digests_test

digest := "77ab0f5dc1e2a3b4c5d6e7f80912a3b4c5d6e7f80912a3b4c5d6e7f80912a3b4"

artifact(name, role, value) := {"name": name, "role": role, "digest": value}

predictions := artifact("predictions", "predictions", {"sha256": digest})

denied(artifacts, roles) := found if {
	all := data.data.deny with input.artifacts as artifacts with data.parameters.data.digests.required_roles as roles
	found := [result | some result in all; result.code == "data.digests"]
}

passed(artifacts, roles) := found if {
	all := data.data.passed with input.artifacts as artifacts with data.parameters.data.digests.required_roles as roles
	found := [result | some result in all; result.code == "data.digests"]
}

test_success_a_required_data_set_with_its_digest_passes if {
	count(denied([predictions], ["predictions"])) == 0
	some result in passed([predictions], ["predictions"])
	result.term == "predictions"
	result.facts == [digest]
	result.values == {"role": "predictions", "digest": {"sha256": digest}}
	result.msg == "the data set is named by its digest, role 'predictions'"
}

test_success_a_folder_is_named_by_its_dir_hash if {
	folder := artifact("training", "training", {"dirHash": digest})
	count(denied([folder], ["training"])) == 0
	count(passed([folder], ["training"])) == 1
}

test_success_a_model_is_no_data_set if {
	model := artifact("model", "model", {})
	count(denied([predictions, model], ["predictions"])) == 0
	count(passed([predictions, model], ["predictions"])) == 1
}

test_success_no_required_role_asks_for_no_data_set if {
	count(denied([], [])) == 0
}

test_fail_a_required_role_without_a_data_set if {
	denied([predictions], ["predictions", "training"]) == [{
		"code": "data.digests",
		"msg": "no data set with the role 'training' was collected",
		"term": "role: training",
		"values": {"role": "training"},
		"facts": [],
	}]
}

test_fail_a_data_set_without_a_digest if {
	bare := artifact("evaluation", "evaluation", {})
	denied([predictions, bare], ["predictions"]) == [{
		"code": "data.digests",
		"msg": "the data set has no digest that names its bytes",
		"term": "evaluation",
		"values": {"role": "evaluation"},
		"facts": [],
	}]
}

test_fail_a_shortened_digest_names_no_bytes if {
	shortened := artifact("predictions", "predictions", {"sha256": "77ab0f5dc1e2"})
	count(denied([shortened], ["predictions"])) == 1
	count(passed([shortened], ["predictions"])) == 0
}

test_fail_a_weak_digest_names_no_bytes if {
	weak := artifact("training", "training", {"md5": digest})
	count(denied([weak], [])) == 1
}
