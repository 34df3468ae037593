"""Canaries, end to end: what a stranger leaves in a project is in nothing that Tolbooth writes or prints.

A project in a git repository with a real MLflow store has secrets and personal data wherever somebody could leave them:
parameters, names of metrics, tags, names of runs, data sets, artifacts and files, notes, cards, remotes, commits, lock
files, cells, headers and environment variables. It goes the whole way, with errors and traces. Then every file that
came of it is unpacked and searched for each canary, as it stands and in its common writings.

By design these are kept, and are no place for a canary here:

- what the project's people write into ``tolbooth.yaml`` for the record: names, owners, purposes, parameters of rules;
- the values of columns that they declare as ``groups``: a result is about groups, so it names them;
- names of people that have no form, such as a surname in a heading: fields where they are usual are off the allow-list
  (who ran, who committed), elsewhere nobody can tell one from a word;
- paths that the project's people type or declare: they are told again where a mistake is about them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.canary_sample import KINDS, Canaries, Canary, Haystack
from tests.mlflow_projects import answer_of
from tests.project_sample import FAIR, Said, make_project, tolbooth
from tolbooth.report.formats import FORMATS

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="not installed: mlflow"),
]

GROUPS = ("north", "south")
ROWS = 400
KEPT = "credit team"

STORE = """
import json, os
from mlflow.data.meta_dataset import MetaDataset
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.entities import DatasetInput, InputTag, Metric
from mlflow.tracking.client import MlflowClient
import mlflow
left = {left!r}
client = MlflowClient({uri!r}, {uri!r})
experiment = client.create_experiment("risk " + left["experiment"]["e-mail"])
run = client.create_run(experiment, tags=left["tags"], run_name=left["run name"]).info.run_id
for name, value in left["params"].items():
    client.log_param(run, name, value)
for name in left["metrics"]:
    client.log_metric(run, name, 0.5, step=1)
for name in ("loss", left["metrics"][0]):
    client.log_metric(run, name, 0.25, step=2)
for number, each in enumerate(left["inputs"]):
    made = MetaDataset(HTTPDatasetSource(each["source"]), name=each["name"], digest=f"0123456{{number}}")
    made = made._to_mlflow_entity()
    client.log_inputs(run, [DatasetInput(made, [InputTag("mlflow.data.context", each["context"])])])
for name in left["artifacts"]:
    client.log_text(run, "x", name)
for name, text in left["model"].items():
    client.log_text(run, text, "model/" + name)
client.log_artifact(run, "predictions.parquet", "out")
client.set_terminated(run)
client.create_registered_model("risk", description=left["note"], tags=left["tags"])
client.create_model_version("risk", f"runs:/{{run}}/model", run, description=left["version note"])
client.set_registered_model_alias("risk", "champion", "1")
for alias in left["aliases"]:
    client.set_registered_model_alias("risk", alias, "1")
print(json.dumps(run))
"""

SETTINGS = """\
version: 1
project: credit
subjects:
  risk:
    path: models:/risk@champion
    tracking: {tracking}
    {card}
    owner: credit team
  files:
    path: weights
    version: "1"
    model_card: MODEL_CARD.md
data:
  test:
    path: run:/out/predictions.parquet
    role: predictions
    label: y_true
    prediction: y_pred
    groups: [region]
  people:
    path: people.csv
    role: training
  parts:
    path: parts
    role: evaluation
  broken:
    path: broken.csv
    role: evaluation
    label: y_true
    prediction: y_pred
    groups: [region]
gates:
  release: {{subject: risk, environment: ci, data: [test, people, parts]}}
  local: {{subject: files, environment: ci, data: [people, broken]}}
policy:
  collections: [minimal, recommended]
  parameters:
    performance.minimum: {{metric: accuracy, bound: 0.7}}
