"""A validator's own tests, the lines that they reach, and whether it agrees with itself."""

from __future__ import annotations

from tests.validator_sample import FILES, HASTY, SHORT, TEST, function, program
from tolbooth.judge.interface import PackageResults
from tolbooth.judge.proving import interface as proving
from tolbooth.judge.proving.interface import SuiteRun
from tolbooth.judge.validators.proof import disagreements, run_validator_tests

DISAGREEING = "words = {'age', 'race', 'sex', 'income', 'zip'}\nreturn {'deny': [{'msg': list(words)[0]}]}"


def suite(test: str) -> SuiteRun:
    files = {**FILES, "house/size/size_test.py": test}
    (found,) = run_validator_tests({path: content.encode() for path, content in files.items()}, limits=SHORT)
    return found


def ends(found: SuiteRun) -> dict[str, proving.TestEnd]:
    return {test.name: test.end for test in found.tests}


def test_tests_beside_a_validator_run_with_the_lines_that_they_reach() -> None:
    found = suite(TEST)
    assert found.name == "house/size"
    assert ends(found) == {
        "test_small_model_is_refused": proving.TestEnd.PASSED,
        "test_large_model_passes": proving.TestEnd.PASSED,
        "house.size agrees with itself": proving.TestEnd.PASSED,
    }
    assert [str(test.place) for test in found.tests] == [
        "house/size/size_test.py:4:1",
        "house/size/size_test.py:9:1",
        "house/size/size.py",
    ]
    (coverage,) = found.coverage
    assert (coverage.path, coverage.lines, coverage.missed) == ("house/size/size.py", 4, ())


def test_line_that_no_test_reaches_is_named() -> None:
    found = suite("import size\n\n\ndef test_nothing():\n    assert size.size\n")
    assert found.coverage[0].missed == (19, 20, 21)


def test_failed_test_says_its_line_and_what_it_said() -> None:
    found = suite("def test_a():\n    print('looking')\n    assert 1 == 2, 'not so'\n")
    (test,) = found.tests
    assert (test.end, test.message) == (proving.TestEnd.FAILED, "house/size/size_test.py:3: AssertionError: not so")
    assert test.prints == ("looking",)


def test_test_that_breaks_dies_or_opens_a_socket_is_an_error() -> None:
    text = "import os\nimport socket\n\ndef test_a():\n    nothing\n\ndef test_b():\n    os._exit(0)\n\n"
    text += "def test_c():\n    try:\n        socket.socket()\n    except OSError:\n        pass\n"
    assert set(ends(suite(text)).values()) == {proving.TestEnd.ERROR}
    assert len(suite(text).tests) == 3


def test_file_without_tests_or_beside_nothing_is_an_error() -> None:
    assert ends(suite("x = 1\n")) == {"size_test": proving.TestEnd.ERROR}
    assert ends(suite("def (")) == {"size_test": proving.TestEnd.ERROR}
    (alone,) = run_validator_tests({"house/a/a_test.py": TEST.encode()})
    assert "house/a/a.py" in alone.tests[0].message


def test_endless_test_ends_at_its_deadline() -> None:
    files = {"h/a/a.py": b"x = 1\n", "h/a/a_test.py": b"def test_a():\n    while True: pass\n"}
    (found,) = run_validator_tests(files, limits=HASTY)
    assert found.tests[0].end is proving.TestEnd.ERROR
    assert "1 seconds" in found.tests[0].message


def test_validator_that_follows_the_order_of_a_set_disagrees_with_itself() -> None:
    (found,) = disagreements(function(DISAGREEING), [(b"{}", {})], limits=SHORT)
    assert (found.rule, found.position) == ("house.hostile", 0)
    assert found.first != found.second
    assert isinstance(found.first, PackageResults)


def test_validator_that_draws_at_random_disagrees_with_itself() -> None:
    drawing = function("import random\nreturn {'deny': [{'msg': str(random.random())}]}")
    assert len(list(disagreements(drawing, [(b"{}", {}), (b'{"a":1}', {})], limits=SHORT))) == 2


def test_tests_fail_for_a_validator_that_disagrees_with_itself_about_what_they_gave_it() -> None:
    source = FILES["house/size/size.py"]
    head = source[: source.index("\n", source.index("def size(")) + 1]
    body = "".join(f"    {line}\n" for line in DISAGREEING.splitlines())
    files = {
        "house/size/size.py": head + body,
        "house/size/size_test.py": "import size\n\ndef test_a():\n    size.size({}, {})\n",
    }
    (found,) = run_validator_tests({path: content.encode() for path, content in files.items()}, limits=SHORT)
    assert ends(found) == {"test_a": proving.TestEnd.PASSED, "house.size agrees with itself": proving.TestEnd.FAILED}
    assert [detail[:8] for detail in found.tests[1].details] == ["first   ", "then    "]
    assert not found.sound


def test_order_of_results_is_no_disagreement() -> None:
    either = function("return {'deny': [{'msg': each} for each in {'age', 'race', 'sex', 'income', 'zip'}]}")
    assert list(disagreements(either, [(b"{}", {})], limits=SHORT)) == []
    assert list(disagreements(program("#!/bin/sh\necho '{}'\n"), [(b"{}", {})], limits=SHORT)) == []
