package lineage_complete_test

commit := "0123456789abcdef0123456789abcdef01234567"

source(clean) := {
	"about": "project",
	"values": {"system": "git", "commit": commit, "tree_clean": clean},
	"reads": [],
	"freshness": "fresh",
}

run(id, status) := {
	"about": "run",
	"values": {"system": "mlflow", "run_id": id, "status": status},
	"reads": [id],
	"freshness": "fresh",
}

environment(pinned, unpinned) := {
	"about": "model",
	"values": {"files": [], "packages": [], "pinned": pinned, "unpinned": unpinned},
	"reads": ["lock"],
	"freshness": "fresh",
}

whole := {"source-control": [source(true)], "run": [run("r1", "FINISHED")], "environment": [environment(12, 0)]}

all_links := ["commit", "tree", "run", "environment"]

denied(observations, required) := found if {
	found := data.lineage.deny with input.observations as observations
		with data.parameters.lineage.complete.required as required
}

passed(observations, required) := found if {
	found := data.lineage.passed with input.observations as observations
		with data.parameters.lineage.complete.required as required
}

said(results) := {result.term: result.msg | some result in results; result.code == "lineage.complete"}

test_success_every_link_is_named if {
	count(denied(whole, all_links)) == 0
	said(passed(whole, all_links)) == {
		"commit": "commit 0123456789ab",
		"tree": "nothing differs from the commit",
		"run": "run r1",
		"environment": "all 12 packages have an exact version",
	}
}

test_success_facts_and_values_are_those_of_each_link if {
	{result.term: [result.values, result.facts] | some result in passed(whole, all_links)} == {
		"commit": [{"commit": commit}, []],
		"tree": [{"tree_clean": true}, []],
		"run": [{"runs": ["r1"]}, ["r1"]],
		"environment": [{"pinned": 12, "unpinned": 0}, ["lock"]],
	}
}

test_success_a_link_that_is_not_asked_for_is_not_looked_at if {
	broken := {
		"source-control": [source(false)],
		"run": [run("r1", "FAILED")],
		"environment": [environment(1, 1)],
	}
	count(denied(broken, ["commit"])) == 0
	said(passed(broken, ["commit"])) == {"commit": "commit 0123456789ab"}
}

test_success_no_link_is_told_that_is_not_asked_for if {
	every link in all_links {
		object.keys(said(passed(whole, [link]))) == {link}
	}
}

test_success_every_run_is_named if {
	some result in passed({"run": [run("r2", "FINISHED"), run("r1", "FINISHED")]}, ["run"])
	result.msg == "run r1, r2"
}

test_success_a_link_of_which_nothing_was_observed_is_left_to_the_need_for_it if {
	count(denied({}, all_links)) == 0
	count(passed({}, all_links)) == 0
}

test_success_one_package_is_an_environment if {
	count(denied({"environment": [environment(1, 0)]}, ["environment"])) == 0
	count(passed({"environment": [environment(1, 0)]}, ["environment"])) == 1
}

test_success_a_run_that_goes_on_is_a_run if {
	running := {"run": [run("r1", "RUNNING")]}
	count(denied(running, ["run"])) == 0
	count(passed(running, ["run"])) == 1
}

test_fail_a_tree_that_differs if {
	differing := object.union(source(false), {"reads": ["status"]})
	denied({"source-control": [differing]}, ["commit", "tree"]) == {{
		"code": "lineage.complete",
		"msg": "files differ from the commit 0123456789ab, or are new",
		"term": "tree",
		"values": {"commit": commit, "tree_clean": false},
		"facts": ["status"],
	}}
	said(passed({"source-control": [source(false)]}, ["tree"])) == {}
}

test_fail_a_run_that_failed_or_was_killed if {
	every status in {"FAILED", "KILLED"} {
		runs := {"run": [run("r1", "FINISHED"), run("r2", status)]}
		denied(runs, ["run"]) == {{
			"code": "lineage.complete",
			"msg": sprintf("the run did no work to its end: its status is %s", [status]),
			"term": "run",
			"values": {"runs": ["r1", "r2"], "status": [status]},
			"facts": ["r1", "r2"],
		}}
		count(passed(runs, ["run"])) == 0
	}
}

test_fail_every_bad_end_is_named if {
	some result in denied({"run": [run("r1", "KILLED"), run("r2", "FAILED")]}, ["run"])
	result.msg == "the run did no work to its end: its status is FAILED, KILLED"
}

test_fail_a_package_without_an_exact_version if {
	denied({"environment": [environment(11, 1)]}, ["environment"]) == {{
		"code": "lineage.complete",
		"msg": "1 of 12 packages have no exact version",
		"term": "environment",
		"values": {"pinned": 11, "unpinned": 1},
		"facts": ["lock"],
	}}
	count(passed({"environment": [environment(11, 1)]}, ["environment"])) == 0
}

test_fail_half_of_the_packages_is_told_once if {
	some result in denied({"environment": [environment(1, 1)]}, ["environment"])
	result.msg == "1 of 2 packages have no exact version"
	count(denied({"environment": [environment(1, 1)]}, ["environment"])) == 1
}

test_fail_an_environment_without_packages if {
	denied({"environment": [environment(0, 0)]}, ["environment"]) == {{
		"code": "lineage.complete",
		"msg": "the files of the environment name no package",
		"term": "environment",
		"values": {"pinned": 0, "unpinned": 0},
		"facts": ["lock"],
	}}
	count(passed({"environment": [environment(0, 0)]}, ["environment"])) == 0
}

test_fail_an_environment_without_packages_is_no_matter_where_it_is_not_asked_for if {
	count(denied({"environment": [environment(0, 0)]}, ["commit"])) == 0
}

test_fail_nothing_asked_for_is_nothing_known if {
	denied(whole, []) == {{
		"code": "lineage.complete",
		"msg": "no link back is asked for, so none is known",
		"values": {"required": []},
		"facts": [],
	}}
}
