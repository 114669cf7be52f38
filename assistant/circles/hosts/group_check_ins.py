"""Asks how everyone is, for the host only: "not OK" reaches a person at once, if one has signed up for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Alarm
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.broadcasts import on_call_as_host
from assistant.circles.hosts.pending_actions import take_up
from assistant.circles.hosts.recipients import still_gets
from assistant.circles.sharing.shares import apart_from
from assistant.language.choices import Choice, read_choice
from assistant.safety.on_call import hosts_on_call
from assistant.store.tables import Person
from assistant.store.tables.circle_tables import SEATED

_HOW: Final = (
    Choice(
        "ok",
        {
            "en": ("ok", "fine", "good", "well", "great", "all good", "better"),
            "es": ("bien", "muy bien", "mejor", "todo bien"),
        },
    ),
    Choice(
        "not_ok",
        {
            "en": ("not ok", "bad", "not good", "not well", "not great", "awful", "terrible", "struggling"),
            "es": ("mal", "muy mal", "no estoy bien", "no muy bien", "fatal", "peor"),
        },
    ),
)
"""How people say it in an answer of their own."""


@action("hosted", "own", "alone", "no_seat")
def who_hears(ctx: ActionContext) -> ActionResult:
    """Whether a host hears "not OK" today; own: she asks in words of her own (`question`).

    What a host sent (`deed`) is for her alone: `host_id` is who was promised to read the answer. no_seat:
    it was undone, or is not for this member any more.
    """
    if ctx.circle is None or ctx.member is None or ctx.member.state not in SEATED:
        return ActionResult("no_seat")
    question = ctx.values.get("question")
    outcome = "own" if isinstance(question, str) and question.strip() else "hosted"
    if "pending_action" in ctx.values:
        return _asked_by_host(ctx, outcome)
    hosts = hosts_on_call(ctx)
    return ActionResult(outcome, _named(hosts)) if hosts else ActionResult("alone")


def _asked_by_host(ctx: ActionContext, outcome: str) -> ActionResult:
    pending = take_up(ctx.session, ctx.values["pending_action"], ctx.now)
    if pending is None or ctx.circle is None or pending.circle_id != ctx.circle.id:
        return ActionResult("no_seat")
    if ctx.circle.state == "closed" or pending.by_person_id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("no_seat")
    if not still_gets(ctx.session, ctx.member, ctx.identity.sender, readers=False):
        return ActionResult("no_seat")
    host = on_call_as_host(ctx, ctx.circle.id, pending.by_person_id)
    if host is None:
        return ActionResult("alone")
    return ActionResult(outcome, {"host": name_of(host, language_of(ctx)), "host_id": host.id})


@action("ok", "not_ok", "said")
def hear_how(ctx: ActionContext) -> ActionResult:
    """How she is, as far as an answer in her own words (`how`) says it plainly."""
    said = str(ctx.values.get("how_words") or "")
    how = read_choice(said, _HOW, numbered=False)
    # "Good" alone is good news; "Good, but they cut my hours" is for a person to read.
    if how == "ok":
        how = read_choice(said, _HOW, whole=True, numbered=False)
    return ActionResult(how or "said")


@action("told", "nobody")
def tell_host_not_ok(ctx: ActionContext) -> ActionResult:
    """Page whoever hosts her circle now, at any hour, until someone answers; no word of hers goes along."""
    hosts = hosts_on_call(ctx)
    if ctx.circle is None or not hosts:
        return ActionResult("nobody")
    return ActionResult("told", _named(hosts), (Alarm("not_ok", ctx.circle.id, ctx.person.id),))


def _named(hosts: Sequence[Person]) -> dict[str, str]:
    """Who reads her answer, by name; it may be the backup."""
    name = next((host.name for host in hosts if host.name), None)
    return {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {}
