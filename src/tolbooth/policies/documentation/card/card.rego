package documentation

# METADATA
# title: The model card says what readers need
# description: >-
#   Asks that the model card has a section on each required topic, told by the words of its headings. What a section
#   says is for people to read; the text of the card is kept nowhere.
# custom:
#   short_name: card
#   severity: medium
#   solution: >-
#     Write the section into the model card, under a heading that names its topic, and name the card in tolbooth.yaml
#     as subjects.NAME.model_card.
#   controls:
#     - eu-ai-act:11.1
#     - eu-ai-act:13.3.b
#     - nist-ai-rmf:MAP-1.1
#     - nist-ai-rmf:MAP-2.2
#   collections: [recommended]
#   evidence: [model-card]
#   parameters:
#     - name: required
#       type: list
#       default: [purpose, data, evaluation, limitations]
#       loosens: down
#       description: >-
#         Topics, each with a heading of its own: purpose, data, evaluation, limitations, fairness, oversight, contact
#         and licence are known by several headings, any other words by themselves.
deny contains {
	"code": "documentation.card",
	"msg": sprintf("the model card has no section on %s", [topic]),
	"term": sprintf("section: %s", [topic]),
	"values": {"section": topic, "sections": card.values.sections, "withheld": card.values.sections_withheld},
	"facts": card.reads,
} if {
	some card in input.observations["model-card"]
	some topic in card_lacking(card)
}

deny contains {
	"code": "documentation.card",
	"msg": "no section is asked for, so the card is of no use",
	"values": {"required": []},
	"facts": [],
} if {
	count(data.parameters.documentation.card.required) == 0
}

passed contains {
	"code": "documentation.card",
	"msg": sprintf("the model card has %s, %v words in all", [
		concat(", ", data.parameters.documentation.card.required),
		card.values.word_count,
	]),
	"term": card.about,
	"values": {"sections": card.values.sections, "word_count": card.values.word_count},
	"facts": card.reads,
} if {
	some card in input.observations["model-card"]
	count(data.parameters.documentation.card.required) > 0
	count(card_lacking(card)) == 0
}

card_lacking(card) := [topic |
	some topic in data.parameters.documentation.card.required
	count(card_found(card, topic)) == 0
]

# The headings, and keys of the front matter, that name a topic: by whole words, so that metadata is no data.
card_found(card, topic) := {heading |
	some heading in card.values.sections
	some phrase in object.get(card_headings, topic, [lower(topic)])
	contains(sprintf(" %s ", [heading]), sprintf(" %s ", [phrase]))
} | {key |
	some key in card.values.front_matter_keys
	key in object.get(card_keys, topic, [])
}

card_headings := {
	"purpose": ["purpose", "intended use", "direct use", "uses", "use case", "use cases"],
	"data": ["data", "dataset", "datasets"],
	"evaluation": ["evaluation", "results", "performance", "metrics", "testing", "validation", "benchmarks"],
	"limitations": ["limitation", "limitations", "limits", "risks", "caveats", "known issues", "out-of-scope"],
	"fairness": ["fairness", "bias", "biases", "ethical considerations", "subgroups", "disaggregated"],
	"oversight": ["oversight", "human review", "monitoring"],
	"contact": ["contact", "contacts", "owner", "owners", "maintainers"],
	"licence": ["licence", "license", "licensing"],
}

card_keys := {"licence": ["license", "licence"]}
