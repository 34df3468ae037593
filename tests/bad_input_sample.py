"""Bad inputs as people make them: each a project with one or more mistakes, and the command that meets them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.project_sample import FAIR, SETTINGS, tolbooth, write_predictions
from tests.sample_pack import EVE, MemoryLog, sealed
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.evidence.container import CORE
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.reading import read
from tolbooth.model.decision import Decision
from tolbooth.pipeline.gate import gate
from tolbooth.pipeline.pack_files import read_pack, write_pack
from tolbooth.pipeline.workspace import open_workspace, utc_now

Prepare = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True)
class BadInput:
    """One case: what is wrong, which command meets it, and the exit code that it must give."""

    name: str
    prepare: Prepare
    command: tuple[str, ...] = ("gate",)
    code: int = 2
    environment: tuple[tuple[str, str], ...] = ()


def yaml(*changes: tuple[str, str]) -> Prepare:
    """A project whose ``tolbooth.yaml`` differs by these replacements."""

    def prepare(folder: Path) -> None:
        text = SETTINGS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / "tolbooth.yaml").write_text(text, encoding="utf-8")

    return prepare


def content(data: bytes) -> Prepare:
    """A project whose ``tolbooth.yaml`` is these bytes."""
    return lambda folder: void((folder / "tolbooth.yaml").write_bytes(data))


def column(name: str, values: pa.Array) -> Prepare:
    """A project whose predictions have another column of that name."""

    def prepare(folder: Path) -> None:
        table = pq.read_table(folder / "predictions.parquet")
        repeated = pa.concat_arrays([values] * (len(table) // len(values)))
        position = table.schema.get_field_index(name)
        pq.write_table(table.set_column(position, name, repeated), folder / "predictions.parquet")

    return prepare


def both(*parts: Prepare) -> Prepare:
    """Several mistakes."""

    def prepare(folder: Path) -> None:
        for part in parts:
            part(folder)

    return prepare


def void(_: object) -> None:
    """An expression as a preparation."""


def empty_model_folder(folder: Path) -> None:
    (folder / "model.bin").unlink()
    (folder / "model.bin").mkdir()


def model_folder_with_a_link(folder: Path) -> None:
    empty_model_folder(folder)
    (folder / "model.bin" / "weights").symlink_to(folder / "predictions.parquet")


def missing_predictions(folder: Path) -> None:
    (folder / "predictions.parquet").rename(folder / "predictions-7.parquet")


def several_mistakes(folder: Path) -> None:
    """In the file, the policy, the paths and the columns, all at once."""
    write_predictions(folder / "other.parquet", FAIR, feature="sex")
    yaml(
        ("    owner:", "    ownr:"),
        ("prediction: y_pred", "prediction: y_prd"),
        ("model.bin", "model.bim"),
        ("metric: accuracy", "metric: acuracy"),
        ("environment: ci", "enviroment: ci"),
        ("    performance.minimum", "    fairness.dif: {bound: 0.1}\n    performance.minimum"),
    )(folder)


def csv(text: str) -> Prepare:
    """A project whose predictions are this CSV."""

    def prepare(folder: Path) -> None:
        (folder / "predictions.csv").write_text(text, encoding="utf-8")
        yaml(("predictions.parquet", "predictions.csv"))(folder)

    return prepare


def truncated_csv(folder: Path) -> None:
    (folder / "predictions.csv").write_text("race,y_true,y_pred\na,1,0\na,0,1\nb,1", encoding="utf-8")
    THREE_RULES(folder)
    path = folder / "tolbooth.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(".parquet", ".csv"), encoding="utf-8")


def no_rows(folder: Path) -> None:
    pq.write_table(pq.read_table(folder / "predictions.parquet").slice(0, 0), folder / "predictions.parquet")


def nothing_but_null_groups(folder: Path) -> None:
    column("race", pa.nulls(200, pa.string()))(folder)


def unreadable_parquet(folder: Path) -> None:
    (folder / "predictions.parquet").write_bytes(b"PAR1 not really PAR1")


def a_clock_that_goes_back(folder: Path) -> None:
    """The last entry is of tomorrow."""
    project = load_project(folder / "tolbooth.yaml")
    workspace = open_workspace(project, Environment.read(os.environ), clock=lambda: utc_now() + timedelta(days=1))
    gate(workspace, None, variables={}, progress=lambda *_: None)


def two_decisions(folder: Path) -> None:
    tolbooth("gate")
    column("y_pred", pa.array([1, 0], pa.int8()))(folder)
    tolbooth("gate")


def one_decision(folder: Path) -> None:
    tolbooth("gate")


def ssh_key(folder: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"s" * 32).public_key()
    (folder / "eve.pub").write_bytes(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))


def elliptic_key(folder: Path) -> None:
    key = generate_private_key(SECP256R1()).public_key()
    (folder / "eve.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def private_key(folder: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "eve.pub").write_bytes(pem)


def open_private_key(folder: Path) -> None:
    private_key(folder)
    (folder / "eve.pub").chmod(0o644)


def some_key(folder: Path) -> None:
    (folder / "eve.pub").write_text(EVE.public_key.to_pem(), encoding="utf-8")


def no_zip(folder: Path) -> None:
    some_key(folder)
    (folder / "credit.evpack.zip").write_text("a text", encoding="utf-8")


def pack_with(old: bytes, new: bytes) -> Prepare:
    """A pack whose rule on differences has other text, sealed anew by Eve: replay then meets the rule itself."""

    def prepare(folder: Path) -> None:
        tolbooth("gate")
        tolbooth("seal", "--to", "honest.zip")
        honest = PublicKey.from_pem(tolbooth("key", "export", "release").out)
        pack = read_pack(folder / "honest.zip")
        core = {path.removeprefix(CORE): each for path, each in pack.items() if path.startswith(CORE)}
        path = "policies/fairness/difference/difference.rego"
        assert old in core[path]
        core[path] = core[path].replace(old, new, 1)
        decision = read(Decision, core["decision.json"], path="decision.json")
        signers = [EVE, type("Honest", (), {"public_key": honest})()]
        log, now = MemoryLog(signer=EVE), utc_now().replace(microsecond=0)
        write_pack(
            folder / "forged.zip",
            sealed(core, decision, sealer=EVE, log=log, signers=signers, sealed_at=now),
        )
        (folder / "eve.pub").write_text(EVE.public_key.to_pem(), encoding="utf-8")

    return prepare


VERIFY = ("verify", "credit.evpack.zip", "--key", "eve.pub")
REPLAY = ("replay", "forged.zip", "--key", "eve.pub")
MEASURE = ("measure", "fairness", "predictions.parquet", "--label", "y_true", "--prediction", "y_pred")
THREE_RULES = yaml(
    ("  parameters:", "  rules: [fairness.difference, performance.minimum, data.digests]\n  parameters:")
)
BOUND = "performance.minimum: {metric: accuracy, bound: 0.7}"

REFUSED = (
    BadInput(name="unknown-key", prepare=yaml(("label:", "lable:"))),
    BadInput(name="unknown-key-at-the-top", prepare=yaml(("project:", "projct:"))),
    BadInput(name="wrong-type", prepare=yaml(("groups: [race]", "groups: race"), ('version: "7"', "version: [7]"))),
    BadInput(name="section-without-anything", prepare=yaml(("  release: {subject: credit, environment: ci}\n", ""))),
    BadInput(name="name-with-a-space", prepare=yaml(("project: credit", "project: credit model"))),
    BadInput(name="bad-yaml", prepare=yaml(("groups: [race]", "groups: [race"))),
    BadInput(name="a-second-colon", prepare=yaml(("owner: credit team", "owner: team: credit"))),
    BadInput(name="duplicate-key", prepare=yaml(("    label: y_true\n", "    label: y_true\n    label: y\n"))),
    BadInput(name="tab-indentation", prepare=yaml(("    role:", "\trole:"))),
    BadInput(name="alias", prepare=yaml(("label: y_true", "label: &column y_true"), ("y_pred", "*column"))),
    BadInput(name="empty-file", prepare=content(b"# nothing yet\n")),
    BadInput(name="a-list-for-a-file", prepare=content(b"- version: 1\n")),
    BadInput(name="not-utf8", prepare=content(SETTINGS.replace("credit team", "Kreditgeschäft").encode("latin-1"))),
    BadInput(name="no-time-zone", prepare=yaml(("project:", "timezone: Europe/Berln\nproject:"))),
    BadInput(name="no-such-day", prepare=yaml(("    role:", "    valid_until: 2027-02-30\n    role:"))),
    BadInput(name="time-without-a-zone", prepare=yaml(("    role:", "    about: 2026-01-31T10:00:00\n    role:"))),
    BadInput(name="unknown-subject", prepare=yaml(("subject: credit", "subject: credt"))),
    BadInput(name="unknown-data-set", prepare=yaml(("environment: ci", "data: [tst]"))),
    BadInput(name="missing-file", prepare=missing_predictions),
    BadInput(name="model-folder-empty", prepare=empty_model_folder),
    BadInput(name="model-folder-with-a-link", prepare=model_folder_with_a_link),
    BadInput(name="wrong-column", prepare=yaml(("y_pred", "y_prd"), ("[race]", "[rcae]"))),
    BadInput(name="column-named-twice", prepare=yaml(("[race]", "[race, race, y_true]"))),
    BadInput(name="wrong-column-type", prepare=column("y_true", pa.array([[1], [0]]))),
    BadInput(name="float-feature", prepare=column("race", pa.array([0.5, 1.5]))),
    BadInput(name="label-not-0-or-1", prepare=column("y_true", pa.array([1, 2], pa.int8()))),
    BadInput(name="wrong-column-in-csv", prepare=csv("sex,y_true,y_pred\na,1,0\n")),
    BadInput(name="unknown-gate", prepare=yaml(), command=("gate", "releese")),
    BadInput(name="gates-without-a-name", prepare=yaml(("  release:", "  staging: {subject: credit}\n  release:"))),
    BadInput(name="unknown-rule", prepare=yaml(("  parameters:", "  rules: [fairness.diference]\n  parameters:"))),
    BadInput(name="unknown-collection", prepare=yaml(("  parameters:", "  collections: [minimul]\n  parameters:"))),
    BadInput(name="unknown-parameter", prepare=yaml(("bound: 0.7", "bund: 0.7"))),
    BadInput(name="ratio-above-one", prepare=yaml((BOUND, "fairness.ratio: {bound: 1.25}"))),
    BadInput(
        name="ratio-of-zero",
        prepare=yaml(
            ("  parameters:", "  rules: [fairness.ratio]\n  parameters:"), (BOUND, "fairness.ratio: {bound: 0}")
        ),
    ),
    BadInput(name="difference-below-zero", prepare=yaml((BOUND, "fairness.difference: {bound: -1}"))),
    BadInput(name="parameter-that-is-a-list", prepare=yaml(("metric: accuracy", "metric: [accuracy]"))),
    BadInput(
        name="unknown-enforcement",
        prepare=yaml(("  parameters:", "  enforcement: {data.digests: wran}\n  parameters:")),
    ),
    BadInput(name="several-mistakes", prepare=several_mistakes),
    BadInput(name="several-mistakes-in-config-check", prepare=several_mistakes, command=("config", "check")),
    BadInput(name="no-project", prepare=lambda folder: (folder / "tolbooth.yaml").unlink()),
    BadInput(name="no-store-yet", prepare=yaml(), command=("report",)),
    BadInput(name="no-decision-of-that-digest", prepare=one_decision, command=("seal", "zzzz")),
    BadInput(name="ambiguous-decision", prepare=two_decisions, command=("seal", "")),
    BadInput(name="clock-before-the-last-entry", prepare=a_clock_that_goes_back),
    BadInput(
        name="private-key-readable-by-others", prepare=open_private_key, environment=(("TOLBOOTH_KEY_FILE", "eve.pub"),)
    ),
    BadInput(name="public-key-to-sign-with", prepare=some_key, environment=(("TOLBOOTH_KEY_FILE", "eve.pub"),)),
    BadInput(name="ssh-key", prepare=ssh_key, command=VERIFY),
    BadInput(name="elliptic-key", prepare=elliptic_key, command=VERIFY),
    BadInput(name="private-key-to-verify-with", prepare=private_key, command=VERIFY),
    BadInput(name="no-such-key", prepare=yaml(), command=VERIFY),
    BadInput(name="pack-not-found", prepare=some_key, command=VERIFY),
    BadInput(name="pack-that-is-no-zip", prepare=no_zip, command=VERIFY, code=5),
    BadInput(name="rego-syntax", prepare=pack_with(b"deny contains {", b"deny contains {{"), command=REPLAY),
    BadInput(name="rego-unknown-control", prepare=pack_with(b"eu-ai-act:10.2.f", b"eu-ai-act:10.22.f"), command=REPLAY),
    BadInput(name="bound-that-is-no-rate", prepare=yaml(), command=(*MEASURE, "--groups", "race", "--bound", "much")),
    BadInput(
        name="measured-file-that-is-not-there", prepare=missing_predictions, command=(*MEASURE, "--groups", "race")
    ),
    BadInput(name="bound-in-percent", prepare=yaml(), command=(*MEASURE, "--groups", "race", "--bound", "10")),
    BadInput(name="metric-that-is-none", prepare=yaml(), command=(*MEASURE, "--groups", "race", "--metric", "acuracy")),
    BadInput(name="measured-column-that-is-not-there", prepare=yaml(), command=(*MEASURE, "--groups", "rcae")),
    BadInput(name="explain-nothing", prepare=yaml(), command=("explain",)),
    BadInput(name="explain-an-unknown-rule", prepare=yaml(), command=("explain", "fairness.diference")),
    BadInput(name="unknown-command", prepare=yaml(), command=("gaet",)),
    BadInput(name="no-instant", prepare=yaml(), command=("gate", "--as-of", "tomorrow")),
)
"""Mistakes: nothing is appended."""

UNDECIDED = (
    BadInput(name="empty-data-set", prepare=both(no_rows, THREE_RULES), code=3),
    BadInput(name="all-null-group", prepare=both(nothing_but_null_groups, THREE_RULES), code=3),
    BadInput(name="unreadable-parquet", prepare=both(unreadable_parquet, THREE_RULES), code=3),
    BadInput(name="truncated-csv", prepare=truncated_csv, code=3),
)
"""Facts that can't be had: an undecided decision is recorded."""

_TIME = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ")
_WRITTEN = {"2026-11-23T09:00:00Z", "2026-01-31T10:00:00Z"}
"""Times that stand in our own hints, or follow from what the case wrote."""

_DIGEST = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}(?:[0-9a-f]{52})?\b")


def normalised(text: str, folder: Path) -> str:
    """Without what differs from run to run: the machine's paths, times, and digests."""
    text = text.replace(str(folder.resolve()), "PROJECT").replace(str(Path(os.environ["HOME"]).resolve()), "HOME")
    text = _TIME.sub(lambda time: time[0] if time[0] in _WRITTEN else "TIME", text)
    return _DIGEST.sub("DIGEST", text)
