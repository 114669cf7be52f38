"""Shows how circles and cohorts stand, and how far their invitations have come."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.output import as_json, counted, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.circles.reports.status_counts import CircleCounts
    from assistant.store.tables import Cohort


@click.command()
@click.argument("code", required=False)
@click.option("--cohort", metavar="NAME", help="Only the circles of this cohort, and their sum.")
@as_json
def status(code: str | None, cohort: str | None, as_json: bool) -> None:
    """How the circle or cohort CODE stands, or all of them: numbers only, never words."""
    import dataclasses

    from assistant.circles.reports.status_counts import count_circles, count_texts
    from assistant.cli.opening import runtime

    if code and cohort:
        raise click.UsageError("give a circle's code or --cohort NAME, not both")
    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        asked = _cohort_meant(session, code, cohort)
        circles = count_circles(session, opened.clock.now(), None if asked else code, asked)
        texts = count_texts(session)
    if as_json:
        of = {"cohort": asked.name} if asked else {}
        print_json(
            {
                **of,
                "circles": [dataclasses.asdict(each) | {"seated": each.seated} for each in circles],
                "sum": _sum(circles),
                "texts": texts,
            }
        )
        return
    if not circles:
        say("There are no circles yet. Make one: circle create NAME --code CODE --host PHONE")
    columns = ("CODE", "NAME", "STATE", "SEATS", "MEMBERS", "HOSTS", "STAND AT", "LAST HEARD")
    print_table(columns, [_row(each) for each in circles])
    _show_invitations(circles)
    for each in circles:
        if each.alarms:
            say(f"{each.code}: {each.alarms} may need a person; `circle doctor` says for how long.")
        if each.unanswered:
            say(f"{each.code}: {each.unanswered} of them unanswered; no one is texted any more. Call a host.")
        if each.nows.called:
            soon = f", in about {each.nows.minutes} minutes" if each.nows.minutes is not None else ""
            talked = (
                f"; by phone {each.nows.talked}, {each.nows.talk_minutes} minutes" if each.nows.talked else ""
            )
            found = f"found someone {each.nows.found}{soon}{talked}."
            say(f"{each.code}: NOW called {each.nows.called}, {found}")
    say(f"Texts: {counted(texts) or 'nothing waits'}.")


def _cohort_meant(session: Session, code: str | None, cohort: str | None) -> Cohort | None:
    """The cohort that was asked for, by --cohort or by its name where a circle's code may stand."""
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.hosts.circle_setup import find_circle
    from assistant.errors import NotPossible

    if cohort:
        return find_cohort(session, cohort)
    if code:
        try:
            find_circle(session, code)
        except NotPossible:
            with contextlib.suppress(NotPossible):
                return find_cohort(session, code)
    return None


def _show_invitations(circles: list[CircleCounts]) -> None:
    """How far the invitations have come, circle by circle, and in all."""
    from assistant.circles.reports.status_counts import PROGRESS

    invited = [each for each in circles if each.progress]
    if not invited:
        return
    click.echo("\nInvitations:")
    rows = [(each.code, each.progress) for each in invited]
    if len(rows) > 1:
        rows.append(("all", _sum(invited)["progress"]))
    shown = [name for name in PROGRESS if any(name in progress for _, progress in rows)]
    print_table(
        ("CODE", *(name.upper() for name in shown)),
        [(code, *(progress.get(name) for name in shown)) for code, progress in rows],
    )


def _sum(circles: list[CircleCounts]) -> dict[str, Any]:
    """The circles taken together."""
    return {
        "circles": len(circles),
        "seats": sum(each.size for each in circles),
        "seated": sum(each.seated for each in circles),
        "progress": dict(sum((Counter(each.progress) for each in circles), Counter())),
        "alarms": sum(each.alarms for each in circles),
        "unanswered": sum(each.unanswered for each in circles),
    }


def _row(counts: CircleCounts) -> tuple[object, ...]:
    state = f"{counts.state} ({counts.starts_on})" if counts.starts_on else counts.state
    spans = {"day": "today", "week": "this week", "earlier": "earlier", "never": "never"}
    return (
        counts.code,
        counts.name,
        state,
        f"{counts.seated}/{counts.size}",
        counted(counts.members),
        counts.hosts,
        counted(counts.steps),
        counted({spans[span]: count for span, count in counts.heard.items()}),
    )
