"""The tables. ``entry`` is the log; every other table is a projection that can be rebuilt from it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

SCHEMA_VERSION = 1

metadata = MetaData()

store = Table(
    "store",
    metadata,
    Column("schema_version", Integer, nullable=False),
    Column("origin", String, nullable=False),
    Column("log_public_key", String, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("kind", String, nullable=False),
    Column("envelope_sha256", String, nullable=False, unique=True),
    Column("appended_at", String, nullable=False),
)

tree_node = Table(
    "tree_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("entry_position", Integer, primary_key=True, autoincrement=False),
    Column("decision_sha256", String, nullable=False, index=True),
    Column("basis", String, nullable=False, index=True),
    Column("subject", String, nullable=False, index=True),
    Column("version", String, nullable=False),
    Column("subject_digest", String, nullable=False),
    Column("gate", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("as_of", String, nullable=False),
)

seal = Table(
    "seal",
    metadata,
    Column("entry_position", Integer, primary_key=True, autoincrement=False),
    Column("root", String, nullable=False, index=True),
    Column("sealed_at", String, nullable=False),
)

PROJECTIONS = (decision, seal)
"""The tables whose rows each come from one entry; ``tree_node`` comes from all of them."""
