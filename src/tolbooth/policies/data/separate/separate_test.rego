package data_separate_test

artifact(name, role, digest) := {"name": name, "role": role, "digest": digest}

train := artifact("train", "training", {"sha256": "aa"})

holdout := artifact("holdout", "evaluation", {"sha256": "bb"})

denied(artifacts) := found if {
	all := data.data.deny with input.artifacts as artifacts
	found := [result | some result in all; result.code == "data.separate"]
}

open(artifacts) := found if {
	all := data.data.undecided with input.artifacts as artifacts
	found := [result | some result in all; result.code == "data.separate"]
}

passed(artifacts) := found if {
	all := data.data.passed with input.artifacts as artifacts
	found := [result | some result in all; result.code == "data.separate"]
}

test_success_different_data_pass if {
	count(denied([train, holdout])) == 0
	count(open([train, holdout])) == 0
	[result] := passed([train, holdout])
	result.term == "holdout"
	result.msg == "differs from all training data (train)"
	result.values == {"role": "evaluation", "digest": {"sha256": "bb"}}
	result.facts == ["aa", "bb"]
}

test_success_each_tested_data_set_is_compared if {
	predictions := artifact("predictions", "predictions", {"sha256": "cc"})
	{result.term | some result in passed([train, holdout, predictions])} == {"holdout", "predictions"}
}

test_success_all_training_data_are_named if {
	[result] := passed([train, artifact("more", "training", {"sha256": "dd"}), holdout])
	result.msg == "differs from all training data (more, train)"
}

test_success_two_tested_data_sets_may_be_the_same if {
	again := artifact("again", "predictions", {"sha256": "bb"})
	count(denied([train, holdout, again])) == 0
	count(passed([train, holdout, again])) == 2
}

test_success_the_same_value_of_another_algorithm_is_another_digest if {
	folder := artifact("folder", "evaluation", {"dirHash": "aa"})
	count(denied([train, folder])) == 0
	count(passed([train, folder])) == 1
}

test_fail_training_data_used_for_evaluation if {
	same := artifact("holdout", "evaluation", {"sha256": "aa"})
	[result] := denied([train, same])
	result.term == "holdout / train"
	result.msg == "has the bytes of the training data 'train'"
	result.values == {"role": "evaluation", "digest": {"sha256": "aa"}}
	result.facts == ["aa"]
	count(passed([train, same])) == 0
}

test_fail_one_of_two_training_data_sets if {
	more := artifact("more", "training", {"sha256": "bb"})
	[result] := denied([train, more, holdout])
	result.term == "holdout / more"
	count(passed([train, more, holdout])) == 0
}

test_fail_without_training_data_it_is_undecided if {
	predictions := artifact("predictions", "predictions", {"sha256": "cc"})
	open([predictions]) == [{
		"code": "data.separate",
		"msg": "can't be told: no training data were collected to compare with",
		"term": "predictions",
		"reason": "insufficient",
		"values": {"role": "predictions"},
		"facts": ["cc"],
	}]
	count(passed([predictions])) == 0
}

test_fail_without_tested_data_it_is_undecided if {
	open([train]) == [{
		"code": "data.separate",
		"msg": "can't be told: no data of evaluation or predictions were collected",
		"reason": "insufficient",
		"values": {"training": 1},
		"facts": [],
	}]
	count(passed([train])) == 0
}
