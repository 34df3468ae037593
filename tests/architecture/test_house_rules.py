"""The house's rules that no linter knows: sizes, names, what a fresh interpreter loads, the settings' budget."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tolbooth
from tolbooth.cli.exits import OF_ERROR, Exit, exit_of_error
from tolbooth.cli.main import COMMANDS
from tolbooth.cli.main import tolbooth as root_command
from tolbooth.config.settings import Declaration, json_schema
from tolbooth.model import errors
from tolbooth.model.errors import Problem, TolboothError

SOURCE = Path(tolbooth.__file__).parent
PROJECT = Path(__file__).parents[2]
BANNED = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|base|core|processor)$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
MODULES = sorted(SOURCE.rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_no_module_is_over_500_lines() -> None:
    assert {p.name: n for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500} == {}


def test_no_function_is_over_60_lines() -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in MODULES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > 60
    ]
    assert long == []


def test_every_room_has_a_name_of_its_own() -> None:
    assert [str(p) for p in MODULES if BANNED.search(p.stem) or BANNED.search(p.parent.name)] == []


def test_nothing_unfinished_is_left_in_the_source() -> None:
    marked = [p.name for p in MODULES if UNFINISHED.search(p.read_text(encoding="utf-8"))]
    assert marked == []


def test_a_package_holds_a_docstring_and_at_most_seven_names() -> None:
    for path in SOURCE.rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        assert len(tree.body) <= 8, path


ELSEWHERE = ("judge.rego.worker", "enforce.airflow", "enforce.dagster", "enforce.kubeflow", "enforce.prefect")
"""Modules that run in a process or an environment of their own, and define no error."""


def every_error() -> list[type[TolboothError]]:
    found = {TolboothError}
    for path in MODULES:
        name = ".".join(("tolbooth", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        if "class" in path.read_text(encoding="utf-8") and name.removeprefix("tolbooth.") not in ELSEWHERE:
            __import__(name)
    queue = [TolboothError]
    while queue:
        children = queue.pop().__subclasses__()
        found.update(children)
        queue.extend(children)
    return sorted(found - {TolboothError}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_is_mapped_to_an_exit_code(kind: type[TolboothError]) -> None:
    assert any(issubclass(kind, mapped) for mapped in OF_ERROR)
    assert exit_of_error(kind(Problem(code="x.y", message="m"))) in set(Exit) - {Exit.ALLOW, Exit.BUG}


def test_each_promise_has_one_error() -> None:
    named = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, TolboothError) and kind is not TolboothError
    }
    assert {kind.__name__ for kind in OF_ERROR} == named


def loaded_by(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_a_fresh_interpreter_that_verifies_loads_no_store_engine_or_data_library() -> None:
    heavy = {"sqlalchemy", "fastapi", "mlflow", "pyspark", "ray", "pyarrow", "numpy", "regorus", "jinja2", "rich"}
    assert loaded_by("import tolbooth.evidence.verify") & heavy == set()


def test_importing_the_package_loads_nothing_of_it() -> None:
    assert loaded_by("import tolbooth") & {"pydantic", "click", "cryptography", "numpy"} == set()


def test_help_loads_no_library_but_click() -> None:
    heavy = {"sqlalchemy", "pydantic", "cryptography", "pyarrow", "numpy", "regorus", "jinja2", "rich", "ruamel"}
    statement = "from tolbooth.cli.main import run\nimport io, contextlib\n"
    statement += "with contextlib.redirect_stdout(io.StringIO()): run(['--help'])"
    assert loaded_by(statement) & heavy == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    context = root_command.make_context("tolbooth", [name], resilient_parsing=True)
    command = root_command.get_command(context, name)
    assert command is not None
    assert command.get_short_help_str(limit=100) == COMMANDS[name].help


def settings_of_the_format() -> Iterator[str]:
    """Every key but what a project declares about its subjects, data and known-bad cases."""
    declarations = {each.__name__ for each in Declaration.__subclasses__()}
    schema = json_schema()
    for name, section in {**schema.get("$defs", {}), "Settings": schema}.items():
        for key in section.get("properties", {}):
            if name not in declarations:
                yield f"{name}.{key}"


def test_there_are_at_most_40_settings() -> None:
    assert len(list(settings_of_the_format())) <= 40


def test_every_setting_says_what_it_is_for() -> None:
    schema = json_schema()
    for section in [schema, *schema["$defs"].values()]:
        for key, field in section.get("properties", {}).items():
            named = schema["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), {})
            assert field.get("description") or named.get("description"), key


def tracked() -> list[Path]:
    if shutil.which("git") is None:
        pytest.skip("there is no program git on the path")
    done = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    return [PROJECT / line for line in done.stdout.splitlines() if (PROJECT / line).is_file()]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    here = str(PROJECT) + "/"
    naming = [p.name for p in tracked() if p.stat().st_size < 400_000 and here.encode() in p.read_bytes()]
    assert naming == []
