"""What each pipeline trains: a logistic regression by gradient descent, scored on people that it has not seen.

It runs in the orchestrator's own process, so it uses nothing but what Tolbooth brings: numpy and Arrow.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 4000
SEED = 7


def train(folder: Path, *, biased: bool) -> float:
    """Write ``model.bin`` and ``predictions.parquet``, and give the accuracy on the rows kept for the test.

    A biased model asks more of the group ``b`` than of the group ``a``.
    """
    draw = np.random.default_rng(SEED)
    features = np.column_stack([draw.normal(size=(ROWS, 2)), np.ones(ROWS)])
    group = draw.integers(0, 2, size=ROWS)
    label = (features @ np.array([2.0, -1.0, 0.2]) + draw.logistic(size=ROWS) > 0).astype(np.int8)
    half = ROWS // 2
    weights = np.zeros(3)
    for _ in range(200):
        chance = 1 / (1 + np.exp(-features[:half] @ weights))
        weights += features[:half].T @ (label[:half] - chance) / half
    score = features[half:] @ weights - (1.5 * group[half:] if biased else 0)
    predicted = (score > 0).astype(np.int8)
    (folder / "model.bin").write_text(json.dumps({"weights": weights.tolist(), "biased": biased}), encoding="utf-8")
    names = np.where(group[half:] == 1, "b", "a").tolist()
    columns = {"race": names, "y_true": pa.array(label[half:]), "y_pred": pa.array(predicted)}
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return float((predicted == label[half:]).mean())


def promote(folder: Path, subject_sha256: str) -> None:
    """Put the model into production, if it is the very one that was decided on."""
    content = (folder / "model.bin").read_bytes()
    if hashlib.sha256(content).hexdigest() != subject_sha256:
        raise ValueError("this is not the model that the gate decided on")
    (folder / "production").mkdir(exist_ok=True)
    (folder / "production" / "model.bin").write_bytes(content)
