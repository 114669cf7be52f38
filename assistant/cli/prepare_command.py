"""What `circle run` has done beside itself: whoever supervises for months need not hold what is used once."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import click

from assistant.cli.output import say
from assistant.cli.processes import SUPERVISED, end_with_supervisor

BAD_FLOWS: Final = 3
"""The exit status that says so."""
UNSEALED: Final = "unsealed"
"""Printed when some values are not sealed with the key of today."""
DEMO_MADE: Final = "demo"
"""Printed when the demo was set up just now."""
DEMO_PAGE: Final = "page="
"""Printed before a link to the page of the demo's host."""
DEMO_ORGANIZER: Final = "organizer="
"""Printed before a link to the page of its organizer."""


@click.command(hidden=True)
@click.option("--templates", is_flag=True, help="The local carrier answers: let it hold our templates.")
def prepare(templates: bool) -> None:
    """Bring the database up to date, take up the keys, look at the flows, and set up the demo."""
    end_with_supervisor()
    from assistant.engine.problems import FlowErrors
    from assistant.runtime import build_runtime
    from assistant.settings import load_settings
    from assistant.store import migrate
    from assistant.store.keys_in_use import keys_in_use, take_up_keys

    settings = load_settings()
    with build_runtime(settings) as opened:
        if not migrate.is_current(opened.database):
            migrate.upgrade(opened.database)
        take_up_keys(opened.database)
        with opened.database.read() as session:
            known = keys_in_use(session)
        if known is not None and known.before:
            click.echo(UNSEALED)
        try:
            _ = opened.book
        except FlowErrors as errors:
            say(str(errors))
            raise click.exceptions.Exit(BAD_FLOWS) from None
        if settings.local_carrier:
            from assistant.cli.demo import open_demo_page, set_up_demo
            from assistant.cli.demo_phones import LUZ, SOL

            if set_up_demo(opened):
                click.echo(DEMO_MADE)
            for said, number in ((DEMO_PAGE, LUZ), (DEMO_ORGANIZER, SOL)):
                if link := open_demo_page(opened, number):
                    click.echo(f"{said}{link}")
            if templates:
                from assistant.cli.channels.local_templates import hold_locally

                hold_locally(opened)


def prepare_apart(*, templates: bool = False) -> subprocess.CompletedProcess[str]:
    """Do so in a process of its own, with what it says in hand; its exit status says whether all is well."""
    command = [sys.executable, "-m", "assistant.cli", "prepare", *(["--templates"] if templates else [])]
    ours = os.environ | {SUPERVISED: str(os.getpid())}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ours)  # noqa: S603 - our own
