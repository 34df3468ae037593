"""The compiled kernel under AddressSanitizer and UndefinedBehaviorSanitizer, on random columns of every width."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tolbooth" / "measure" / "kernel"
EXERCISE = Path(__file__).parents[1] / "kernel" / "exercise_count_rows.c"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
SANITIZERS = "-fsanitize=address,undefined"
CPU = Path("/proc/cpuinfo")
BUILDS: dict[str, tuple[str, ...]] = {"as built": (), "for any processor": ("-DFOR_EACH_PROCESSOR=",)}
if CPU.is_file() and "avx2" in CPU.read_text(encoding="utf-8"):
    BUILDS["for AVX2"] = ("-DFOR_EACH_PROCESSOR=", "-mavx2")


@pytest.fixture(scope="module", params=BUILDS)
def exercise(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed (Debian: gcc libc6-dev)")
    program = tmp_path_factory.mktemp("kernel") / "exercise"
    given = ("-std=c11", "-O3", "-g", *STRICT, SANITIZERS, "-fno-sanitize-recover=all", *BUILDS[request.param])
    subprocess.run([compiler, *given, f"-I{SOURCE}", "-o", str(program), str(EXERCISE)], check=True)
    return program


@pytest.mark.compiler
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_columns_are_counted_without_a_byte_too_many(exercise: Path, seed: int) -> None:
    done = subprocess.run([str(exercise), str(seed), "1000"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000 cases are equal\n", "")
