# Asks of every model that is deployed for the verification summary (VSA) of its release.
#
# For a plain OPA as an admission webhook: `deny` holds what is wrong. Two annotations are asked for:
#   tolbooth/digest   the model's digest, such as dirHash:5f36…
#   tolbooth/vsa      seal/vsa.dsse.json of the evidence pack, in base64
# The summary's signature was checked by `tolbooth verify` when its SHA-256 was put on the list of accepted ones; here
# it is compared with that list, since Rego has no function that checks an Ed25519 signature.
package kubernetes.admission

governed := {"InferenceService", "SeldonDeployment", "Model"}

# data.tolbooth is {"accepted": [SHA-256, …], "level": "TOLBOOTH_GATE_RELEASE", "max_age_hours": 720}
settings := data.tolbooth

is_governed if {
	input.request.kind.kind in governed
	input.request.operation in {"CREATE", "UPDATE"}
}

annotations := object.get(object.get(input.request.object, "metadata", {}), "annotations", {})

vsa := base64.decode(annotations["tolbooth/vsa"])

statement := json.unmarshal(base64.decode(json.unmarshal(vsa).payload))

is_summary if statement.predicateType == "https://slsa.dev/verification_summary/v1"

has_passed if {
	is_summary
	statement.predicate.verificationResult == "PASSED"
	settings.level in statement.predicate.verifiedLevels
}

is_about_the_model if {
	some subject in statement.subject
	some algorithm, value in subject.digest
	annotations["tolbooth/digest"] == concat(":", [algorithm, value])
}

is_accepted if crypto.sha256(vsa) in settings.accepted

is_recent if not settings.max_age_hours

is_recent if {
	age_ns := time.now_ns() - time.parse_rfc3339_ns(statement.predicate.timeVerified)
	age_ns < (settings.max_age_hours * 3600) * 1000000000
}

deny contains "the annotation tolbooth/digest is missing" if {
	is_governed
	not annotations["tolbooth/digest"]
}

deny contains "the annotation tolbooth/vsa is missing, or is no verification summary" if {
	is_governed
	not is_summary
}

deny contains sprintf("the summary does not say that the gate was passed: %v", [settings.level]) if {
	is_governed
	is_summary
	not has_passed
}

deny contains "the summary is about another digest than tolbooth/digest" if {
	is_governed
	is_summary
	annotations["tolbooth/digest"]
	not is_about_the_model
}

deny contains "the summary is not on the list of those that were verified" if {
	is_governed
	is_summary
	not is_accepted
}

deny contains "the summary is too old" if {
	is_governed
	is_summary
	not is_recent
}

deny contains "data.tolbooth is missing: which summaries are accepted, and which level is asked for" if {
	is_governed
	not settings.level
}
