"""What a folder holds that a gate could look at: models, data, predictions, a model card. Reads names and headers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.collect.mlflow.finding import FoundModel, find_model
from tolbooth.model.observation import ArtifactRole

MODEL_SUFFIXES = frozenset(
    {".joblib", ".pkl", ".pickle", ".onnx", ".safetensors", ".pt", ".pth", ".h5", ".keras", ".ubj"}
)
DATA_SUFFIXES = frozenset({".parquet", ".csv"})
CARD_NAMES = frozenset({"model_card.md", "model-card.md", "modelcard.md"})
LABELS = ("y_true", "label", "target", "actual", "ground_truth", "outcome")
PREDICTIONS = ("y_pred", "prediction", "predicted", "y_hat", "pred")
FEATURES = (
    "race",
    "ethnicity",
    "sex",
    "gender",
    "age_cat",
    "age_group",
    "nationality",
    "religion",
    "disability",
    "marital_status",
)
_DEPTH = 2
_SKIPPED = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundData:
    """A data set, what it seems to be, and which of its columns a gate would look at."""

    path: str
    role: ArtifactRole
    label: str | None = None
    prediction: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name for the settings, from the file's."""
        return "".join(c if c.isalnum() or c in "._-" else "-" for c in Path(self.path).stem) or "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found; paths are relative to the folder, with forward slashes.

    ``tracking`` is where MLflow's store is, and ``registered`` the model that it is most likely about.
    """

    models: tuple[str, ...]
    cards: tuple[str, ...]
    data: tuple[FoundData, ...]
    tracking: str | None = None
    registered: FoundModel | None = None

    @property
    def predictions(self) -> tuple[FoundData, ...]:
        """The data sets that hold predictions beside what was true."""
        return tuple(each for each in self.data if each.role is ArtifactRole.PREDICTIONS)


def detect(folder: Path, *, tracking: str | None, downloads: Path) -> Found:
    """Look at a folder, two levels deep; hidden folders and installed packages are passed over.

    ``tracking`` names an MLflow store; None looks for one in the folder. ``downloads`` takes copies of a run's tables.
    """
    store = tracking or _store(folder)
    registered = find_model(store, project_folder=folder, downloads=downloads) if store is not None else None
    if registered is not None:
        return _in_mlflow(folder, store, registered)
    paths = sorted(_walk(folder, _DEPTH))
    names = {path: path.relative_to(folder).as_posix() for path in paths}
    mlflow = [names[path.parent] for path in paths if path.name == "MLmodel" and path.parent in names]
    return Found(
        models=(
            *mlflow,
            *(names[p] for p in paths if p.suffix.lower() in MODEL_SUFFIXES and not _below(p, mlflow, names)),
        ),
        cards=tuple(names[path] for path in paths if path.name.lower() in CARD_NAMES),
        data=tuple(_data(path, names[path]) for path in paths if path.suffix.lower() in DATA_SUFFIXES),
    )


def _store(folder: Path) -> str | None:
    """MLflow's own default places."""
    if (folder / "mlflow.db").is_file():
        return "sqlite:///mlflow.db"
    return "mlruns" if (folder / "mlruns").is_dir() and any((folder / "mlruns").iterdir()) else None


def _in_mlflow(folder: Path, store: str | None, registered: FoundModel) -> Found:
    """A model in MLflow, with the tables of its run; the model card may lie in the folder."""
    cards = sorted(path.name for path in folder.iterdir() if path.name.lower() in CARD_NAMES)
    return Found(
        models=(registered.path,),
        cards=tuple(cards),
        data=tuple(_data(copy, f"run:/{name}") for name, copy in registered.tables),
        tracking=store,
        registered=registered,
    )


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _SKIPPED or path.is_symlink():
            continue
        yield path
        if path.is_dir() and depth > 1:
            yield from _walk(path, depth - 1)


def _below(path: Path, folders: Iterable[str], names: dict[Path, str]) -> bool:
    return any(names.get(parent, "") in folders for parent in path.parents)


def _data(path: Path, name: str) -> FoundData:
    columns = _columns(path)
    label, prediction = _first(LABELS, columns), _first(PREDICTIONS, columns)
    if label is not None and prediction is not None:
        groups = tuple(column for column in columns if column.lower() in FEATURES)
        return FoundData(path=name, role=ArtifactRole.PREDICTIONS, label=label, prediction=prediction, groups=groups)
    training = "train" in path.stem.lower()
    return FoundData(path=name, role=ArtifactRole.TRAINING if training else ArtifactRole.EVALUATION)


def _first(wanted: Iterable[str], columns: list[str]) -> str | None:
    by_lower = {column.lower(): column for column in columns}
    return next((by_lower[word] for word in wanted if word in by_lower), None)


def _columns(path: Path) -> list[str]:
    """The column names; none if the file can't be read: the gate will say so, not the search."""
    try:
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, pa.ArrowException, csv.Error):
        return []