"""


def left_in_mlflow(canaries: Canaries) -> dict[str, object]:
    """What somebody leaves in a tracking store, by where."""
    params = canaries.every_kind("params")
    inputs = [
        {
            "source": canaries.plant("a data set's source", "password in URL") + "?X-Amz-Signature=deadbeefcanary",
            "name": f"clients of {canaries.plant('names of data sets', 'e-mail')}",
            "context": f"for {canaries.plant('contexts of data sets', 'phone')}",
        },
        {
            "source": f"https://store.example.org/x?token={canaries.plant('signed URLs', 'GitHub token')}",
            "name": canaries.plant("names of data sets", "AWS key"),
            "context": "training",
        },
    ]
    tags = {f"tag {kind}": text for kind, text in canaries.every_kind("tags").items()}
    own = {
        "mlflow.user": canaries.plant("mlflow.user", "e-mail"),
        "mlflow.source.name": f"/home/{canaries.plant('mlflow.source.name', 'e-mail')}/train.py",
        "mlflow.source.git.repoURL": canaries.plant("mlflow.source.git.repoURL", "password in URL"),
        "mlflow.source.git.commit": canaries.plant("mlflow.source.git.commit", "GitHub token"),
        "mlflow.source.git.branch": f"fix/{canaries.plant('mlflow.source.git.branch', 'e-mail')}",
        "mlflow.source.type": canaries.plant("mlflow.source.type", "AWS key"),
        "mlflow.note.content": f"# Notes\n\n{canaries.plant('mlflow.note.content', 'bearer')}\n",
        "estimator_name": canaries.plant("estimator_name", "JWT"),
    }
    named = {"depth": "3", f"for {canaries.plant('names of params', 'SSN')}": "1"}
    nested = {"config": json.dumps({"db": {"password": canaries.plant("JSON in params", "GitHub token")}})}
    words = {
        "args": f"--db-password {_word(canaries, 'arguments in params')} --verbose",
        "twice": json.dumps(json.dumps({"password": _word(canaries, "JSON in JSON in params")})),
        "email_of": canaries.plant("encoded params", "e-mail").replace("@", "%40"),
        "db_password": _word(canaries, "params that are called a password"),
    }
    columns = [{"type": "long", "name": f"of {canaries.plant('signatures', 'e-mail')}"}]
    flavors = {"sklearn": {"code": canaries.plant("flavours", "AWS key")}, canaries.plant("flavours", "e-mail"): {}}
    return {
        "experiment": {"e-mail": canaries.plant("names of experiments", "e-mail")},
        "run name": f"for {canaries.plant('names of runs', 'e-mail')} {canaries.plant('names of runs', 'AWS key')}",
        "tags": tags | own,
        "params": {f"p {kind}": text for kind, text in params.items()} | named | nested | words,
        "metrics": ["loss", *(f"m {canaries.plant('names of metrics', kind)}" for kind in ("SSN", "AWS key", "IBAN"))],
        "inputs": inputs,
        "artifacts": [
            f"out/report-{canaries.plant('names of artifacts', kind)}.txt"
            for kind in ("e-mail", "SSN", "GitHub token", "JWT", "card")
        ],
        "model": {
            "MLmodel": json.dumps({"flavors": flavors, "signature": {"inputs": json.dumps(columns)}}),
            "requirements.txt": _requirements(canaries, "requirements.txt of a model"),
            f"weights-{canaries.plant('names of model files', 'e-mail')}.pkl": canaries.plant("model files", "JWT"),
            "notes.txt": "\n".join(canaries.every_kind("texts beside a model").values()),
        },
        "note": f"# Purpose {canaries.plant('headings of notes', 'AWS key')}\n\n{canaries.plant('notes', 'e-mail')}",
        "version note": _card_text(canaries, "the note of a version"),
        "aliases": [f"for-{canaries.plant('aliases', 'SSN')}"],
    }


def _word(canaries: Canaries, place: str) -> str:
    """A password that has no form of its own: only what stands before it tells."""
    word = f"tiger{len(canaries.planted)}canary"
    canaries.planted.append(Canary(place=place, kind="password", text=word, needle=word))
    return word


def _requirements(canaries: Canaries, place: str) -> str:
    return "\n".join(
        [
            f"--index-url {canaries.plant(place, 'password in URL')}",
            "numpy==2.4.6",
            f"tools @ {canaries.plant(place, 'password in URL')}",
            f"git+https://{canaries.plant(place, 'GitHub token')}@git.example.org/x.git",
            f"{canaries.plant(place, 'GitHub token')}==1.0",
            f"pandas==1.0+{canaries.plant(place, 'AWS key')}",
            f"scipy==1.17.0  # ask {canaries.plant(place, 'e-mail')}",
            "",
        ]
    )


def _card_text(canaries: Canaries, place: str) -> str:
    """A model card with canaries in front matter, headings and text."""
    return "\n".join(
        [
            "---",
            f"license: {canaries.plant(place, 'e-mail')}",
            f"{canaries.plant(f'front matter of {place}', 'AWS key')}: 1",
            "---",
            *(f"## {text}" for text in canaries.every_kind(f"headings of {place}").values()),
            "## Purpose",
            *canaries.every_kind(f"text of {place}").values(),
        ]
    )


def left_in_git(canaries: Canaries, folder: Path) -> None:
    """A repository whose every field holds something."""
    name = canaries.plant("git author", "IBAN")
    identity = ["-c", f"user.name={name}", "-c", f"user.email={canaries.plant('git e-mail', 'e-mail')}"]
    (folder / "train.py").write_text(f"KEY = '{canaries.plant('source code', 'AWS key')}'\n", encoding="utf-8")
    message = f"call {canaries.plant('commit messages', 'phone')} {canaries.plant('commit messages', 'JWT')}"
    remote = canaries.plant("git remotes", "password in URL")
    branch = f"fix/{canaries.plant('git branches', 'e-mail')}/{canaries.plant('git branches', 'GitHub token')}"
    for command in (
        ["init", "-q", "-b", branch],
        ["remote", "add", "origin", remote],
        ["add", "train.py"],
        [*identity, "commit", "-q", "-m", message],
        ["tag", f"for-{canaries.plant('git tags', 'AWS key')}"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


def left_in_files(canaries: Canaries, folder: Path) -> None:
    """Data, cards, lock files and a model's files, with canaries in names, headers and cells."""
    personal = {
        kind: [canaries.plant(f"cells ({kind})", kind) for _ in range(3)] + [None] * (ROWS - 3) for kind in KINDS
    }
    marked = {f"of {canaries.plant('names of columns', kind)}": ["x"] * ROWS for kind in KINDS}
    table = {
        "region": [GROUPS[row % 2] for row in range(ROWS)],
        "y_true": [row % 3 % 2 for row in range(ROWS)],
        "y_pred": [row % 4 % 2 for row in range(ROWS)],
    }
    pq.write_table(pa.table({**table, **personal, **marked}), folder / "predictions.parquet")
    (folder / "parts").mkdir()
    part = f"parts/{canaries.plant('names of parts', 'e-mail')}.parquet"
    pq.write_table(pa.table({"x": [1]}), folder / part)
    pq.write_table(pa.table({"x": [2]}), folder / f"parts/z-{canaries.plant('names of parts', 'SSN')}.parquet")
    without_header = [
        [canaries.plant("a CSV without a header", kind).replace("\n", " ") for kind in KINDS] for _ in "ab"
    ]
    (folder / "people.csv").write_text("\n".join(",".join(row) for row in without_header), encoding="utf-8")
    broken = ["region,y_true,y_pred", "north,1,1", ",".join(canaries.every_kind("a broken CSV").values())]
    (folder / "broken.csv").write_text("\n".join(broken), encoding="utf-8")
    (folder / "requirements.txt").write_text(_requirements(canaries, "requirements.txt"), encoding="utf-8")
    conda = {
        "name": canaries.plant("conda.yaml", "e-mail"),
        "channels": [canaries.plant("conda.yaml", "password in URL")],
        "dependencies": ["python=3.12.3", {"pip": [f"x @ {canaries.plant('conda.yaml', 'password in URL')}"]}],
    }
    (folder / "conda.yaml").write_text(json.dumps(conda), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(_card_text(canaries, "the model card"), encoding="utf-8")
    (folder / "weights").mkdir()
    (folder / "weights" / f"{canaries.plant('names of weights', 'e-mail')}.bin").write_bytes(
        canaries.plant("bytes of weights", "private key").encode()
    )
    (folder / f"people-{canaries.plant('names of neighbours', 'e-mail')}.csv").write_text("x\n1\n", encoding="utf-8")


def left_in_the_environment(canaries: Canaries) -> Mapping[str, str]:
    """Variables of a CI run, and credentials as its jobs have them."""
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": canaries.plant("GITHUB_ACTOR", "e-mail"),
        "GITHUB_WORKFLOW": f"ask {canaries.plant('GITHUB_WORKFLOW', 'e-mail')}",
        "GITHUB_REF": f"refs/heads/{canaries.plant('GITHUB_REF', 'e-mail')}",
        "GITHUB_RUN_ID": "1795",
        "GITHUB_EVENT_NAME": canaries.plant("GITHUB_EVENT_NAME", "GitHub token"),
        "GITHUB_SERVER_URL": canaries.plant("GITHUB_SERVER_URL", "password in URL").removesuffix("/x"),
        "GITHUB_REPOSITORY": f"ana/{canaries.plant('GITHUB_REPOSITORY', 'GitHub token')}",
        "GITHUB_TOKEN": canaries.plant("GITHUB_TOKEN", "GitHub token"),
        "GIT_AUTHOR_EMAIL": canaries.plant("GIT_AUTHOR_EMAIL", "e-mail"),
        "AWS_SECRET_ACCESS_KEY": _word(canaries, "AWS_SECRET_ACCESS_KEY"),
        "MLFLOW_TRACKING_USERNAME": canaries.plant("MLFLOW_TRACKING_USERNAME", "e-mail"),
        "MLFLOW_TRACKING_PASSWORD": _word(canaries, "MLFLOW_TRACKING_PASSWORD"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A project that went the whole way: what was planted, what each command said, and everything that came of it."""

    folder: Path
    canaries: tuple[Canary, ...]
    said: Mapping[str, Said]
    haystack: Haystack
    left_behind: tuple[str, ...]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    home, temporary = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("temporary")
    folder = tmp_path_factory.mktemp("credit")
    canaries = Canaries()
    left_in_files(canaries, folder)
    left_in_git(canaries, folder)
    answer_of(folder, STORE.format(left=left_in_mlflow(canaries), uri="sqlite:///mlflow.db"))
    variables = left_in_the_environment(canaries)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), **variables}.items():
            patch.setenv(name, value)
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.chdir(folder)
        before = _files(folder)
        said = dict(_way(canaries, folder))
        haystack = Haystack()
        haystack.add_files(sorted(_files(folder) - before), folder)
        for name, each in said.items():
            haystack.add(f"stdout of {name}", each.out)
            haystack.add(f"stderr of {name}", each.err)
        yield Journey(
            folder=folder,
            canaries=tuple(canaries.planted),
            said=said,
            haystack=haystack,
            left_behind=tuple(path.name for path in temporary.iterdir()),
        )


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts}


def _way(canaries: Canaries, folder: Path) -> Iterator[tuple[str, Said]]:
    """Every command, right and wrong, with what it said; settings are taken away again."""
    settings = folder / "tolbooth.yaml"
    card = "model_card: MODEL_CARD.md"
    settings.write_text(SETTINGS.format(tracking="sqlite:///mlflow.db", card=card), encoding="utf-8")
    yield "gate", tolbooth("gate", "release", "--output", "json")
    settings.write_text(SETTINGS.format(tracking="sqlite:///mlflow.db", card=""), encoding="utf-8")
    yield "gate by its note", tolbooth("gate", "release", "--debug")
    for name in FORMATS:
        yield f"report {name}", tolbooth("report", "--format", name, "--to", f"report.{name}")
    yield "seal", tolbooth("seal", "--to", "pack")
    yield "seal as one file", tolbooth("seal", "--to", "pack.zip")
    yield "log", tolbooth("log")
    yield "log as JSON", tolbooth("log", "--output", "json")
    yield "explain", tolbooth("explain", "--last")
    yield "explain privacy", tolbooth("explain", "privacy.undeclared")
    yield "log export", tolbooth("log", "export", "--to", "whole.jsonl")
    yield "store check", tolbooth("store", "check")
    yield "gate on files", tolbooth("gate", "local", "--debug")
    yield "measure", tolbooth("measure", "pii", "predictions.parquet", "people.csv", "parts", "--full")
    yield "measure as JSON", tolbooth("measure", "pii", "predictions.parquet", "people.csv", "--output", "json")
    yield "measure what is broken", tolbooth("measure", "pii", "broken.csv", "--debug")
    yield from _mistakes(canaries, folder, settings)
    settings.unlink()


def _mistakes(canaries: Canaries, folder: Path, settings: Path) -> Iterator[tuple[str, Said]]:
    right = SETTINGS.format(tracking="sqlite:///mlflow.db", card="")
    dead = canaries.plant("a tracking address", "password in URL").replace("db.example.org", "127.0.0.1:9")
    wrong = {
        "gate without a server": right.replace("sqlite:///mlflow.db", dead),
        "gate with a wrong path": right.replace("sqlite:///mlflow.db", dead).replace("weights", "weihgts"),
        "gate without a store": right.replace("mlflow.db", "none.db"),
        "gate without its alias": right.replace("@champion", "@champoin"),
        "gate without a file": right.replace("people.csv", "people-x@canary.example.org.csv"),
        "gate without a column": right.replace("path: run:/out/predictions.parquet", "path: people.csv"),
        "gate with a wrong label": right.replace("label: y_true", "label: e-mail"),
        "gate with an unknown key": right.replace("sqlite:///mlflow.db\n    ", f"{dead}\n    ownr: credit"),
    }
    for name, text in wrong.items():
        settings.write_text(text, encoding="utf-8")
        yield name, tolbooth("gate", "local" if "path" in name else "release", "--debug")
    settings.write_text(right, encoding="utf-8")
    link = folder / "weights" / f"z-{canaries.plant('names of links', 'e-mail')}"
    link.symlink_to(os.devnull)
    yield "gate with a link", tolbooth("gate", "local", "--debug")
    link.unlink()
    refused = folder / "weights" / f"y-{canaries.plant('names of refused files', 'e-mail')}\\x"
    refused.write_bytes(b"")
    yield "gate with a refused name", tolbooth("gate", "local", "--debug")
    refused.unlink()


def test_no_canary_is_in_anything_that_was_written_or_printed(journey: Journey) -> None:
    assert len(journey.canaries) > 200
    found = {str(canary): where for canary in journey.canaries if (where := journey.haystack.holds(canary))}
    assert found == {}


def test_the_journey_went_the_whole_way(journey: Journey) -> None:
    """Else nothing would be found since nothing was kept."""
    codes = {name: said.code for name, said in journey.said.items()}
    gates = {name: code for name, code in codes.items() if name.startswith("gate")}
    assert {name for name, code in gates.items() if code == 1} == {
        "gate", "gate by its note", "gate on files", "gate without a server",
    }  # fmt: skip
    wrong = [name for name in gates if codes[name] == 2] + ["measure what is broken"]
    assert len(wrong) == 10
    assert all("Traceback" in journey.said[name].err for name in wrong)
    assert {code for name, code in codes.items() if name not in {*gates, *wrong}} == {0}
    assert journey.haystack.holds(Canary(place="", kind="owner", text=KEPT, needle=KEPT))


def test_what_was_kept_says_what_was_withheld(journey: Journey) -> None:
    documents = [json.loads(blob) for blob in _blobs(journey.folder) if blob.startswith(b'{"artifacts":[')]
    kinds = {kind for document in documents for kind in document["observations"]}
    assert kinds >= {
        "alias-history", "ci", "environment", "fairness", "model-card", "model-format", "model-version", "pii",
        "population", "run", "source-control",
    }  # fmt: skip
    cards = {each["about"] for document in documents for each in document["observations"].get("model-card", [])}
    assert cards == {"risk-card", "risk-note", "files-card"}
    (run,) = next(document["observations"]["run"] for document in documents if "run" in document["observations"])
    values = run["values"]
    assert values["params"]["depth"] == "3"
    assert values["params"]["p AWS key"] == "[withheld: AWS key]"
    assert values["withheld"] > len(KINDS)
    assert values["tags_left_out"] >= len(KINDS) + 3
    (source,) = documents[0]["observations"]["source-control"]
    assert source["values"]["branch"] == "fix/[withheld: e-mail]/[withheld: token]"
    (ci,) = documents[0]["observations"]["ci"]
    assert ci["values"]["actor"] == "undeclared"
    assert ci["values"]["withheld"] == ["event", "ref", "run_url", "workflow"]
    people = next(each for each in documents[0]["artifacts"] if each["name"] == "people")
    assert all("withheld" in column["name"] for column in people["columns"])


def _blobs(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted((folder / ".tolbooth" / "blobs").rglob("*")) if path.is_file())


def test_downloads_are_gone_afterwards(journey: Journey) -> None:
    assert journey.left_behind == ()


def test_a_foreign_exception_is_told_without_what_it_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = Canaries()
    quoted = " ".join(canaries.every_kind("a foreign exception").values())

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(quoted)

    monkeypatch.setattr("tolbooth.pipeline.checking.read_document", breaks)
    monkeypatch.chdir(make_project(tmp_path, FAIR))
    haystack = Haystack()
    for arguments in (["gate"], ["gate", "--debug"]):
        said = tolbooth(*arguments)
        assert said.code == 70
        assert "Tolbooth broke: RuntimeError: " in said.err
        haystack.add("what it said", said.out + said.err)
    assert [str(canary) for canary in canaries.planted if haystack.holds(canary)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_is_found_in_whatever_it_is_packed(kind: str) -> None:
    canaries = Canaries()
    canaries.plant("here", kind)
    (canary,) = canaries.planted
    needle = canary.needle.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", b"before " + needle)
    pdf = b"%PDF-1.7 stream\n" + zlib.compress(b"(" + needle + b")") + b"\nendstream"
    envelope = json.dumps({"payload": base64.b64encode(b'{"a": "' + needle + b'"}').decode()})
    ways = {
        "plain": needle,
        "shouting": needle.upper(),
        "percent": quote(canary.needle).encode(),
        "zip": packed.getvalue(),
        "gzip": gzip.compress(needle),
        "pdf": pdf,
        "envelope": envelope.encode(),
        "transcript": base64.b64encode(envelope.encode()),
        "zip in base64": base64.b64encode(packed.getvalue()),
        "hash": hashlib.sha256(needle).hexdigest().encode(),
        "not text": base64.b64encode(b"\xff\xfe" + needle + b"\xff\xfe\xff"),
    }
    for name, content in ways.items():
        haystack = Haystack()
        haystack.add(name, content)
        assert haystack.holds(canary), name
    nothing = Haystack()
    nothing.add("nothing", b"nothing of the kind")
    assert nothing.holds(canary) == []
