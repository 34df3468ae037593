"""A group of commands that names the nearest one for a mistyped one."""

from __future__ import annotations

import click


class NearestGroup(click.Group):
    """A click group whose "no such command" says which one was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command for a mistyped one."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(names)}."
            ctx.fail(f"There is no command '{args[0]}'.{hint if ctx.parent is not None or near else ''}")
        return super().resolve_command(ctx, args)
