"""Invites people from a spreadsheet: shows first what will happen, then does it."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

import click

from assistant.cli.output import as_json, counted, print_json, print_table, say

if TYPE_CHECKING:
    from assistant.circles.cohorts.assignment import Seating
    from assistant.circles.cohorts.import_preview import Plan
    from assistant.runtime import Runtime

SHOWN_ROWS = 5
SHOWN_TROUBLES = 50
SHOWN_CIRCLES = 60


@click.command("import")
@click.argument("file", type=click.File("rb"), metavar="FILE.csv")
@click.option("--circle", "code", metavar="CODE", help="The one circle they are invited to.")
@click.option("--spread", "cohort", metavar="COHORT", help="Spread them over the circles of this cohort.")
@click.option(
    "--waitlist",
    "seats",
    type=click.IntRange(min=1),
    metavar="SEATS",
    help="With --spread: draw so many by lot, and tell the others of the waiting list.",
)
@click.option("--yes", is_flag=True, help="Do not ask before inviting.")
@as_json
def import_(
    file: BinaryIO, code: str | None, cohort: str | None, seats: int | None, yes: bool, as_json: bool
) -> None:
    """Invite the people of FILE.csv: phone,name,language,timezone,consent_at,consent_source.

    Only those with recorded consent are texted, a few a minute, and they are in when they answer JOIN
    themselves. Rows that cannot be taken are listed with line and reason; the rest is taken. Running it again
    is harmless.

    With --spread, the columns hours ("evenings", "9-12"), teaches and learns may say more: people go to a
    circle of their language, evenly, and among those to one with others awake when they are, who can teach
    what they want to learn.

    With --waitlist, where more apply than there are seats, a lot decides: first a seal is shown, which fits
    no other list and no other lot, then it is drawn. Those who share a cell in a column household are drawn
    together. It is drawn once; the same file again changes nothing. `circle waitlist` says how it stands.
    """
    from assistant.cli.circle_commands import join_line, our_number
    from assistant.cli.opening import runtime
    from assistant.conversations.import_invitations import invite_all, last_leaves
    from assistant.conversations.importing.waiting_list import hold_draw

    if (code is None) == (cohort is None):
        raise click.UsageError("say where they are invited: --circle CODE or --spread COHORT, one of them")
    if seats is not None and cohort is None:
        raise click.UsageError("--waitlist draws among the circles of a cohort: use it with --spread COHORT")
    with runtime(quiet=as_json) as opened:
        data = file.read()
        plan = _plan(opened, data, code, cohort, seats)
        sealed_id = _seal(opened, plan, cohort or "")
        if plan.lots is not None and not as_json:
            _show_preview(plan)
        if plan.lots is not None:
            _confirm(plan.lots.people, yes=yes, what="Draw now, and text {count} people?")
            if not hold_draw(opened.services, sealed_id, plan.sheet.entries, None, plan.lots):
                raise click.ClickException("Somebody else has drawn meanwhile: circle waitlist show COHORT")
            plan, yes = _plan(opened, data, code, cohort, seats), True
        sheet, seating = plan.sheet, plan.seating
        last = last_leaves(opened.services, seating, sheet.entries)
        if not as_json:
            _show_preview(plan)
            _show_pace(plan.invitations, last, seating.circles[0].zone)
        _confirm(plan.invitations, yes=yes, what="Invite {count} people?")
        with _progress(len(sheet.entries), quiet=as_json) as step:
            done = invite_all(opened.services, seating, sheet.entries, step)
        number = our_number(opened)
        lines = {each.code: join_line(opened, each, number) for each in seating.circles}
    if as_json:
        print_json(_as_data(plan, done, last, lines))
        return
    _tell_rest(seating, done, lines, None if plan.alone else plan.where)


def _seal(opened: Runtime, plan: Plan, name: str) -> int:
    """Seal the draw that is to be held, and say so; 0 where there is none."""
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.cohorts.waitlist import seal_draw

    if plan.lots is None:
        return 0
    with opened.database.write() as session:
        row = seal_draw(session, find_cohort(session, name), plan.lots, opened.clock.now())
        sealed_id, seal = row.id, row.commitment
    say(
        f"{plan.lots.people} people in {len(plan.lots.units)} lots for {plan.lots.seats} seats.\n"
        f"Sealed: {seal}\n"
        "Keep this line before it is drawn: it fits no other list and no other lot. "
        "`circle waitlist verify` checks it."
    )
    return sealed_id


def _plan(
    opened: Runtime, spreadsheet: bytes, code: str | None, cohort: str | None, seats: int | None
) -> Plan:
    """Return what the spreadsheet would do in the circle or cohort that was named."""
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.cohorts.import_preview import plan_import
    from assistant.circles.hosts.circle_setup import find_circle

    with opened.database.read() as session:
        whose = find_circle(session, code) if code is not None else find_cohort(session, cohort or "")
        return plan_import(
            session,
            spreadsheet,
            whose,
            opened.identity,
            country=opened.settings.default_country,
            now=opened.clock.now(),
            seats=seats,
        )


def _tell_rest(
    seating: Seating, done: Mapping[str, int], lines: Mapping[str, str], cohort: str | None
) -> None:
    """Say how to follow the invitations, and what to do about those who could not be invited."""
    from assistant.circles.cohorts.import_plan import INVITE, NO_CONSENT

    code = seating.circles[0].code
    follow = code if cohort is None else f'--cohort "{cohort}"'
    click.echo(f"{done[INVITE]} invitations are queued. `circle status {follow}` follows them.")
    if done[NO_CONSENT] and cohort is None:
        click.echo(f"To forward yourself to the {done[NO_CONSENT]} without recorded consent:")
        click.echo(f"  {lines[code]}")
    elif done[NO_CONSENT]:
        click.echo(
            f"{done[NO_CONSENT]} have no recorded consent. Choose them a circle and forward its join line "
            "yourself; --json lists their rows, and the line of each circle."
        )


def _show_preview(plan: Plan) -> None:
    from assistant.circles.cohorts.import_plan import FATES

    sheet, seating, counts = plan.sheet, plan.seating, plan.fates
    named = f"{plan.where} ({seating.circles[0].code})" if plan.alone else plan.where
    say(f"{len(sheet.entries)} people for {named}:")
    for fate, meaning in FATES.items():
        if counts[fate]:
            say(f"  {counts[fate]:>6} {meaning}")
    forgotten = [line for line, fate in seating.fates.items() if fate == "erased"]
    if forgotten:
        say(f"         (lines {', '.join(map(str, forgotten[:SHOWN_TROUBLES]))})")
    for reason in dict.fromkeys(seating.reasons.values()):
        lines = [line for line, each in seating.reasons.items() if each == reason]
        more = f" and {len(lines) - SHOWN_TROUBLES} more" if len(lines) > SHOWN_TROUBLES else ""
        say(f"         {reason}")
        say(f"         (lines {', '.join(map(str, lines[:SHOWN_TROUBLES]))}{more})")
    if plan.alone:
        room = seating.circles[0].size - seating.taken.get(seating.circles[0].id, 0)
        if counts["invite"] > room:
            say(f"  Note: {max(room, 0)} seats are free; whoever answers once they are taken hears so.")
    else:
        _show_circles(plan)
    for what, rows in (("cannot be taken", sheet.bad), ("stand there twice", sheet.doubled)):
        if rows:
            say(f"{len(rows)} rows {what}:")
            for each in rows[:SHOWN_TROUBLES]:
                say(f"  line {each.line}: {each.reason}")
            if len(rows) > SHOWN_TROUBLES:
                say(f"  and {len(rows) - SHOWN_TROUBLES} more; --json lists them all")
    if sheet.ignored_columns:
        say(f"Columns not used: {', '.join(sheet.ignored_columns)}")
    if sheet.guessed:
        say(
            f"The file is not in UTF-8. It was read as {sheet.guessed}: look at a name with an accent, and "
            'if it is wrong, save the table as "CSV UTF-8" and import that.'
        )
    _show_first_rows(plan)


def _show_first_rows(plan: Plan) -> None:
    from assistant.circles.people.phone_entry import masked

    sheet, seating = plan.sheet, plan.seating
    if not sheet.entries or not sys.stdout.isatty():
        return
    previewed = [
        (
            each.line,
            masked(each.uri),
            each.name,
            each.language,
            each.zone,
            each.consent_at,
            seating.fates[each.line],
            plan.codes.get(each.line),
        )
        for each in sheet.entries[:SHOWN_ROWS]
    ]
    print_table(("LINE", "PHONE", "NAME", "LANGUAGE", "ZONE", "CONSENT", "BECOMES", "CIRCLE"), previewed)


def _show_circles(plan: Plan) -> None:
    """How each circle fills, and how many come to it, by language."""
    rows = plan.by_circle
    say("Circles, with those who have a seat or an invitation already:")
    for circle, taken, coming in rows[:SHOWN_CIRCLES]:
        languages = counted({language or "language not known": n for language, n in coming.items()})
        say(
            f"  {circle.code:<12} {circle.language}  {taken} + {sum(coming.values())} of {circle.size}"
            + (f"  ({languages})" if languages else "")
        )
    if len(rows) > SHOWN_CIRCLES:
        say(f"  and {len(rows) - SHOWN_CIRCLES} more circles; --json lists them all")


def _show_pace(invitations: int, last: dt.datetime | None, zone: str) -> None:
    from zoneinfo import ZoneInfo

    from assistant.conversations.import_invitations import INVITES_A_MINUTE

    if last is not None:
        when = last.astimezone(ZoneInfo(zone))
        say(
            f"They leave {INVITES_A_MINUTE} a minute, each in its reader's daytime, behind what is queued "
            f"already: the last of the {invitations} about {when:%A %Y-%m-%d %H:%M} ({zone})."
        )


def _as_data(
    plan: Plan,
    done: Counter[str],
    last: dt.datetime | None,
    lines: dict[str, str],
) -> dict[str, object]:
    from assistant.circles.cohorts.import_plan import NO_CONSENT
    from assistant.conversations.import_invitations import INVITES_A_MINUTE

    sheet, seating = plan.sheet, plan.seating
    data: dict[str, object] = {
        "fates": dict(done),
        "bad": [{"line": each.line, "reason": each.reason} for each in sheet.bad],
        "doubled": [{"line": each.line, "reason": each.reason} for each in sheet.doubled],
        "empty_lines": sheet.empty_lines,
        "ignored_columns": list(sheet.ignored_columns),
        "encoding_guessed": sheet.guessed,
        "no_consent": [line for line, fate in seating.fates.items() if fate == NO_CONSENT],
        "erased": [line for line, fate in seating.fates.items() if fate == "erased"],
        "no_seat": [{"line": line, "reason": reason} for line, reason in seating.reasons.items()],
        "pace": {"a_minute": INVITES_A_MINUTE, "last_at": last},
    }
    if plan.alone:
        code = seating.circles[0].code
        return {"circle": code, **data, "join_line": lines[code]}
    return {"circles": _circles_as_data(plan, lines), **data, "places": dict(plan.codes)}


def _circles_as_data(plan: Plan, lines: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {
            "code": circle.code,
            "language": circle.language,
            "size": circle.size,
            "taken": taken,
            "invited": sum(coming.values()),
            "languages": {language or "unknown": count for language, count in coming.items()},
            "join_line": lines[circle.code],
        }
        for circle, taken, coming in plan.by_circle
    ]


def _confirm(count: int, *, yes: bool, what: str) -> None:
    if yes or not count:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask whether to go on: add --yes")
    click.confirm(what.format(count=count), abort=True, err=True)


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
