"""What the environment says: ``TOLBOOTH_*`` variables, read once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Paths and secrets from the environment.

    ``keys_folder`` is where this user's keys live, never below a project. ``key_file`` and ``log_key_file`` name the
    keys of a machine without a user, such as a CI runner. ``config_file`` overrides the search upwards. ``ci`` is set
    on CI runners, whose run ends as a transcript. ``person_key`` is what a person signs with where no key is named: a
    file, or the name of one of this user's own keys. ``opa_token`` is what an OPA server asks for, or the file
    ``opa_token_file`` holds it. ``allow_engine`` is a version of the embedded engine that nobody proved, asked for by
    name.
    """

    keys_folder: Path
    key_file: Path | None
    log_key_file: Path | None
    config_file: Path | None
    ci: bool
    person_key: str | None = None
    opa_token: str | None = field(default=None, repr=False)
    opa_token_file: Path | None = None
    allow_engine: str | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        """Read the variables; ``XDG_CONFIG_HOME`` and ``HOME`` say where the user's configuration is."""
        home = Path(variables.get("HOME") or "~").expanduser()
        # SPEC: XDG Base Directory Specification, relative paths are invalid and ignored.
        named = variables.get("XDG_CONFIG_HOME", "")
        configuration = Path(named) if named.startswith("/") else home / ".config"
        return cls(
            keys_folder=_path(variables, "TOLBOOTH_KEYS") or configuration / "tolbooth" / "keys",
            key_file=_path(variables, "TOLBOOTH_KEY_FILE"),
            log_key_file=_path(variables, "TOLBOOTH_LOG_KEY_FILE"),
            config_file=_path(variables, "TOLBOOTH_CONFIG"),
            ci=variables.get("CI", "").lower() in {"1", "true", "yes"},
            person_key=variables.get("TOLBOOTH_PERSON_KEY") or None,
            opa_token=variables.get("TOLBOOTH_OPA_TOKEN") or None,
            opa_token_file=_path(variables, "TOLBOOTH_OPA_TOKEN_FILE"),
            allow_engine=variables.get("TOLBOOTH_ALLOW_ENGINE") or None,
        )


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name)
    return Path(value).expanduser() if value else None
