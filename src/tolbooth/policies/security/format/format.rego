package security

# METADATA
# title: Loading the model runs no code of strangers
# description: >-
#   Asks that no file of the model is in a format that runs code when it is loaded, such as a pickle, unless that
#   format is allowed by name. The format is told from the bytes; nothing is loaded.
# custom:
#   short_name: format
#   severity: high
#   solution: >-
#     Save the model in a format that holds numbers only (safetensors, ONNX, skops, XGBoost's or LightGBM's own). Where
#     the file is made and loaded by the same team, that team may allow the format by name.
#   controls:
#     - eu-ai-act:15.5
#     - nist-ai-rmf:MEASURE-2.7
#   collections: [recommended]
#   evidence: [model-format]
#   parameters:
#     - name: allowed
#       type: list
#       choices:
#         [joblib, keras, keras-h5, native-library, numpy-objects, pickle, python, tf-saved-model,
#          torch-script, torch-zip, zip]
#       default: []
#       loosens: any
#       description: Formats that may run code when they are loaded.
deny contains {
	"code": "security.format",
	"msg": sprintf("is in the format '%s', which runs code when it is loaded", [format]),
	"term": path,
	"values": {"format": format},
	"facts": model.reads,
} if {
	some model in input.observations["model-format"]
	some file in format_unsafe(model)
	format := file.format
	path := file.path
}

undecided contains {
	"code": "security.format",
	"msg": "its format can't be told, so neither can what loading it does",
	"term": path,
	"reason": "insufficient",
	"values": {"format": "unknown"},
	"facts": model.reads,
} if {
	some model in input.observations["model-format"]
	some file in format_unknown(model)
	path := file.path
}

passed contains {
	"code": "security.format",
	"msg": sprintf("%v files, none that runs code when it is loaded%s", [count(model.values.files), format_but(model)]),
	"term": format_term(model),
	"values": {"formats": format_names(model), "allowed": format_allowed(model)},
	"facts": model.reads,
} if {
	some model in input.observations["model-format"]
	count(model.values.files) > 0
	count(format_unsafe(model)) == 0
	count(format_unknown(model)) == 0
}

undecided contains {
	"code": "security.format",
	"msg": "there is no file to look at",
	"term": format_term(model),
	"reason": "insufficient",
	"values": {"formats": []},
	"facts": model.reads,
} if {
	some model in input.observations["model-format"]
	count(model.values.files) == 0
}

format_unsafe(model) := [file |
	some file in model.values.files
	object.get(file, "executes", false) == true
	count([name | some name in data.parameters.security.format.allowed; name == file.format]) == 0
]

format_unknown(model) := [file | some file in model.values.files; file.format == "unknown"]

format_names(model) := sort({file.format | some file in model.values.files})

# The formats that were met and run code: where nothing is unsafe, all of them are allowed.
format_allowed(model) := sort({file.format |
	some file in model.values.files
	object.get(file, "executes", false) == true
})

format_but(model) := "" if {
	count(format_allowed(model)) == 0
} else := sprintf(", but the allowed %s", [concat(", ", format_allowed(model))])

# A single file may be called as what it belongs to; the whole has a term of its own.
format_term(model) := sprintf("model: %s", [model.about])
