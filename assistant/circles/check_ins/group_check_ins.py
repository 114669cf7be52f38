"""Asks how everyone is, for the host only: "not OK" reaches a person at once, if one has signed up for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Alarm
from assistant.circles.actions.pending_actions import take_up
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.broadcasts import on_call_as_host
from assistant.circles.check_ins.recipients import still_gets
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import LANGUAGES
from assistant.language.replies.choice_reading import Choice, read_choice
from assistant.safety.on_call import hosts_on_call
from assistant.store.tables import Person
from assistant.store.tables.circle_tables import SEATED

_HOW: Final = tuple(
    Choice(key, {code: language.replies[key] for code, language in LANGUAGES.items()})
    for key in ("ok", "not_ok")
)
"""How people say it in an answer of their own."""


@action("hosted", "own", "alone", "no_seat")
def who_hears(ctx: ActionContext, *, question: str = "", pending_action: int | None = None) -> ActionResult:
    """Say whether a host hears "not OK" today; own: the host asks in own words (`question`).

    What a host sent (`pending_action`) is for that host: `host_id` is who was promised to read it. no_seat:
    it was undone, or is not for this member any more.
    """
    if ctx.circle is None or ctx.member is None or ctx.member.state not in SEATED:
        return ActionResult("no_seat")
    outcome = "own" if question.strip() else "hosted"
    if pending_action is not None:
        return _asked_by_host(ctx, pending_action, outcome)
    hosts = hosts_on_call(ctx)
    return ActionResult(outcome, _named(hosts)) if hosts else ActionResult("alone")


def _asked_by_host(ctx: ActionContext, pending_action: int, outcome: str) -> ActionResult:
    pending = take_up(ctx.session, pending_action, ctx.now)
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
def hear_how(_ctx: ActionContext, *, how_words: str = "") -> ActionResult:
    """Read how the member is, as far as an answer in their own words says it plainly."""
    how = read_choice(how_words, _HOW, numbered=False)
    # "Good" alone is good news; "Good, but they cut my hours" is for a person to read.
    if how == "ok":
        how = read_choice(how_words, _HOW, whole=True, numbered=False)
    return ActionResult(how or "said")


@action("told", "nobody")
def tell_host_not_ok(ctx: ActionContext) -> ActionResult:
    """Page whoever hosts the circle now, at any hour, until someone answers; no words go along."""
    hosts = hosts_on_call(ctx)
    if ctx.circle is None or not hosts:
        return ActionResult("nobody")
    return ActionResult("told", _named(hosts), (Alarm("not_ok", ctx.circle.id, ctx.person.id),))


def _named(hosts: Sequence[Person]) -> dict[str, str]:
    """Return who reads the answer, by name; it may be the backup."""
    name = next((host.name for host in hosts if host.name), None)
    return {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {}
