"""Asks one of two whether they would meet the other: what is said of them stands in it, theirs to change."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.introductions.introducing import wrong_sentence
from assistant.circles.exchange.introductions.two_sides import (
    FLOW,
    LONGEST_SENTENCE,
    end,
    locked,
    person_of,
    sentence_of,
    sides_of,
)
from assistant.circles.exchange.lifetimes import LINKED_FOR, MOST_ASKS_A_WEEK, daytime
from assistant.circles.exchange.listings import asked_since, free_at, name_in
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.reachability import is_away
from assistant.circles.people.weekly_texts import is_full
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import spoken
from assistant.safety.alert_holding import open_about
from assistant.store.tables import Circle, Introduced, Introduction, Member, Person

AGAIN_AFTER: Final = dt.timedelta(days=1)
"""So much later it is tried again to ask whoever has had enough texts for now."""
OUTCOME_FLOW: Final = "introduction_outcome"


@action("ask", "blank", "plain", "over")
def open_meeting(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """Ask one of the two, unless it is of no use any more, or they were asked about two others this week.

    blank: there is nothing yet that may be said of them. plain: others see the phone.
    """
    found, mine = _mine(ctx, introduction, side)
    if found is None or mine is None:
        return ActionResult("over")
    if open_about(ctx.session, ctx.person.id):
        # Whoever may be in danger is asked for nothing.
        mine.withdrawn_at = ctx.now
        ctx.session.flush()
        return ActionResult("over")
    if mine.asked_at is None and _has_enough(ctx):
        return ActionResult("over", effects=tuple(_later(ctx, found, mine)))
    mine.asked_at = mine.asked_at or ctx.now
    ctx.session.flush()
    if ctx.person.plain:
        return ActionResult("plain", {"kind": found.kind})
    return _show(ctx, found, mine)


@action("ask", "blank", "over")
def show_meeting(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """Show what would be said, now that it is a good moment on a shared phone, or it was changed."""
    found, mine = _mine(ctx, introduction, side)
    return ActionResult("over") if found is None or mine is None else _show(ctx, found, mine)


@action("kept", "number", "empty", "long", "over")
def change_sentence(
    ctx: ActionContext, *, introduction: int = 0, side: int = 0, line: str = ""
) -> ActionResult:
    """Put the member's own line in the place of what would have been said of them."""
    found, mine = _mine(ctx, introduction, side)
    if found is None or mine is None:
        return ActionResult("over", {"line": ""})
    words = " ".join(line.split())
    wrong = wrong_sentence(ctx, words)
    if wrong is not None:
        longest = {"length": str(len(words)), "longest": str(LONGEST_SENTENCE)}
        return ActionResult(wrong, {"line": "", **longest})
    mine.words, mine.answer_id = words, None
    mine.written_by, mine.written_at, mine.inbox_id = ctx.person.id, ctx.now, ctx.inbox_id
    ctx.session.flush()
    return ActionResult("kept", {"line": ""})


