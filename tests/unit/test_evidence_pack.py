"""How a pack is built: what its root depends on, and what archives read."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.sample_pack import SEALED_AT, SEED, attested, earlier_log, sample, sealed
from tolbooth.evidence.leaves import salt_of
from tolbooth.evidence.merkle import leaf_hash, node_hash
from tolbooth.evidence.pack import build_core
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError

TWO = {"b.json": b"2", "a.json": b"1"}


def test_the_root_is_over_the_sorted_lines_of_the_leaves() -> None:
    tree = build_core(TWO, SEED)
    assert [leaf.path for leaf in tree.leaves] == ["a.json", "b.json"]
    lines = [
        f'{{"path":"{path}","salt":"{salt_of(SEED, path)}","sha256":"{sha256_hex(content)}","size_bytes":1}}'
        for path, content in sorted(TWO.items())
    ]
    assert tree.root == node_hash(leaf_hash(lines[0].encode()), leaf_hash(lines[1].encode())).hex()


def test_paths_are_sorted_by_their_utf8_bytes() -> None:
    names = ["\uffee", "\U0001f600", "z", "a/b", "a-b"]
    assert [leaf.path for leaf in build_core(dict.fromkeys(names, b""), SEED).leaves] == sorted(names, key=str.encode)


def test_another_seed_gives_another_root_and_no_salt_twice() -> None:
    assert build_core(TWO, b"other").root != build_core(TWO, SEED).root
    assert len({leaf.salt for leaf in build_core(dict.fromkeys("abcdef", b"same"), SEED).leaves}) == 6


def test_a_name_that_no_pack_may_hold_is_refused_when_building() -> None:
    with pytest.raises(VerificationError) as caught:
        build_core({"../x": b""}, SEED)
    assert caught.value.code == "container.parent"


def test_sealing_later_with_other_views_in_a_longer_log_gives_the_same_root() -> None:
    core, made = attested()
    log = earlier_log()
    first = sealed(core, made, log=log)
    later = sealed(core, made, log=log, shown=(), sealed_at=SEALED_AT + timedelta(days=90))
    roots = {json.loads(pack["data/pack.json"])["root"] for pack in (first, later)}
    assert len(roots) == 1
    assert first["data/leaves.jsonl"] == later["data/leaves.jsonl"]
    assert first["seal/seal.dsse.json"] != later["seal/seal.dsse.json"]


def test_building_twice_gives_the_same_bytes() -> None:
    assert sample() == sample()


def test_the_seed_is_nowhere_in_the_pack() -> None:
    assert not any(SEED in content or SEED.hex().encode() in content for content in sample().values())


def test_the_payload_s_sum_in_bag_info_is_that_of_the_files() -> None:
    pack = sample()
    payload = [content for path, content in pack.items() if path.startswith("data/")]
    assert f"Payload-Oxum: {sum(map(len, payload))}.{len(payload)}\n".encode() in pack["bag-info.txt"]


def test_manifests_name_payload_and_tags_and_leave_the_seal_out() -> None:
    pack = sample()
    named = {line.split("  ", 1)[1] for line in pack["manifest-sha256.txt"].decode().splitlines()}
    assert named == {path for path in pack if path.startswith("data/")}
    tags = {line.split("  ", 1)[1] for line in pack["tagmanifest-sha256.txt"].decode().splitlines()}
    assert tags == {"VERIFY.md", "bag-info.txt", "bagit.txt", "manifest-sha256.txt"}


def test_the_crate_has_what_ro_crate_demands_and_names_every_file() -> None:
    pack = sample()
    crate = json.loads(pack["data/ro-crate-metadata.json"])
    assert crate["@context"] == "https://w3id.org/ro/crate/1.2/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert root["@type"] == "Dataset"
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == set(entities) - {"./", "ro-crate-metadata.json"}
    data = {path.removeprefix("data/") for path in pack if path.startswith("data/")}
    assert parts == data - {"ro-crate-metadata.json"}
    for part in parts:
        assert entities[part]["contentSize"] == str(len(pack[f"data/{part}"]))


def test_a_fresh_interpreter_that_verifies_loads_no_store_no_server_and_no_arrow() -> None:
    code = "import sys, tolbooth.evidence.verify; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
    assert "tolbooth.evidence.verify" in loaded
    assert not loaded & {"sqlalchemy", "fastapi", "mlflow", "pyarrow", "numpy", "pydantic", "socket", "pyspark", "ray"}
