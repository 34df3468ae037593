"""A model card's form: sections, words and keys, never its text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tolbooth.collect.files import collect_file
from tolbooth.collect.interface import Collected
from tolbooth.collect.model_card import read_model_card, read_model_card_text
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import ArtifactRole, Dates

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)

CARD = """---
license: apache-2.0
tags:
- canary-tag
model_name: canary-model
---
# Model Card for **Canary & Co**

## Intended Uses & Limitations ##

Some words about canary-text.

Training data
-------------

```python
# not a heading
```

### `Evaluation`: [Results](https://canary.example)
#hashtag is no heading
| a |
---
#
## Intended uses & limitations
"""


def read(folder: Path, content: bytes) -> Collected:
    path = folder / "CARD.md"
    path.write_bytes(content)
    (artifact,) = collect_file(
        "card", ArtifactRole.MODEL_CARD, "CARD.md", project_folder=folder, now=NOW, valid_until=UNTIL
    ).artifacts
    return read_model_card(path, artifact, now=NOW)


def test_sections_are_normalised_sorted_and_named_once(tmp_path: Path) -> None:
    (found,) = read(tmp_path, CARD.encode()).observations
    assert found.values == {
        "sections": [
            "evaluation: results",
            "intended uses limitations",
            "model card for canary co",
            "training data",
        ],
        "sections_withheld": 0,
        "word_count": 43,
        "front_matter_keys": ["license", "model_name", "tags"],
    }


def test_the_observation_is_about_the_artifact_and_lives_as_long(tmp_path: Path) -> None:
    (found,) = read(tmp_path, CARD.encode()).observations
    assert (found.kind, found.about) == ("model-card", "card")
    assert (found.dates.collected, found.dates.received, found.dates.valid_until) == (NOW, NOW, UNTIL)
    assert len(found.reads) == 1


def test_no_text_or_value_of_the_card_is_in_the_observation(tmp_path: Path) -> None:
    written = canonical_bytes(read(tmp_path, CARD.encode()))
    for canary in (b"canary-tag", b"canary-model", b"canary-text", b"canary.example"):
        assert canary in CARD.encode()
        assert canary not in written


@pytest.mark.parametrize("heading", ["Contact ana@example.org", "Call 020 7946 0000", "See http://x", "x" * 81])
def test_a_heading_that_may_hold_an_address_or_a_number_is_only_counted(tmp_path: Path, heading: str) -> None:
    (found,) = read(tmp_path, f"# Fine\n# {heading}\n".encode()).observations
    assert found.values["sections"] == ["fine"]
    assert found.values["sections_withheld"] == 1


@pytest.mark.parametrize(
    ("content", "sections", "words"),
    [
        (b"", [], 0),
        (b"\xef\xbb\xbf# One\r\ntwo three\r\n", ["one"], 4),
        (b"---\nopen: front matter\n", [], 4),
        (b"~~~\n# code\n```\n# code\n~~~\n# After\n", ["after"], 9),
        (b"####### seven\n    # indented\n", [], 4),
    ],
)
def test_edges_of_markdown(tmp_path: Path, content: bytes, sections: list[str], words: int) -> None:
    (found,) = read(tmp_path, content).observations
    assert (found.values["sections"], found.values["word_count"]) == (sections, words)


def test_a_card_that_is_not_utf8_is_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, b"# caf\xe9\n")
    assert found.observations == ()
    assert [(gap.kind, gap.about, gap.code) for gap in found.gaps] == [
        ("model-card", "card", "collect.card-unreadable")
    ]


def test_a_card_that_changed_since_it_was_collected_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "CARD.md"
    path.write_text("# One\n")
    (artifact,) = collect_file("card", ArtifactRole.MODEL_CARD, path, project_folder=tmp_path, now=NOW).artifacts
    path.write_text("# Two\n")
    with pytest.raises(CollectError) as caught:
        read_model_card(path, artifact, now=NOW)
    assert caught.value.code == "collect.changed"


def test_a_card_given_as_text_is_observed_like_a_file(tmp_path: Path) -> None:
    (from_file,) = read(tmp_path, CARD.encode()).observations
    dates = Dates(collected=NOW, received=NOW)
    (found,) = read_model_card_text(CARD, about="note", dates=dates, reads=("d",)).observations
    assert found.values == from_file.values
    assert (found.kind, found.about, found.dates, found.reads) == ("model-card", "note", dates, ("d",))


def test_a_text_that_comes_from_nothing_digested_is_named_by_its_own_digest() -> None:
    (found,) = read_model_card_text("# One", about="note", dates=Dates(collected=NOW, received=NOW)).observations
    assert found.reads == (sha256_hex(b"# One"),)