@action("met", "waits", "over")
def say_yes_to_meeting(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """A yes. With the other's it opens a line between the two, and each hears what the other agreed to.

    waits: the other has not said yes, or can not be reached now; nobody says which.
    """
    found, mine = _mine(ctx, introduction, side)
    if found is None or mine is None or sentence_of(ctx.session, mine) is None:
        return ActionResult("over")
    mine.reply, mine.replied_at = "yes", ctx.now
    ctx.session.flush()
    other = next(each for each in sides_of(ctx.session, found) if each.id != mine.id)
    said = sentence_of(ctx.session, other)
    seat = ctx.session.get_one(Member, other.member_id)
    ready = other.reply == "yes" and other.withdrawn_at is None and said is not None
    if said is None or not ready or is_away(ctx.session, seat, ctx.identity.sender):
        return ActionResult("waits")
    found.linked_at, found.link_ends_at = ctx.now, ctx.now + LINKED_FOR
    end(found, "met", ctx.now)
    ctx.session.flush()
    values: dict[str, Any] = {
        "other_name": name_in(person_of(ctx.session, other), language_of(ctx), placeholder="other_name"),
        "sentence": said[0],
        CARRIED: {"sentence": said[1]},
    }
    return ActionResult("met", values, tuple(_tell_met(ctx, found, mine, other)))


@action("heard")
def say_no_to_meeting(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """Not now: nobody hears of it, neither by a word nor by when something ends."""
    _, mine = _mine(ctx, introduction, side)
    if mine is not None and mine.reply is None:
        mine.reply, mine.replied_at = "no", ctx.now
        ctx.session.flush()
    return ActionResult("heard")


def _has_enough(ctx: ActionContext) -> bool:
    """Whether the member is asked for nothing more now: about two things this week, or by too many texts."""
    asked = asked_since(ctx.session, ctx.person.id, ctx.now) >= MOST_ASKS_A_WEEK
    return asked or (ctx.member is not None and is_full(ctx.session, ctx.member, ctx.now))


def _mine(
    ctx: ActionContext, introduction_id: int, side_id: int
) -> tuple[Introduction | None, Introduced | None]:
    """Return an introduction of which this member is a side, while their yes would be of use."""
    found, mine = locked(ctx.session, introduction_id), ctx.session.get(Introduced, side_id)
    if (
        found is None
        or mine is None
        or mine.introduction_id != found.id
        or ctx.member is None
        or mine.member_id != ctx.member.id
        or mine.withdrawn_at is not None
        or found.ended_at is not None
        or found.ends_at <= ctx.now
    ):
        return None, None
    others = {person_of(ctx.session, each).id for each in sides_of(ctx.session, found) if each.id != mine.id}
    if apart_from(ctx.session, ctx.person.id) & {found.by_person_id, *others}:
        return None, None
    return found, mine


def _show(ctx: ActionContext, found: Introduction, mine: Introduced) -> ActionResult:
    """Put the question, with what would be said of the member in it."""
    said = sentence_of(ctx.session, mine)
    by = name_in(ctx.session.get_one(Person, found.by_person_id), language_of(ctx))
    values: dict[str, Any] = {"kind": found.kind, "writer": by}
    if said is None:
        return ActionResult("blank", values)
    return ActionResult("ask", {**values, "sentence": said[0], CARRIED: {"sentence": said[1]}})


def _later(ctx: ActionContext, found: Introduction, mine: Introduced) -> list[Effect]:
    """Ask when the week with two asks is over, if that is soon enough."""
    circle = ctx.session.get_one(Circle, found.circle_id)
    free = free_at(ctx.session, ctx.person.id, ctx.now, but=mine.id)
    due = daytime(ctx.person, circle, max(free, ctx.now + AGAIN_AFTER))
    mine.due_at = due
    ctx.session.flush()
    values = {"introduction": found.id, "side": mine.id}
    return [Start(ctx.person.id, FLOW, values, mine.member_id, due_at=due)] if due < found.ends_at else []


def _tell_met(ctx: ActionContext, found: Introduction, mine: Introduced, other: Introduced) -> list[Effect]:
    """Tell the other of the two, and whoever introduced them; a week later ask whether it was of use."""
    effects: list[Effect] = [_tell_side(ctx, mine, other)]
    if found.kind == "two":
        by = ctx.session.get_one(Person, found.by_person_id)
        language = spoken(by.language or ctx.session.get_one(Circle, found.circle_id).language)
        one, two = (name_in(person_of(ctx.session, each), language) for each in sides_of(ctx.session, found))
        effects.append(
            Tell(by.id, "two_introduced", {"first": one, "second": two}, circle_id=found.circle_id)
        )
    for side in (mine, other):
        # Whoever asked for it can say whether it was of use; of two who were introduced, both can.
        if found.kind == "two" or side.due_at is None:
            person, seat = person_of(ctx.session, side), ctx.session.get_one(Member, side.member_id)
            circle = ctx.session.get_one(Circle, seat.circle_id)
            values = {"introduction": found.id, "side": side.id}
            due = daytime(person, circle, ctx.now + LINKED_FOR)
            effects.append(Start(person.id, OUTCOME_FLOW, values, seat.id, due_at=due))
    return effects


def _tell_side(ctx: ActionContext, mine: Introduced, other: Introduced) -> Tell:
    said = sentence_of(ctx.session, mine)
    assert said is not None
    person, seat = person_of(ctx.session, other), ctx.session.get_one(Member, other.member_id)
    circle = ctx.session.get_one(Circle, seat.circle_id)
    language = spoken(person.language or circle.language)
    return Tell(
        person.id,
        "introduced",
        {"other_name": name_in(ctx.person, language, placeholder="other_name"), "sentence": said[0]},
        circle_id=circle.id,
        verbatim=("sentence",),
        member_id=seat.id,
        carries=said[1],
    )
