"""Lets a host give the circle another name: held for a minute, then news in what everyone reads anyway."""

from __future__ import annotations

from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.registry import action
from assistant.circles.hosts.circle_names import tidy_name, wrong_name
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.memberships import told_of_news
from assistant.circles.people.permissions import circle_for
from assistant.circles.sharing.news_planning import add_news
from assistant.language.phones.contacts import has_contact
from assistant.store.tables import Circle

KIND: Final = "rename"
CARRIES_OUT: Final = "rename_now"
"""The flow with which the circle gets its name, once the minute is over."""


@action("held", "wrong", "empty", "same", "none")
def hold_rename(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Call the circle by the name in `text`, in a minute; `wrong` says why not: signs, long, contact.

    empty: no name came. The word to join by stays what it was.
    """
    circle, name = hosted(ctx), tidy_name(text)
    if circle is None:
        return ActionResult("none")
    if not any(sign.isalnum() for sign in name):
        return ActionResult("empty", {"text": ""})
    wrong = "contact" if has_contact(name, ctx.identity.country) else wrong_name(name)
    if wrong:
        return ActionResult("wrong", {"wrong": wrong, "text": ""})
    if name == circle.name:
        return ActionResult("same")
    pending = hold(ctx, KIND, circle, words=name)
    later = Start(
        ctx.person.id, CARRIES_OUT, {"pending_action": pending.id}, due_at=pending.held_until, at_once=True
    )
    return ActionResult("held", {"said": name}, (later,))


@action("renamed", "gone")
def rename_now(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Give the circle its name, the minute being over; gone: undone, or the person hosts it no more."""
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or pending.kind != KIND or not pending.words or pending.by_person_id != ctx.person.id:
        return ActionResult("gone")
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id)
    if circle is None:
        return ActionResult("gone")
    circle.name = pending.words
    _let_it_be_news(ctx, circle)
    return ActionResult("renamed", circle=circle)


def _let_it_be_news(ctx: ActionContext, circle: Circle) -> None:
    """Let everyone hear of it once, with what they read of the circle anyway."""
    readers = told_of_news(ctx.session, circle.id, {ctx.person.id})
    add_news(ctx.session, readers, None, ctx.now, kind="renamed")
