"""Invites people from a spreadsheet: shows first what will happen, then does it."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import click

from assistant.cli.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from assistant.circles.entries import Sheet

SHOWN_ROWS = 5
SHOWN_TROUBLES = 50


@click.command("import")
@click.argument("file", type=click.File("rb"), metavar="FILE.csv")
@click.option("--circle", "code", required=True, metavar="CODE", help="The circle they are invited to.")
@click.option("--yes", is_flag=True, help="Do not ask before inviting.")
@as_json
def import_(file: BinaryIO, code: str, yes: bool, as_json: bool) -> None:
    """Invite the people of FILE.csv: phone,name,language,timezone,consent_at,consent_source.

    Only those with recorded consent are texted, and they are in when they answer JOIN themselves. Rows that
    cannot be taken are listed with line and reason; the rest is taken. Running it again is harmless.
    """
    from assistant.circles.entries import read_sheet
    from assistant.circles.importing import INVITE, NO_CONSENT, foresee
    from assistant.circles.organizing import find_circle
    from assistant.cli.circles import join_line
    from assistant.cli.opening import runtime
    from assistant.messages.inviting import invite_all

    with runtime(quiet=as_json) as opened:
        now = opened.clock.now()
        with opened.database.read() as session:
            circle = find_circle(session, code)
            sheet = read_sheet(
                file.read(), country=opened.settings.default_country, zone=circle.zone, now=now
            )
            fates = foresee(session, circle, sheet.entries, opened.house.sender)
        line = join_line(opened, circle)
        expected = Counter(fates.values())
        if not as_json:
            _show_preview(sheet, fates, f"{circle.name} ({circle.code})", circle.size)
        _confirm(expected[INVITE], yes=yes)
        with _progress(len(sheet.entries), quiet=as_json) as step:
            done = invite_all(opened.desk, circle.code, sheet.entries, step)
    if as_json:
        print_json(
            {
                "circle": circle.code,
                "fates": dict(done),
                "bad": [{"line": each.line, "reason": each.reason} for each in sheet.bad],
                "doubled": [{"line": each.line, "reason": each.reason} for each in sheet.doubled],
                "join_line": line,
            }
        )
        return
    click.echo(f"{done[INVITE]} invitations are queued. `circle status {circle.code}` follows them.")
    if done[NO_CONSENT]:
        click.echo(f"To forward yourself to the {done[NO_CONSENT]} without recorded consent:\n  {line}")


def _show_preview(sheet: Sheet, fates: dict[int, str], circle: str, size: int) -> None:
    from assistant.circles.importing import FATES
    from assistant.circles.phones import masked

    counts = Counter(fates.values())
    say(f"{len(sheet.entries)} people for {circle}:")
    for fate, meaning in FATES.items():
        if counts[fate]:
            say(f"  {counts[fate]:>6} {meaning}")
    if counts["invite"] > size:
        say(f"  Note: it has {size} seats; whoever answers when they are taken hears that it is full.")
    for what, rows in (("cannot be taken", sheet.bad), ("stand there twice", sheet.doubled)):
        if rows:
            say(f"{len(rows)} rows {what}:")
            for each in rows[:SHOWN_TROUBLES]:
                say(f"  line {each.line}: {each.reason}")
            if len(rows) > SHOWN_TROUBLES:
                say(f"  and {len(rows) - SHOWN_TROUBLES} more; --json lists them all")
    if sheet.ignored_columns:
        say(f"Columns not used: {', '.join(sheet.ignored_columns)}")
    first = sheet.entries[:SHOWN_ROWS]
    if first and sys.stdout.isatty():
        previewed = [
            (
                each.line,
                masked(each.uri),
                each.name,
                each.language,
                each.zone,
                each.consent_at,
                fates[each.line],
            )
            for each in first
        ]
        print_table(("LINE", "PHONE", "NAME", "LANGUAGE", "ZONE", "CONSENT", "BECOMES"), previewed)


def _confirm(invitations: int, *, yes: bool) -> None:
    if yes or not invitations:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask whether to go on: add --yes")
    click.confirm(f"Invite {invitations} people?", abort=True, err=True)


@contextlib.contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Inviting", total=total)
        yield lambda count: progress.advance(task, count)
