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

digest := "5f0f2a6a5e0f1cf5c3b1f0d8a6a2a0b4a7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"

other := "0000000000001cf5c3b1f0d8a6a2a0b4a7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"

made(status, datasets) := {"lineage": [{
	"about": "credit",
	"values": {
		"system": "openlineage",
		"job": {"namespace": "airflow-prod", "name": "train_credit.fit"},
		"run_id": "r7",
		"status": status,
		"datasets": datasets,
	},
	"reads": ["events"],
	"freshness": "fresh",
}]}

read(declared, value) := {
	"direction": "input",
	"namespace": "s3://credit",
	"name": "train.parquet",
	"declared": declared,
	"digest": {"sha256": value},
}

stranger := {"direction": "input", "namespace": "s3://credit", "name": "extra.csv"}

written := {"direction": "output", "namespace": "s3://credit", "name": "scores.csv"}

artifact(name, digests) := {"name": name, "role": "training", "digest": digests}

job_denied(observations, artifacts, required) := found if {
	found := data.lineage.deny with input.observations as observations
		with input.artifacts as artifacts
		with data.parameters.lineage.complete.required as required
}

job_undecided(observations, artifacts, required) := found if {
	found := data.lineage.undecided with input.observations as observations
		with input.artifacts as artifacts
		with data.parameters.lineage.complete.required as required
}

job_passed(observations, artifacts, required) := found if {
	found := data.lineage.passed with input.observations as observations
		with input.artifacts as artifacts
		with data.parameters.lineage.complete.required as required
}

job_links := ["job", "data", "inputs"]

sound := made("complete", [read("train", digest), written])

train := artifact("train", {"sha256": digest})

test_success_a_job_that_used_the_bytes_of_the_gate if {
	artifacts := [artifact("test", {"sha256": other}), train]
	count(job_denied(sound, artifacts, job_links)) == 0
	count(job_undecided(sound, artifacts, job_links)) == 0
	job_passed(sound, artifacts, job_links) == {
		{
			"code": "lineage.complete",
			"msg": "the job 'train_credit.fit', run r7",
			"term": "job",
			"values": {"run": "r7", "status": "complete"},
			"facts": ["events"],
		},
		{
			"code": "lineage.complete",
			"msg": "the job used the bytes that the gate was given: sha256 5f0f2a6a5e0f",
			"term": "data: train",
			"values": {"run": "r7", "gate": digest, "job": digest},
			"facts": [digest, "events"],
		},
		{
			"code": "lineage.complete",
			"msg": "all 1 data sets that the job read are declared",
			"term": "inputs",
			"values": {"run": "r7", "inputs": 1},
			"facts": ["events"],
		},
	}
}

test_success_no_link_of_the_job_is_told_that_is_not_asked_for if {
	object.keys(said(job_passed(sound, [train], ["job"]))) == {"job"}
	object.keys(said(job_passed(sound, [train], ["data"]))) == {"data: train"}
	object.keys(said(job_passed(sound, [train], ["inputs"]))) == {"inputs"}
	broken := made("fail", [read("train", other), stranger])
	object.keys(said(job_denied(broken, [train], ["job"]))) == {"job"}
	object.keys(said(job_denied(broken, [train], ["data"]))) == {"data: train"}
	object.keys(said(job_denied(broken, [train], ["inputs"]))) == {"input: s3://credit extra.csv"}
	untold := made("complete", [{"direction": "input", "namespace": "n", "name": "m", "declared": "train"}])
	count(job_undecided(untold, [train], ["job", "inputs"])) == 0
	count(job_undecided(made("complete", []), [train], ["job", "inputs"])) == 0
}

test_success_what_the_job_wrote_need_not_be_declared if {
	count(job_denied(made("complete", [written]), [train], ["inputs"])) == 0
	said(job_passed(made("complete", [written]), [train], ["inputs"])) == {
		"inputs": "all 0 data sets that the job read are declared",
	}
}

test_success_nothing_is_told_where_no_job_was_observed if {
	count(job_denied({}, [train], job_links)) == 0
	count(job_undecided({}, [train], job_links)) == 0
	count(job_passed({}, [train], job_links)) == 0
}

test_fail_a_job_that_did_not_end_well if {
	every status in {"fail", "abort"} {
		job_denied(made(status, []), [train], ["job"]) == {{
			"code": "lineage.complete",
			"msg": sprintf("the job 'train_credit.fit' did no work to its end: it ended as %s", [status]),
			"term": "job",
			"values": {"run": "r7", "status": status},
			"facts": ["events"],
		}}
		count(job_passed(made(status, []), [train], ["job"])) == 0
	}
}

test_fail_a_job_that_used_other_bytes if {
	job_denied(made("complete", [read("train", other)]), [train], ["data"]) == {{
		"code": "lineage.complete",
		"msg": "the job used other bytes than the gate was given: sha256 000000000000",
		"term": "data: train",
		"values": {"run": "r7", "gate": digest, "job": other},
		"facts": [other, digest, "events"],
	}}
	count(job_passed(made("complete", [read("train", other)]), [train], ["data"])) == 0
	count(job_undecided(made("complete", [read("train", other)]), [train], ["data"])) == 0
}

test_fail_a_data_set_that_nobody_declared if {
	found := made("complete", [read("train", digest), stranger])
	job_denied(found, [train], ["inputs"]) == {{
		"code": "lineage.complete",
		"msg": "the job read a data set that tolbooth.yaml has no name for",
		"term": "input: s3://credit extra.csv",
		"values": {"run": "r7", "namespace": "s3://credit", "name": "extra.csv"},
		"facts": ["events"],
	}}
	count(job_passed(found, [train], ["inputs"])) == 0
}

test_fail_a_data_set_without_a_digest_can_not_be_told if {
	untold := made("complete", [{"direction": "input", "namespace": "n", "name": "m", "declared": "train"}])
	job_undecided(untold, [train], ["data"]) == {{
		"code": "lineage.complete",
		"msg": "can't be told: the job's events state no digest of it that compares with the gate's",
		"term": "data: train",
		"reason": "insufficient",
		"values": {"run": "r7"},
		"facts": ["events"],
	}}
	count(job_passed(untold, [train], ["data"])) == 0
}

test_fail_digests_of_two_algorithms_can_not_be_compared if {
	folder := artifact("train", {"dirHash": digest})
	count(job_undecided(sound, [folder], ["data"])) == 1
	count(job_passed(sound, [folder], ["data"])) == 0
	count(job_denied(sound, [folder], ["data"])) == 0
}

test_fail_no_data_set_of_the_job_is_declared if {
	job_undecided(made("complete", [stranger, written]), [train], ["data"]) == {{
		"code": "lineage.complete",
		"msg": "can't be told: no data set is declared by its name in the job's events",
		"term": "data",
		"reason": "insufficient",
		"values": {"run": "r7"},
		"facts": ["events"],
	}}
}

test_fail_one_of_two_data_sets_without_a_digest_is_told_alone if {
	blind := {"direction": "input", "namespace": "n", "name": "m", "declared": "test"}
	found := made("complete", [read("train", digest), blind])
	{result.term | some result in job_undecided(found, [train], ["data"])} == {"data: test"}
	object.keys(said(job_passed(found, [train], ["data"]))) == {"data: train"}
}
