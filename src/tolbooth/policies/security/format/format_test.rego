package security_format_test

safe(path, format) := {"path": path, "format": format, "executes": false}

runs(path, format) := {"path": path, "format": format, "executes": true}

unknown := {"path": "weights.bin", "format": "unknown"}

model(files) := {"about": "credit", "values": {"files": files, "unsafe": []}, "reads": ["digest"], "freshness": "fresh"}

denied(files, allowed) := found if {
	found := data.security.deny with input.observations as {"model-format": [model(files)]}
		with data.parameters.security.format.allowed as allowed
}

open(files, allowed) := found if {
	found := data.security.undecided with input.observations as {"model-format": [model(files)]}
		with data.parameters.security.format.allowed as allowed
}

passed(files, allowed) := found if {
	found := data.security.passed with input.observations as {"model-format": [model(files)]}
		with data.parameters.security.format.allowed as allowed
}

test_success_a_file_of_numbers_passes if {
	files := [safe("model.safetensors", "safetensors"), safe("MLmodel", "text")]
	count(denied(files, [])) == 0
	count(open(files, [])) == 0
	passed(files, []) == {{
		"code": "security.format",
		"msg": "2 files, none that runs code when it is loaded",
		"term": "model: credit",
		"values": {"formats": ["safetensors", "text"], "allowed": []},
		"facts": ["digest"],
	}}
}

test_success_an_allowed_format_passes_and_is_named if {
	files := [runs("model.joblib", "joblib"), safe("MLmodel", "text")]
	count(denied(files, ["joblib"])) == 0
	some result in passed(files, ["joblib", "pickle"])
	result.msg == "2 files, none that runs code when it is loaded, but the allowed joblib"
	result.values == {"formats": ["joblib", "text"], "allowed": ["joblib"]}
}

test_success_what_is_allowed_and_was_not_met_is_not_named if {
	some result in passed([safe("model.onnx", "onnx")], ["pickle"])
	result.values.allowed == []
}

test_fail_a_pickle if {
	files := [runs("data/model.pkl", "pickle"), safe("MLmodel", "text")]
	denied(files, []) == {{
		"code": "security.format",
		"msg": "is in the format 'pickle', which runs code when it is loaded",
		"term": "data/model.pkl",
		"values": {"format": "pickle"},
		"facts": ["digest"],
	}}
	count(passed(files, [])) == 0
	count(open(files, [])) == 0
}

test_fail_another_format_than_the_allowed_one if {
	files := [runs("model.joblib", "joblib"), runs("model.pkl", "pickle")]
	{result.term | some result in denied(files, ["joblib"])} == {"model.pkl"}
	count(passed(files, ["joblib"])) == 0
}

test_fail_an_unknown_format_is_undecided if {
	some result in open([unknown, safe("MLmodel", "text")], [])
	result.term == "weights.bin"
	result.reason == "insufficient"
	result.values == {"format": "unknown"}
	count(denied([unknown], [])) == 0
	count(passed([unknown], [])) == 0
}

test_fail_no_file_is_undecided if {
	some result in open([], [])
	result.term == "model: credit"
	result.msg == "there is no file to look at"
	count(passed([], [])) == 0
}
