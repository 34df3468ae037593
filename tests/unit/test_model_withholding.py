"""What is kept out of strings that would be kept, and what ordinary parameters and names keep."""

from __future__ import annotations

import pytest

from tolbooth.model.withholding import Withheld

KEPT_OUT = [
    ("AKIAIOSFODNN7EXAMPLE", "AWS key"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAA\n-----END RSA PRIVATE KEY-----", "private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\ncut off", "private key"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.sflKxwRJSMeKKF2QT4", "token"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "token"),
    ("hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ", "token"),
    ("ana.example@example.org", "e-mail"),
    ("ana%40example.org", "e-mail"),
    ("GB82 WEST 1234 5698 7654 32", "IBAN"),
    ("DE89370400440532013000", "IBAN"),
    ("4111 1111 1111 1111", "card number"),
    ("378282246310005", "card number"),
    ("078-05-1120", "social security number"),
    ("+49 30 901820", "phone number"),
    ("+44 (0)20 7946 0958", "phone number"),
    ("415-555-2671", "phone number"),
    ("wJalrXUtnFEMI7K7MDENGbPxRfiCYzEXAMPLE9", "random-looking text"),
    ("9e107d9d372bb6826bd81d3542a419d6", "random-looking text"),
]

KEPT = [
    "LogisticRegression",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    "HistGradientBoostingClassifierV2",
    "binary:logistic",
    "0.97382478632478641234",
    "1795414866278",
    "2026-11-23T09:14:07Z",
    "gregarious-gnat-346",
    "training_precision_score",
    "models/2026-11-23/iris_classifier_final_v12",
    "(?u)\\b\\w\\w+\\b",
    "1e-05",
    "123e4567-e89b-12d3-a456-426614174000",
    "https://example.org/data/breast_cancer.csv",
    "sepal length (cm)",
    "00000000000000000000000000000000",
    "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]",
    "max_tokens=512",
    "train.py --tokenizer bert --password-policy --depth 3",
    "",
]


@pytest.mark.parametrize(("secret", "kind"), KEPT_OUT)
def test_a_secret_or_personal_datum_is_withheld_by_kind_wherever_it_stands(secret: str, kind: str) -> None:
    for text in (secret, f"before {secret} after"):
        withheld = Withheld()
        if "cut off" in secret and text != secret:
            continue
        assert withheld.text(text) == text.replace(secret, f"[withheld: {kind}]")
        assert withheld.by_kind == {kind: 1}


@pytest.mark.parametrize("text", KEPT)
def test_what_an_ordinary_run_holds_is_kept(text: str) -> None:
    withheld = Withheld()
    assert withheld.text(text) == text
    assert withheld.count == 0


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://ana:hunter2@example.org/x", "https://[withheld: user info]@example.org/x"),
        ("postgresql+psycopg2://ana:p@ss@db:5432/ml", "postgresql+psycopg2://[withheld: user info]@db:5432/ml"),
        ("https://x-oauth-basic@example.org", "https://[withheld: user info]@example.org"),
        ("https://example.org/a?access_token=abc&x=1", "https://example.org/a?access_token=[withheld: credential]&x=1"),
    ],
)
def test_a_url_loses_its_user_info_and_its_credentials(url: str, left: str) -> None:
    assert Withheld().text(url) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password=hunter2 x=1", "password=[withheld: credential] x=1"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": "[withheld: credential]", "n": 1}'),
        ("Authorization: Bearer abcdefgh1234", "Authorization: Bearer [withheld: token]"),
        ("db_password: hunter2", "db_password: [withheld: credential]"),
        (r'"{\"password\": \"hunter2\"}"', r'"{\"password\": \"[withheld: credential]\"}"'),
        ("train.py --db-password hunter2 -v", "train.py --db-password [withheld: credential] -v"),
        ("['train.py', '--token', 'hunter2']", "['train.py', '--token', '[withheld: credential]']"),
        ("secret=a\\b;", "secret=[withheld: credential];"),
    ],
)
def test_what_is_assigned_to_a_secret_name_inside_a_text_is_withheld(text: str, left: str) -> None:
    assert Withheld().text(text) == left


@pytest.mark.parametrize("name", ["password", "db_password", "apiKey", "aws_secret_access_key", "hf_token", "API_KEY"])
def test_a_field_named_as_a_secret_is_withheld_whole(name: str) -> None:
    assert Withheld().value(name, "x") == "[withheld: credential]"


@pytest.mark.parametrize("name", ["user", "mlflow.user", "created_by_user", "authorEmail", "phone"])
def test_a_field_named_as_a_person_is_withheld_whole(name: str) -> None:
    assert Withheld().value(name, "Ana Example") == "[withheld: person]"


@pytest.mark.parametrize("name", ["max_tokens", "token_pattern", "key", "n_users", "password_policy_length", ""])
def test_a_field_that_only_contains_such_a_word_is_kept(name: str) -> None:
    assert Withheld().value(name, "12") == "12"


def test_counts_are_by_kind_over_everything_that_passed() -> None:
    withheld = Withheld()
    withheld.text("a@example.org b@example.org AKIAIOSFODNN7EXAMPLE")
    withheld.value("password", "x")
    assert withheld.by_kind == {"AWS key": 1, "credential": 1, "e-mail": 2}
    assert withheld.count == 4


def test_text_that_passed_once_passes_again_unchanged() -> None:
    once = Withheld().text("password=hunter2 a@example.org https://u:p@h/")
    again = Withheld()
    assert again.text(once) == once
    assert again.count == 0


@pytest.mark.parametrize(("secret", "kind"), KEPT_OUT)
def test_an_identifier_may_look_random_and_still_holds_no_secret(secret: str, kind: str) -> None:
    kept = Withheld().identifier(f"prod {secret}")
    assert kept == f"prod {secret}" if kind == "random-looking text" else secret not in kept
