"""Shows what WhatsApp has to approve of our wording, has it made and submitted, and says how that goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from assistant.cli.output import as_json, counted, print_json, say, show_rows

if TYPE_CHECKING:
    from assistant.carriers.twilio_contents import TwilioContents
    from assistant.delivery.templates import Plan
    from assistant.runtime import Runtime
    from assistant.store.tables import MessageTemplate

T = TypeVar("T")


@click.group()
def templates() -> None:
    """What may open a conversation on WhatsApp: made of flows/, approved by WhatsApp, remembered here."""


@templates.command("list")
@click.option(
    "--unfit", is_flag=True, help="The texts that can be no template, and why; the opener goes instead."
)
@as_json
def list_templates(unfit: bool, as_json: bool) -> None:
    """Every text that may have to open a conversation, and how its template stands."""
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened:
        plan, rows = _plan(opened), {row.key: row for row in _rows(opened)}
    if unfit:
        cannot = [
            {"wording": each.text.wording, "variant": each.text.variant, "language": each.text.language}
            | {"why": each.why, "text": each.text.text}
            for each in plan.unfit
        ]
        show_rows(cannot, as_json=as_json, nothing="Every text can be a template.")
        return
    table = [
        {
            "name": each.name,
            "language": each.form.language,
            "status": rows[each.key].status if each.key in rows else "new",
            "category": rows[each.key].category if each.key in rows else None,
            "text": each.said.body,
        }
        for each in plan.wanted
        if each.said is not None
    ]
    show_rows(table, as_json=as_json, nothing="No text has to open a conversation.")
    if plan.unfit and not as_json:
        say(f"{len(plan.unfit)} more texts can be no template (--unfit says why): the opener goes instead.")


@templates.command()
@as_json
def diff(as_json: bool) -> None:
    """What a push would make, and what the flows do not say any more."""
    from assistant.cli.opening import runtime
    from assistant.delivery.templates import changes

    with runtime(quiet=as_json) as opened:
        new, gone = changes(opened.database, _plan(opened))
    rows = [{"change": "+", "name": each.name, "text": each.said.body if each.said else ""} for each in new]
    rows += [{"change": "-", "name": each.name, "text": each.body or ""} for each in gone]
    show_rows(rows, as_json=as_json, nothing="Nothing has changed: the carrier holds all of it.")


@templates.command()
@click.option(
    "--most", type=click.IntRange(1), help="Make so many new ones at most; the most needed come first."
)
@as_json
def push(most: int | None, as_json: bool) -> None:
    """Have the carrier hold what is new, and ask WhatsApp to approve it; may be repeated."""
    from rich.console import Console
    from rich.progress import Progress

    from assistant.circles.people.audit import record
    from assistant.cli.opening import runtime
    from assistant.delivery import templates as store

    with runtime(quiet=as_json) as opened:
        plan = _plan(opened)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("Templates", total=len(plan.wanted))
            done = _with_contents(
                opened,
                lambda contents: store.push(
                    opened.database,
                    contents,
                    plan,
                    opened.clock.now(),
                    most=most,
                    tell=lambda count: progress.update(bar, completed=count),
                ),
            )
        with opened.database.write() as session:
            record(session, "push templates", opened.clock.now())
    if as_json:
        print_json([{"name": each.name, "done": what} for each, what in done])
        return
    for each, what in done:
        if what not in ("made", "submitted"):
            say(f"Not taken: {each.name}: {what}")
    counts = Counter(what if what in ("made", "submitted") else "not taken" for _, what in done)
    say(f"{counted(counts)}." if done else "Nothing is new: the carrier holds all of it.")
    if counts["submitted"]:
        say("WhatsApp takes minutes to days over each. Workers ask how it stands: circle templates list")


@templates.command()
@as_json
def status(as_json: bool) -> None:
    """Ask now how each template stands, and say what was refused, and why; workers ask by themselves, too."""
    from dataclasses import asdict

    from assistant.cli.opening import runtime
    from assistant.delivery.template_reviews import refresh
    from assistant.delivery.template_states import template_states

    with runtime(quiet=as_json) as opened:
        _with_contents(opened, lambda contents: refresh(opened.database, contents, opened.clock.now()))
        with opened.database.read() as session:
            states = template_states(session)
    if as_json:
        print_json([asdict(each) for each in states])
        return
    wrong = [
        {
            "name": each.name,
            "status": each.status,
            "category": each.category,
            "why": each.refusal or "",
            "text": each.body,
        }
        for each in states
        if each.wrong
    ]
    show_rows(wrong, as_json=False, nothing="Nothing was refused.")
    say(f"{counted(Counter(each.status for each in states)) or 'No templates yet: circle templates push'}.")
    if any(each.recategorised for each in states):
        say("What WhatsApp calls marketing is not used: reword it in flows/, and push again.")


def _plan(opened: Runtime) -> Plan:
    from assistant.delivery.templates import plan_of

    return plan_of(opened.book, opened.identity)


def _rows(opened: Runtime) -> list[MessageTemplate]:
    from sqlalchemy import select

    from assistant.store.tables import MessageTemplate

    with opened.database.read() as session:
        rows = list(session.scalars(select(MessageTemplate).order_by(MessageTemplate.id)))
        session.expunge_all()
    return rows


def _with_contents(opened: Runtime, work: Callable[[TwilioContents], Awaitable[T]]) -> T:
    """Do something with the carrier's contents.

    Raises:
        NotPossible: the carrier has none, or does not let us at them.
    """
    from assistant.carriers.carrier import CarrierError
    from assistant.carriers.twilio_carrier import TwilioCarrier
    from assistant.errors import NotPossible

    carrier = opened.carrier
    if not isinstance(carrier, TwilioCarrier):
        raise NotPossible("This carrier holds no templates.")

    async def run() -> T:
        try:
            return await work(carrier.contents)
        finally:
            await carrier.close()  # connections belong to this loop

    try:
        return asyncio.run(run())
    except CarrierError as error:
        raise NotPossible(
            f"The carrier's Content API says no (code {error.code}): {error.said or 'no reason given'}. What "
            "was done until then stays done; `circle doctor` looks at account and sender."
        ) from error
