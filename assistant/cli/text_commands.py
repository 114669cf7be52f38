"""Holds texts back and lets them go, shows what waits and why, and tries again what was set aside."""

from __future__ import annotations

import click

from assistant.cli.output import as_json, show_rows

UNSETTLED = ("queued", "claimed", "unsure", "failed")


@click.command()
@click.option(
    "--all", "everything", is_flag=True, required=True, help="Every circle; the only kind there is yet."
)
def pause(everything: bool) -> None:  # noqa: ARG001 - click makes sure that it was meant
    """Hold every text back but safety texts, until `circle resume`. What comes in is still recorded."""
    _set_pause(on=True)
    click.echo("Everything is paused, but for safety texts. To go on: circle resume")


@click.command()
def resume() -> None:
    """Let texts leave again; what came too late to matter is dropped."""
    _set_pause(on=False)
    click.echo("Texts leave again.")


def _set_pause(*, on: bool) -> None:
    from assistant.circles.people.audit import record
    from assistant.cli.opening import runtime
    from assistant.delivery.claims import PAUSE_ALL
    from assistant.store.tables import ServiceState

    with runtime() as opened:
        with opened.database.write() as session:
            session.merge(ServiceState(name=PAUSE_ALL, value={"on": on}))
            action = "pause everything" if on else "resume everything"
            record(session, action, opened.clock.now())
        opened.wakeups.wake("delivery")


@click.group()
def inbox() -> None:
    """Texts that came in."""


@inbox.command("list")
@as_json
def list_inbox(as_json: bool) -> None:
    """Texts that wait, or were set aside after three failed tries: ids and times, never words."""
    from sqlalchemy import select

    from assistant.cli.opening import runtime
    from assistant.store.tables import Inbox

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        waiting = select(Inbox).where(Inbox.state.in_(("new", "set_aside"))).order_by(Inbox.id).limit(1000)
        rows = [
            {
                "id": text.id,
                "state": text.state,
                "person_id": text.person_id,
                "received_at": text.received_at,
                "attempts": text.attempts,
                "reason": text.reason,
            }
            for text in session.scalars(waiting)
        ]
    show_rows(rows, as_json=as_json, nothing="Every text was handled.")


@inbox.command("retry")
def retry_inbox() -> None:
    """Try again every text that was set aside."""
    from assistant.cli.opening import runtime
    from assistant.conversations.inbox import try_set_aside_again

    with runtime() as opened:
        with opened.database.write() as session:
            count = try_set_aside_again(session)
        if count:
            opened.wakeups.wake("inbox")
    click.echo(f"{count} texts will be tried again." if count else "No text was set aside.")


@click.group()
def outbox() -> None:
    """Texts that go out."""


@outbox.command("list")
@click.option("--limit", default=100, show_default=True, help="The newest so many.")
@as_json
def list_outbox(limit: int, as_json: bool) -> None:
    """Texts that have not left, and why: ids, purposes and times, never words or numbers."""
    from sqlalchemy import select

    from assistant.cli.opening import runtime
    from assistant.store.tables import Outbox

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        waiting = select(Outbox).where(Outbox.state.in_(UNSETTLED)).order_by(Outbox.id.desc()).limit(limit)
        rows = [
            {
                "id": text.id,
                "state": text.state,
                "purpose": text.purpose,
                "person_id": text.person_id,
                "circle_id": text.circle_id,
                "segments": text.segments,
                "not_before": text.not_before,
                "attempt": text.attempt,
                "error": text.error_code,
                "reason": text.reason,
            }
            for text in session.scalars(waiting)
        ]
    show_rows(rows, as_json=as_json, nothing="Nothing waits to leave.")
