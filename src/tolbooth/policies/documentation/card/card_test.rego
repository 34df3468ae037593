package documentation_card_test

usual := ["purpose", "data", "evaluation", "limitations"]

card(sections, keys) := {
	"about": "card",
	"values": {"sections": sections, "sections_withheld": 0, "word_count": 312, "front_matter_keys": keys},
	"reads": ["digest"],
	"freshness": "fresh",
}

whole := card(["bias risks and limitations", "evaluation", "training data", "uses"], [])

denied(found, required) := result if {
	result := data.documentation.deny with input.observations as {"model-card": [found]}
		with data.parameters.documentation.card.required as required
}

passed(found, required) := result if {
	result := data.documentation.passed with input.observations as {"model-card": [found]}
		with data.parameters.documentation.card.required as required
}

test_success_a_card_with_every_section_passes if {
	count(denied(whole, usual)) == 0
	passed(whole, usual) == {{
		"code": "documentation.card",
		"msg": "the model card has purpose, data, evaluation, limitations, 312 words in all",
		"term": "card",
		"values": {"sections": whole.values.sections, "word_count": 312},
		"facts": ["digest"],
	}}
}

test_success_a_topic_is_known_by_several_headings if {
	topics := {
		"purpose": {
			"intended use",
			"intended uses limitations",
			"the purpose",
			"direct use",
			"uses",
			"a use case",
			"use cases",
		},
		"data": {"datasets", "dataset", "data", "training data set", "data sets"},
		"evaluation": {
			"evaluation",
			"results",
			"testing data",
			"metrics used",
			"performance",
			"validation",
			"benchmarks",
		},
		"limitations": {
			"limits",
			"limitation",
			"limitations",
			"risks",
			"caveats and recommendations",
			"known issues",
			"out-of-scope use",
		},
		"fairness": {"fairness", "ethical considerations", "bias", "biases", "subgroups", "disaggregated results"},
		"oversight": {"oversight", "human oversight", "human review", "monitoring"},
		"contact": {"model card contact", "contacts", "owner", "owners", "maintainers"},
		"licence": {"license", "licence", "licensing"},
	}
	every topic, headings in topics {
		every heading in headings {
			count(denied(card([heading], []), [topic])) == 0
		}
	}
}

test_success_other_words_stand_for_themselves if {
	count(denied(card(["energy use", "maintenance"], []), ["Energy use", "maintenance"])) == 0
}

test_success_a_licence_may_stand_in_the_front_matter if {
	count(denied(card([], ["license"]), ["licence"])) == 0
	count(passed(card([], ["license"]), ["licence"])) == 1
	count(passed(card([], ["licence"]), ["licence"])) == 1
}

test_fail_a_section_that_is_not_there if {
	denied(card(["uses", "training data", "evaluation"], []), usual) == {{
		"code": "documentation.card",
		"msg": "the model card has no section on limitations",
		"term": "section: limitations",
		"values": {"section": "limitations", "sections": ["uses", "training data", "evaluation"], "withheld": 0},
		"facts": ["digest"],
	}}
	count(passed(card(["uses", "training data", "evaluation"], []), usual)) == 0
}

test_fail_every_lacking_section_is_named if {
	{result.term | some result in denied(card([], []), usual)} == {
		"section: purpose",
		"section: data",
		"section: evaluation",
		"section: limitations",
	}
}

test_fail_a_part_of_a_word_is_no_heading if {
	count(denied(card(["metadata", "database"], []), ["data"])) == 1
	count(denied(card(["how to use"], []), ["purpose"])) == 1
}

test_fail_a_key_stands_for_no_other_topic if {
	count(denied(card([], ["license", "datasets"]), ["data"])) == 1
}

test_fail_a_card_of_which_nothing_is_asked if {
	denied(whole, []) == {{
		"code": "documentation.card",
		"msg": "no section is asked for, so the card is of no use",
		"values": {"required": []},
		"facts": [],
	}}
	count(passed(whole, [])) == 0
}
