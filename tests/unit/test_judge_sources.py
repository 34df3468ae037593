"""A project's own folders of rules: read, joined with the built-in library, and refused where they clash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.own_rule_sample import RULE, write_rules
from tests.validator_sample import FILES, write_validators
from tolbooth.judge.library.load import BUILT_IN, Library, built_in_library
from tolbooth.judge.library.parameter_check import selected_rules
from tolbooth.judge.library.sources import join, read_folder, source_sha256
from tolbooth.model.errors import ConfigError, JudgeError


def joined(project: Path, *folders: str) -> Library:
    return join(tuple(read_folder(project, folder) for folder in folders), built_in=True)


def code_of(project: Path, folder: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_folder(project, folder)
    return caught.value.code


def clash(project: Path, *folders: str) -> str:
    with pytest.raises(JudgeError) as caught:
        joined(project, *folders)
    assert caught.value.code == "policy.source-clash"
    return f"{caught.value.problems[0].place}: {caught.value}"


def test_an_own_rule_stands_beside_the_built_in_ones_under_its_path_below_the_project(tmp_path: Path) -> None:
    write_rules(tmp_path)
    library = joined(tmp_path, "rules")
    assert library.rules.keys() == built_in_library().rules.keys() | {"house.purpose"}
    assert str(library.rules["house.purpose"].place).startswith("rules/house/purpose/purpose.rego:")
    assert [module.path for module in library.tests if module.path.startswith("rules/")] == [
        "rules/house/purpose/purpose_test.rego"
    ]
    assert library.sources["rules"].keys() == {"house/purpose/purpose.rego"}


def test_an_own_rule_is_asked_without_being_named_and_left_out_where_rules_are_named(tmp_path: Path) -> None:
    write_rules(tmp_path)
    library = joined(tmp_path, "rules")
    asked = {rule.code for rule in selected_rules(library, None, ["minimal"])}
    assert asked == {rule.code for rule in selected_rules(built_in_library(), None, ["minimal"])} | {"house.purpose"}
    assert [rule.code for rule in selected_rules(library, ["data.digests"], [])] == ["data.digests"]


def test_no_built_in_rule_counts_as_the_projects_own() -> None:
    assert built_in_library().own == frozenset()


def test_a_folder_alone_is_a_library(tmp_path: Path) -> None:
    write_rules(tmp_path)
    library = join((read_folder(tmp_path, "rules"),), built_in=False)
    assert library.rules.keys() == {"house.purpose"}


def test_an_own_rule_may_depend_on_a_built_in_one(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    path.write_text(RULE.replace("[declared]", "[declared]\n#   depends_on: [data.digests]"), encoding="utf-8")
    assert joined(tmp_path, "rules").rules["house.purpose"].depends_on == ("data.digests",)


def test_the_digest_of_a_source_is_that_of_coreutils(tmp_path: Path) -> None:
    write_rules(tmp_path)
    digest = hashlib.sha256(RULE.encode()).hexdigest()
    lines = f"{digest}  house/purpose/purpose.rego\n"
    assert source_sha256(read_folder(tmp_path, "rules").digests) == hashlib.sha256(lines.encode()).hexdigest()


def test_slashes_and_dots_around_a_folder_are_no_part_of_its_name(tmp_path: Path) -> None:
    write_rules(tmp_path)
    assert read_folder(tmp_path, "./rules/").name == "rules"


@pytest.mark.parametrize("folder", ["..", "../rules", "/etc", ".", "rules/../../x"])
def test_a_folder_outside_the_project_is_refused(tmp_path: Path, folder: str) -> None:
    assert code_of(tmp_path, folder) == "policy.source-outside"


def test_a_folder_that_is_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write_rules(tmp_path)
    (project / "rules").symlink_to(tmp_path / "rules")
    assert code_of(project, "rules") == "policy.source-outside"


@pytest.mark.parametrize("name", ["house", "house/purpose/purpose.rego"])
def test_a_link_in_a_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    write_rules(tmp_path)
    (tmp_path / "rules" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "rules" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=f"^{name} is a symbolic link") as caught:
        read_folder(tmp_path, "rules")
    assert caught.value.code == "policy.source-link"


def test_a_missing_folder_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    write_rules(tmp_path)
    with pytest.raises(ConfigError) as caught:
        read_folder(tmp_path, "ruels")
    assert (caught.value.code, caught.value.hint) == ("policy.source-missing", "did you mean 'rules'?")


@pytest.mark.parametrize("names", [[], ["house_test.rego"], ["README.md"]])
def test_a_folder_without_a_rule_is_refused(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "rules").mkdir()
    for name in names:
        (tmp_path / "rules" / name).write_text("package house_test\n", encoding="utf-8")
    assert code_of(tmp_path, "rules") == "policy.source-empty"


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    write_rules(tmp_path)
    os.mkfifo(tmp_path / "rules" / "pipe.rego")
    assert code_of(tmp_path, "rules") == "policy.source-unreadable"


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rules(tmp_path)

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match=r"rules/house/purpose/purpose\.rego can't be read: Permission denied"):
        read_folder(tmp_path, "rules")


@pytest.mark.parametrize("name", ["a:b.rego", "Purpose.rego", "e\u0301.rego"])
def test_a_name_that_no_pack_can_carry_is_refused(tmp_path: Path, name: str) -> None:
    path = write_rules(tmp_path)
    path.with_name(name).write_text("package house.other\n", encoding="utf-8")
    assert code_of(tmp_path, "rules") == "policy.source-name"


def test_bytes_that_are_not_utf_8_are_shown_with_their_line(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(JudgeError) as caught:
        joined(tmp_path, "rules")
    place = caught.value.problems[0].place
    assert place is not None
    assert (caught.value.code, place.path) == ("policy.encoding", "rules/house/purpose/purpose.rego")
    assert place.line == len(RULE.splitlines()) + 1


def test_a_package_of_the_built_in_library_is_refused_with_both_places(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    path.write_text(RULE.replace("package house", "package ownership"), encoding="utf-8")
    said = clash(tmp_path, "rules")
    assert said.startswith("rules/house/purpose/purpose.rego:1:1: the package 'ownership'")
    assert "built-in/ownership/owner/owner.rego:1" in said


def test_a_built_in_collection_can_not_be_joined(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    path.write_text(RULE.replace("[house]", "[minimal]"), encoding="utf-8")
    assert "the collection 'minimal'" in clash(tmp_path, "rules")


def test_two_folders_with_the_same_package_are_refused_with_both_places(tmp_path: Path) -> None:
    write_rules(tmp_path)
    path = write_rules(tmp_path, "more")
    path.write_text(RULE.replace("short_name: purpose", "short_name: other"), encoding="utf-8")
    said = clash(tmp_path, "rules", "more")
    assert "more/house/purpose/purpose.rego" in said
    assert "rules/house/purpose/purpose.rego" in said


def test_a_folder_within_another_one_is_refused(tmp_path: Path) -> None:
    write_rules(tmp_path)
    assert "the path 'rules/house/purpose/purpose.rego'" in clash(tmp_path, "rules", "rules/house")


def test_a_folder_whose_files_lie_where_built_in_ones_do_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ownership" / "owner" / "owner.rego"
    path.parent.mkdir(parents=True)
    path.write_text(RULE, encoding="utf-8")
    assert f"in the source '{BUILT_IN}'" in clash(tmp_path, "ownership")


def test_rules_and_validators_of_one_folder_share_package_and_collection(tmp_path: Path) -> None:
    write_rules(tmp_path)
    write_validators(tmp_path)
    library = joined(tmp_path, "rules")
    assert library.own == {"house.purpose", "house.size", "house.version"}
    assert "house/version/check.sh" in library.sources["rules"]


def test_a_validator_can_not_take_a_built_in_package(tmp_path: Path) -> None:
    write_validators(tmp_path, {"ownership/size/size.py": FILES["house/size/size.py"]})
    assert "the package 'ownership'" in clash(tmp_path, "rules")
