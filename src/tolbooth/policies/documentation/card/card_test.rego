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
	some result in passed(whole, usual)
	result.term == "card"
	result.msg == "the model card has purpose, data, evaluation, limitations, 312 words in all"
	result.facts == ["digest"]
	result.values == {"sections": whole.values.sections, "word_count": 312}
}

test_success_a_topic_is_known_by_several_headings if {
	topics := {
		"purpose": {"intended use", "intended uses limitations", "the purpose", "direct use", "use cases"},
		"data": {"datasets", "data", "training data set"},
		"evaluation": {"results", "testing and metrics", "performance"},
		"limitations": {"limits", "risks", "caveats and recommendations", "out-of-scope use"},
		"fairness": {"ethical considerations", "bias"},
		"oversight": {"human oversight"},
		"contact": {"model card contact", "owner"},
		"licence": {"license", "licence"},
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
}

test_fail_a_section_that_is_not_there if {
	some result in denied(card(["uses", "training data", "evaluation"], []), usual)
	result.term == "section: limitations"
	result.msg == "the model card has no section on limitations"
	result.values.section == "limitations"
	result.values.sections == ["uses", "training data", "evaluation"]
	result.facts == ["digest"]
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
	some result in denied(whole, [])
	result.msg == "no section is asked for, so the card is of no use"
	count(passed(whole, [])) == 0
}
