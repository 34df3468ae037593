package lineage

# METADATA
# title: It is known what the release was made from
# description: >-
#   Asks that a reader can go back from the release: to the commit of the source, with a clean tree, to the run that
#   trained the model, and to the packages that it ran with, each at an exact version; and, where OpenLineage events are
#   collected, to the job that made it and the data that the job read.
# custom:
#   short_name: complete
#   severity: high
#   solution: >-
#     Commit what differs and run again from the clean tree. Pin every package to an exact version, as 'pip freeze',
#     'conda env export' or a lock file does, and keep that file beside the model. A job should state the digest of each
#     data set as its version, and tolbooth.yaml what the job calls our data.
#   controls:
#     - eu-ai-act:annex-iv.2.a
#     - eu-ai-act:17.1.k
#     - nist-ai-rmf:MEASURE-2.8
#   collections: [recommended]
#   evidence: []
#   evidence_for:
#     required:
#       commit: source-control
#       tree: source-control
#       run: run
#       environment: environment
#       job: lineage
#       data: lineage
#       inputs: lineage
#   parameters:
#     - name: required
#       type: list
#       choices: [commit, tree, run, environment, job, data, inputs]
#       default: [commit, tree, environment]
#       loosens: down
#       description: The links that must be there; tree asks that nothing differs from the commit.
deny contains {
	"code": "lineage.complete",
	"msg": "no link back is asked for, so none is known",
	"values": {"required": []},
	"facts": [],
} if {
	count(data.parameters.lineage.complete.required) == 0
}

deny contains {
	"code": "lineage.complete",
	"msg": sprintf("files differ from the commit %s, or are new", [substring(source.values.commit, 0, 12)]),
	"term": "tree",
	"values": {"commit": source.values.commit, "tree_clean": false},
	"facts": source.reads,
} if {
	"tree" in data.parameters.lineage.complete.required
	some source in input.observations["source-control"]
	source.values.tree_clean == false
}

deny contains {
	"code": "lineage.complete",
	"msg": sprintf("the run did no work to its end: its status is %s", [concat(", ", complete_broken_runs)]),
	"term": "run",
	"values": {"runs": complete_runs, "status": complete_broken_runs},
	"facts": complete_reads("run"),
} if {
	"run" in data.parameters.lineage.complete.required
	count(complete_broken_runs) > 0
}

deny contains {
	"code": "lineage.complete",
	"msg": sprintf("%v of %v packages have no exact version", [complete_unpinned, complete_pinned + complete_unpinned]),
	"term": "environment",
	"values": {"pinned": complete_pinned, "unpinned": complete_unpinned},
	"facts": complete_reads("environment"),
} if {
	"environment" in data.parameters.lineage.complete.required
	complete_unpinned > 0
}

deny contains {
	"code": "lineage.complete",
	"msg": "the files of the environment name no package",
	"term": "environment",
	"values": {"pinned": 0, "unpinned": 0},
	"facts": complete_reads("environment"),
} if {
	"environment" in data.parameters.lineage.complete.required
	"environment" in object.keys(input.observations)
	complete_pinned + complete_unpinned == 0
}

deny contains {
	"code": "lineage.complete",
	"msg": sprintf("the job '%s' did no work to its end: it ended as %s", [made.values.job.name, made.values.status]),
	"term": "job",
	"values": {"run": made.values.run_id, "status": made.values.status},
	"facts": made.reads,
} if {
	"job" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	made.values.status != "complete"
}

deny contains {
	"code": "lineage.complete",
	"msg": sprintf("the job used other bytes than the gate was given: %s", [wrong.told]),
	"term": sprintf("data: %s", [wrong.name]),
	"values": {"run": wrong.run, "gate": wrong.gate, "job": wrong.job},
	"facts": wrong.reads,
} if {
	"data" in data.parameters.lineage.complete.required
	some wrong in complete_compared
	wrong.gate != wrong.job
}

deny contains {
	"code": "lineage.complete",
	"msg": "the job read a data set that tolbooth.yaml has no name for",
	"term": sprintf("input: %s %s", [found.namespace, found.name]),
	"values": {"run": made.values.run_id, "namespace": found.namespace, "name": found.name},
	"facts": made.reads,
} if {
	"inputs" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	some found in made.values.datasets
	found.direction == "input"
	object.get(found, "declared", "") == ""
}

