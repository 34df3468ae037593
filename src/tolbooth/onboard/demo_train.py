"""Trains a model on the study in rossi.csv and logs it to MLflow, as any project would: nothing here knows Tolbooth.

    python train.py                                        half of the people train, the other half test
    python train.py --cross-validate --without-contacts    everybody is predicted; no addresses in the table

The last version that was trained gets the alias "candidate".
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split

STORE = "sqlite:///mlflow.db"
MODEL = "rearrest"
ALIAS = "candidate"
FEATURES = ["fin", "age", "wexp", "mar", "paro", "prio"]
CONTACTS = "contact_email_synthetic"
PACKAGES = ("cloudpickle", "joblib", "numpy", "pandas", "scikit-learn", "scipy")
SEED = 7
FOLDS = 5


def study() -> pd.DataFrame:
    """The study's 432 rows, with words for race (its code book: 1 is Black, 0 is other) and made-up addresses."""
    table = pd.read_csv("rossi.csv")
    contacts = [f"synthetic-{number:03d}@example.org" for number in range(1, len(table) + 1)]
    race = table["race"].map({1: "Black", 0: "other"})
    return table.astype(dict.fromkeys(FEATURES, float)).assign(race=race, **{CONTACTS: contacts})


def model() -> Any:
    """The recipe: no more than a logistic regression."""
    return LogisticRegression(max_iter=1000)


def held_out(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to train on, and the others with what a model says that did not see them."""
    train, test = train_test_split(rows, test_size=0.5, random_state=SEED, stratify=rows["arrest"])
    fitted = model().fit(train[FEATURES], train["arrest"])
    return train, test.assign(y_pred=fitted.predict(test[FEATURES]))


def cross_validated(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows to train on, and all rows with what a model of the same recipe says that did not see the row."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    return rows, rows.assign(y_pred=cross_val_predict(model(), rows[FEATURES], rows["arrest"], cv=folds))


def log(train: pd.DataFrame, predicted: pd.DataFrame, columns: list[str], method: str) -> None:
    """One run: parameters, data, metrics, the table of predictions, and the model as a new version."""
    right = int((predicted["arrest"] == predicted["y_pred"]).sum())
    never = int((predicted["arrest"] == 0).sum())
    mlflow.log_params({"recipe": "logistic regression", "evaluation": method, "seed": SEED, "features": len(FEATURES)})
    mlflow.log_metrics({"accuracy": right / len(predicted), "accuracy_of_always_no": never / len(predicted)})
    say(f"accuracy {right}/{len(predicted)}; saying 'no' of everybody gives {never}/{len(predicted)}")
    train[[*FEATURES, "race", "arrest"]].to_parquet("train.parquet", index=False)
    table = predicted.assign(y_true=predicted["arrest"])[columns]
    table.to_parquet("predictions.parquet", index=False)
    for name, data, context in (("train", train, "training"), ("predictions", table, "evaluation")):
        mlflow.log_input(from_pandas(data, source=f"{name}.parquet", name=name), context=context)
        mlflow.log_artifact(f"{name}.parquet")
    say(f"logged {len(table)} predictions: {', '.join(columns)}")
    fitted = model().fit(train[FEATURES], train["arrest"])
    logged = mlflow.sklearn.log_model(
        fitted,
        name="model",
        signature=infer_signature(train[FEATURES], fitted.predict(train[FEATURES])),
        serialization_format="cloudpickle",
        pip_requirements=[f"{package}=={version(package)}" for package in PACKAGES],
    )
    registered = mlflow.register_model(logged.model_uri, MODEL)
    mlflow.MlflowClient().set_registered_model_alias(MODEL, ALIAS, registered.version)
    say(f"registered {MODEL} version {registered.version}; the alias {ALIAS} points to it")


def experiment() -> str:
    """The experiment, made at the first run, with its artifacts beside this file."""
    mlflow.set_tracking_uri(STORE)
    if not Path("mlflow.db").exists():
        say("making MLflow's store, mlflow.db")
    found = mlflow.get_experiment_by_name(MODEL)
    if found is not None:
        return str(found.experiment_id)
    return str(mlflow.create_experiment(MODEL, artifact_location=Path("artifacts").resolve().as_uri()))


def say(text: str) -> None:
    """Say how far it is."""
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Train, evaluate and log one version."""
    parser = argparse.ArgumentParser(description="Train a model and log it to MLflow.")
    parser.add_argument("--cross-validate", action="store_true", help="predict everybody, each by a model of its own")
    parser.add_argument("--without-contacts", action="store_true", help="leave the addresses out of the predictions")
    options = parser.parse_args()
    columns = ["race", "y_true", "y_pred", *([] if options.without_contacts else [CONTACTS])]
    method = f"cross-validation, {FOLDS} folds" if options.cross_validate else "hold-out of one half"
    experiment_id = experiment()
    with mlflow.start_run(experiment_id=experiment_id, run_name=method):
        rows = study()
        train, predicted = cross_validated(rows) if options.cross_validate else held_out(rows)
        say(f"logistic regression on {len(train)} of {len(rows)} people; {method}")
        log(train, predicted, columns, method)


if __name__ == "__main__":
    main()
