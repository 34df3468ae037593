"""``tolbooth verify``: check a pack offline."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.output import output_option
from tolbooth.cli.pack_key import key_option, key_or_own, trust_of, trust_option
from tolbooth.cli.session import Session, display, pass_session
from tolbooth.model.errors import ConfigError
from tolbooth.model.wire import as_json
from tolbooth.pipeline.verify import examine_pack, summary_of
from tolbooth.pipeline.workspace import utc_now
from tolbooth.report.verification_text import render_verification


@click.command()
@click.argument("pack", type=click.Path(path_type=Path))
@key_option
@trust_option
@output_option
@pass_session
def command(session: Session, pack: Path, key: Path | None, trust: Path | None, output_format: str) -> int:
    """Verify a pack offline, with a public key and nothing else.

    PACK is a zip or an unpacked folder. No network is used and no code from
    the pack runs. If it does not verify, the exit code is 5 and the code of
    the first broken link is printed with its path.

    Who people are is vouched for by the sealer, unless --trust pins them:

    \b
      version: 1
      people: {first: DIGEST OF THE FIRST PEOPLE RECORD}
      logs: [VERIFIER KEY OF THE LOG]
    """
    trusted = key_or_own(session, key)
    if trusted is None:
        raise ConfigError.of(
            "key.none",
            "no key is named, and this machine has none of its own",
            hint="--key names the sealer's public key",
        )
    summary = summary_of(examine_pack(pack, trusted, as_of=utc_now(), trust=trust_of(trust)), pack)
    if output_format == "json":
        click.echo(json.dumps({"version": 1, **as_json(summary)}, indent=2, ensure_ascii=False))
    else:
        shown = display()
        options = "".join(
            f" --{name} {shlex.quote(str(file))}" for name, file in (("key", key), ("trust", trust)) if file
        )
        text = render_verification(
            summary, width=shown.width, color=shown.color, ascii_only=shown.ascii_only, options=options
        )
        click.echo(text, nl=False, color=shown.color)
    return int(Exit.ALLOW if summary.verified else Exit.NOT_VERIFIED)
