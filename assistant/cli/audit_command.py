"""Shows the audit record: who did what to which circle, when, and each step that alerts took."""

from __future__ import annotations

import dataclasses
import datetime as dt

import click

from assistant.cli.output import as_json, show_rows


@click.command()
@click.argument("code", required=False)
@click.option("--days", default=30, show_default=True, help="How far back.")
@as_json
def audit(code: str | None, days: int, as_json: bool) -> None:
    """What hosts, organizers and this command did, to CODE or to any circle: ids and times, never words."""
    from assistant.circles.hosts.circle_setup import find_circle
    from assistant.circles.people.audit import entries
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        circle_id = find_circle(session, code).id if code else None
        since = opened.clock.now() - dt.timedelta(days=days)
        rows = [dataclasses.asdict(entry) for entry in entries(session, since, circle_id)]
    show_rows(rows, as_json=as_json, nothing="Nothing is on record for that time.")
