package privacy_undeclared_test

column(name, verdict, types) := {
	"name": name,
	"verdict": verdict,
	"entities": [{"entity_type": type, "values": 9, "rows_ppm": 900000, "evidence": [], "examples": []} |
		some type in types
	],
}

email := column("contact", "personal", ["EMAIL_ADDRESS"])

plain := column("age", "none", [])

scan(about, columns) := {
	"about": about,
	"values": {"rows": 432, "scanned_rows": 432, "mode": "full", "bound_ppm": 0, "columns": columns},
	"reads": ["digest"],
	"freshness": "fresh",
}

declared(fields) := {"data": {"train": {"personal_data": {"contact": fields}}}}

whole := {"purpose": "to reach people", "legal_basis": "consent"}

document(scans, owner) := {"observations": {"pii": scans}, "declared": owner}

denied(scans, owner) := found if found := data.privacy.deny with input as document(scans, owner)

open(scans, owner) := found if found := data.privacy.undecided with input as document(scans, owner)

passed(scans, owner) := found if found := data.privacy.passed with input as document(scans, owner)

test_success_data_without_personal_columns_pass if {
	count(denied([scan("train", [plain])], {})) == 0
	count(open([scan("train", [plain])], {})) == 0
	passed([scan("train", [plain])], {}) == {{
		"code": "privacy.undeclared",
		"msg": "no undeclared personal data in all 432 rows",
		"term": "train",
		"values": {
			"columns": 1,
			"declared": [],
			"mode": "full",
			"rows": 432,
			"scanned_rows": 432,
			"bound_ppm": 0,
		},
		"facts": ["digest"],
	}}
}

test_success_a_declared_column_passes if {
	count(denied([scan("train", [plain, email])], declared(whole))) == 0
	count(open([scan("train", [plain, email])], declared(whole))) == 0
	some result in passed([scan("train", [plain, email])], declared(whole))
	result.values.declared == ["contact"]
	result.values.columns == 2
}

test_success_a_declared_column_that_may_be_personal_passes if {
	scans := [scan("train", [column("contact", "possible", ["PERSON"])])]
	count(open(scans, declared(whole))) == 0
	count(denied(scans, declared(whole))) == 0
	some result in passed(scans, declared(whole))
	result.values.declared == ["contact"]
}

test_success_a_sample_says_what_it_may_have_missed if {
	sampled := object.union(scan("train", [plain]), {"values": {
		"mode": "sample",
		"scanned_rows": 300,
		"bound_ppm": 9936,
	}})
	some result in passed([sampled], {})
	result.msg == "no undeclared personal data in 300 of 432 rows; other rows with some are 0.9936 % at most"
	result.values.bound_ppm == 9936
	result.values.scanned_rows == 300
	result.values.mode == "sample"
}

test_fail_an_undeclared_column if {
	denied([scan("train", [plain, email])], {}) == {{
		"code": "privacy.undeclared",
		"msg": "holds personal data (EMAIL_ADDRESS): no legal basis or purpose is declared",
		"term": "train: contact",
		"values": {
			"data": "train",
			"column": "contact",
			"entities": ["EMAIL_ADDRESS"],
			"lacks": ["legal basis", "purpose"],
			"scanned_rows": 432,
		},
		"facts": ["digest"],
	}}
	count(open([scan("train", [plain, email])], {})) == 0
	count(passed([scan("train", [plain, email])], {})) == 0
}

test_fail_a_purpose_without_a_legal_basis if {
	some result in denied([scan("train", [email])], declared({"purpose": "to reach people", "legal_basis": " "}))
	result.msg == "holds personal data (EMAIL_ADDRESS): no legal basis is declared"
	result.values.lacks == ["legal basis"]
}

test_fail_a_legal_basis_without_a_purpose if {
	some result in denied([scan("train", [email])], declared({"legal_basis": "consent"}))
	result.msg == "holds personal data (EMAIL_ADDRESS): no purpose is declared"
}

test_fail_what_is_declared_for_other_data_does_not_count if {
	count(denied([scan("test", [email])], declared(whole))) == 1
	count(denied([scan("train", [column("phone", "personal", ["PHONE_NUMBER"])])], declared(whole))) == 1
}

test_fail_a_column_that_may_be_personal_is_undecided if {
	scans := [scan("train", [column("name", "possible", ["PERSON", "LOCATION"])])]
	open(scans, {}) == {{
		"code": "privacy.undeclared",
		"msg": "may hold personal data (LOCATION, PERSON): no legal basis or purpose is declared",
		"term": "train: name",
		"reason": "insufficient",
		"values": {
			"data": "train",
			"column": "name",
			"entities": ["LOCATION", "PERSON"],
			"lacks": ["legal basis", "purpose"],
			"scanned_rows": 432,
		},
		"facts": ["digest"],
	}}
	count(denied(scans, {})) == 0
	count(passed(scans, {})) == 0
}

test_fail_a_column_told_by_its_name_alone if {
	named := object.union(column("surname", "possible", []), {"header_hint": ["PERSON"]})
	some result in open([scan("train", [named])], {})
	result.msg == "may hold personal data (by its name): no legal basis or purpose is declared"
	result.values.entities == []
}

test_fail_a_column_that_could_be_scanned_only_in_part if {
	some result in open([scan("train", [column("blob", "possible", [])])], {})
	result.msg == "may hold personal data (it could be scanned only in part): no legal basis or purpose is declared"
}