undecided contains {
	"code": "lineage.complete",
	"msg": "can't be told: the job's events state no digest of it that compares with the gate's",
	"term": sprintf("data: %s", [name]),
	"reason": "insufficient",
	"values": {"run": made.values.run_id},
	"facts": made.reads,
} if {
	"data" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	some found in made.values.datasets
	name := found.declared
	count([each | some each in complete_compared; each.name == name]) == 0
}

undecided contains {
	"code": "lineage.complete",
	"msg": "can't be told: no data set is declared by its name in the job's events",
	"term": "data",
	"reason": "insufficient",
	"values": {"run": made.values.run_id},
	"facts": made.reads,
} if {
	"data" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	count([found | some found in made.values.datasets; "declared" in object.keys(found)]) == 0
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("commit %s", [substring(source.values.commit, 0, 12)]),
	"term": "commit",
	"values": {"commit": source.values.commit},
	"facts": source.reads,
} if {
	"commit" in data.parameters.lineage.complete.required
	some source in input.observations["source-control"]
}

passed contains {
	"code": "lineage.complete",
	"msg": "nothing differs from the commit",
	"term": "tree",
	"values": {"tree_clean": true},
	"facts": source.reads,
} if {
	"tree" in data.parameters.lineage.complete.required
	some source in input.observations["source-control"]
	source.values.tree_clean == true
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("run %s", [concat(", ", complete_runs)]),
	"term": "run",
	"values": {"runs": complete_runs},
	"facts": complete_reads("run"),
} if {
	"run" in data.parameters.lineage.complete.required
	count(complete_runs) > 0
	count(complete_broken_runs) == 0
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("all %v packages have an exact version", [complete_pinned]),
	"term": "environment",
	"values": {"pinned": complete_pinned, "unpinned": 0},
	"facts": complete_reads("environment"),
} if {
	"environment" in data.parameters.lineage.complete.required
	complete_pinned > 0
	complete_unpinned == 0
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("the job '%s', run %s", [made.values.job.name, made.values.run_id]),
	"term": "job",
	"values": {"run": made.values.run_id, "status": made.values.status},
	"facts": made.reads,
} if {
	"job" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	made.values.status == "complete"
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("the job used the bytes that the gate was given: %s", [right.told]),
	"term": sprintf("data: %s", [right.name]),
	"values": {"run": right.run, "gate": right.gate, "job": right.job},
	"facts": right.reads,
} if {
	"data" in data.parameters.lineage.complete.required
	some right in complete_compared
	right.gate == right.job
}

passed contains {
	"code": "lineage.complete",
	"msg": sprintf("all %v data sets that the job read are declared", [count(complete_read(made))]),
	"term": "inputs",
	"values": {"run": made.values.run_id, "inputs": count(complete_read(made))},
	"facts": made.reads,
} if {
	"inputs" in data.parameters.lineage.complete.required
	some made in input.observations.lineage
	count([found | some found in complete_read(made); object.get(found, "declared", "") == ""]) == 0
}

complete_read(made) := {found | some found in made.values.datasets; found.direction == "input"}

# Data sets whose digest both the gate and the job's events state, by the same algorithm.
complete_compared contains {
	"name": artifact.name,
	"run": made.values.run_id,
	"gate": computed,
	"job": stated,
	"told": sprintf("%s %s", [algorithm, substring(stated, 0, 12)]),
	"reads": sort({stated, computed} | {digest | some digest in made.reads}),
} if {
	some made in input.observations.lineage
	some found in made.values.datasets
	some artifact in input.artifacts
	artifact.name == found.declared
	some algorithm, stated in found.digest
	computed := artifact.digest[algorithm]
}

complete_runs := sort({run.values.run_id | some run in input.observations.run})

complete_broken_runs := sort({run.values.status |
	some run in input.observations.run
	run.values.status in {"FAILED", "KILLED"}
})

complete_pinned := sum([found.values.pinned | some found in input.observations.environment])

complete_unpinned := sum([found.values.unpinned | some found in input.observations.environment])

complete_reads(kind) := sort({digest |
	some found in object.get(input.observations, kind, [])
	some digest in found.reads
})
