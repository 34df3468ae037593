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

test_success_every_allowed_format_that_was_met_is_named if {
	files := [runs("model.joblib", "joblib"), runs("model.pkl", "pickle")]
	some result in passed(files, ["joblib", "pickle"])
	result.msg == "2 files, none that runs code when it is loaded, but the allowed joblib, pickle"
}

test_success_a_file_of_which_nothing_is_said_runs_nothing if {
	some result in passed([{"path": "MLmodel", "format": "text"}], [])
	result.values == {"formats": ["text"], "allowed": []}
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
	open([unknown, safe("MLmodel", "text")], []) == {{
		"code": "security.format",
		"msg": "its format can't be told, so neither can what loading it does",
		"term": "weights.bin",
		"reason": "insufficient",
		"values": {"format": "unknown"},
		"facts": ["digest"],
	}}
	count(denied([unknown], [])) == 0
	count(passed([unknown], [])) == 0
}

test_fail_no_file_is_undecided if {
	open([], []) == {{
		"code": "security.format",
		"msg": "there is no file to look at",
		"term": "model: credit",
		"reason": "insufficient",
		"values": {"formats": []},
		"facts": ["digest"],
	}}
	count(passed([], [])) == 0
}

test_fail_a_pickle_beside_a_file_of_an_unknown_format if {
	{result.term | some result in denied([runs("model.pkl", "pickle"), unknown], [])} == {"model.pkl"}
	{result.term | some result in open([runs("model.pkl", "pickle"), unknown], [])} == {"weights.bin"}
}
