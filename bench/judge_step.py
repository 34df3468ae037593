"""The judge step: Tolbooth against its embedded engine alone, and against OPA over HTTP, side by side in one run.

Run ``python bench/judge_step.py``; OPA is the one that ``scripts/opa`` built, else its column stays empty. Every rule
loops over all groups of the document; a few of them fire. The step is warm: the policy is loaded, as in a gate that
judges several subjects. Ours includes the schema of the document, the worker process, and reading every result. The
engine alone is asked in the way that we found fastest, by a rule for each package: by queries it takes up to 2.5 times
as long.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import regorus

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import input_document
from tolbooth.judge.judge import judge
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.load import library_of
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.model.observation import Dates, Observation
from tolbooth.model.subject import Subject, SubjectKind

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
SCRIPTS = Path(__file__).parents[1] / "scripts"
SIZES = {"2 KB": 19, "50 KB": 590, "1 MB": 12_000}
SETS = ("deny", "warn", "undecided", "passed")
RULES_A_PACKAGE = 5

RULE = """\
# METADATA
# title: Group rates stay below bound {number}
# description: A rule that loops over every group.
# custom:
#   short_name: r{number}
#   severity: high
#   solution: Look at the group.
#   collections: [bench]
#   controls: [eu-ai-act:9.8]
#   evidence: [declared]
deny contains {{
	"code": "{package}.r{number}",
	"msg": sprintf("%s is at %d ppm", [found.name, found.ppm]),
	"term": found.name,
	"values": {{"ppm": found.ppm}},
}} if {{
	some census in input.observations.census
	some found in census.values.groups
	found.ppm > {bound}
}}
"""


def policy_of(rules: int) -> Policy:
    files: dict[str, bytes] = {}
    for first in range(0, rules, RULES_A_PACKAGE):
        package = f"bench{first // RULES_A_PACKAGE}"
        texts = [
            RULE.format(number=number, package=package, bound=999_000 + number)
            for number in range(first, min(first + RULES_A_PACKAGE, rules))
        ]
        files[f"{package}/rules/rules.rego"] = (f"package {package}\n\n" + "\n".join(texts)).encode()
    return effective_policy(
        library_of(files, load_catalogs()), rules=None, collections=("bench",), parameters={}, enforcement={}
    )


def document_of(groups: int) -> bytes:
    dates = Dates(collected=AS_OF, received=AS_OF)
    rows = [
        {"name": f"group-{i}", "rows": 1000 + i, "ppm": (i * 7_919) % 999_400, "sufficient": True, "low": i, "high": i}
        for i in range(groups)
    ]
    census = Observation(kind="census", about="test", values={"groups": rows}, dates=dates, origin="bench", reads=())
    return canonical_bytes(
        input_document(
            subject=Subject(
                project="bench", name="model", version="1", kind=SubjectKind.MODEL, digest={"sha256": "0" * 64}
            ),
            gate="release",
            environment="bench",
            as_of=AS_OF,
            artifacts=(),
            observations=(census,),
            gaps=(),
            declared={},
        )
    )


def alone(policy: Policy) -> Callable[[bytes], Any]:
    """The engine in this process: the document in, the packages' sets out."""
    engine = regorus.Engine()
    for module in policy.bundle.modules:
        engine.add_policy(module.path, module.text)
    asked = {f"package_{position}": _query(package) for position, package in enumerate(policy.bundle.packages)}
    rules = [f"{name} := {query}" for name, query in asked.items()]
    engine.add_policy("asked.rego", "\n\n".join(["package asked", *rules]))
    engine.add_data_json(json.dumps(dict(policy.bundle.data)))

    def run(content: bytes) -> list[Any]:
        engine.set_input_json(content.decode())
        return [json.loads(engine.eval_rule_as_json(f"data.asked.{name}")) for name in asked]

    return run


def _query(package: str) -> str:
    return "{" + ", ".join(f'"{name}": [found | found := data.{package}.{name}]' for name in SETS) + "}"


@contextmanager
def opa_of(policy: Policy) -> Iterator[Callable[[bytes], Any] | None]:
    program = subprocess.run([SCRIPTS / "opa", "--path"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(program).is_file():
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        for module in policy.bundle.modules:
            path = Path(folder) / module.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(module.text, encoding="utf-8")
        server = subprocess.Popen(
            [
                program,
                "run",
                "--server",
                "--log-level=error",
                "--disable-telemetry",
                f"--addr=127.0.0.1:{port}",
                folder,
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _asking(port, policy.bundle.packages)
        finally:
            server.kill()
            server.wait()


def _asking(port: int, packages: tuple[str, ...]) -> Callable[[bytes], Any]:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
                break
        except OSError:
            time.sleep(0.05)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sets = ", ".join(f'"{package}": {_query(package)}' for package in packages)
    query = json.dumps(f"x := {{{sets}}}").encode()

    def run(content: bytes) -> Any:
        body = b'{"query":' + query + b',"input":' + content + b"}"
        connection.request("POST", "/v1/query", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        assert answer["result"]
        return answer

    return run


def medians(calls: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Milliseconds a call, the calls taking turns."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or min(map(len, found.values())) < 5:
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            found[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print("milliseconds, medians; the calls take turns")
    print(f"{'rules':>5} {'input':>6} {'engine':>9} {'tolbooth':>9} {'OPA/HTTP':>9}   tolbooth to engine, to OPA")
    for rules in (50, 300):
        policy = policy_of(rules)
        with opa_of(policy) as opa, EmbeddedEngine() as engine:
            by_itself = alone(policy)
            for size, groups in SIZES.items():
                content = document_of(groups)
                calls: dict[str, Callable[[], Any]] = {
                    "engine": partial(by_itself, content),
                    "tolbooth": partial(judge, policy, engine, content, as_of=AS_OF),
                }
                if opa is not None:
                    calls["opa"] = partial(opa, content)
                for call in calls.values():
                    call()
                took = medians(calls, seconds)
                extra = took["tolbooth"] - took["engine"]
                ratio = took["tolbooth"] / took["engine"]
                beside = f"{took['opa']:>9.2f}" if "opa" in took else f"{'–':>9}"
                to_opa = f", {took['tolbooth'] / took['opa']:.2f} x" if "opa" in took else ""
                print(
                    f"{rules:>5} {size:>6} {took['engine']:>9.2f} {took['tolbooth']:>9.2f} {beside}"
                    f"   {ratio:.2f} x ({extra:+.2f} ms){to_opa}   {len(content)} bytes"
                )


if __name__ == "__main__":
    main()
