"""TALK: either of two asks, the other says yes or not, and with two fresh yeses both phones ring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.at_hand.hour_together import hour_of
from assistant.circles.exchange.listings import is_hidden, name_in, name_on, writer_of
from assistant.circles.people.memberships import seat_of
from assistant.circles.talks.talk_rows import (
    OPEN,
    Between,
    between,
    end_talk,
    is_fresh,
    last_between,
    let_ring,
    may_talk,
    say_yes,
)
from assistant.safety.alert_answers import alerts_shown, take_over, tell_who_is_here
from assistant.safety.alert_holding import hands_of, open_about
from assistant.store.tables import Alert, Approach, Listing, Member, Person, Talk

ASKS: Final = "talk_asked"
"""The flow in which the other is asked."""
NO: Final = "no"


@action("one", "several", "none", "not_yet", "off")
def find_talk(ctx: ActionContext) -> ActionResult:
    """Find with whom the person may talk; `talks` and `options` list several.

    not_yet: an alert about the person is open, and nobody has taken it. off: nothing is rung here.
    """
    if not ctx.identity.talks:
        return ActionResult("off")
    found = list(_twos(ctx))
    if not found:
        return ActionResult("not_yet" if open_about(ctx.session, ctx.person.id) else "none")
    if len(found) == 1:
        return ActionResult("one", {"talk_with": _key(found[0]), **_names(ctx, found[0])})
    labels = ((_key(two), str(_names(ctx, two)["other_name"])) for two in found)
    return ActionResult("several", list_choices("talks", labels))


@action("asked", "rings", "already", "again", "ringing", "unsafe", "phone", "gone")
def ask_to_talk(ctx: ActionContext, *, talk_with: str = "") -> ActionResult:
    """Ask the other, whom the person may talk with; asking is a yes.

    rings: the other asked a moment ago. again: the other said not now already. unsafe, phone: it may not, or
    cannot, ring there.
    """
    two = next((each for each in _twos(ctx) if _key(each) == talk_with), None)
    if two is None:
        return ActionResult("gone")
    names, effects = _names(ctx, two), list(_take_alert(ctx, two))
    why = may_talk(ctx.session, two, ctx.identity.sender, ctx.now)
    if why:
        return ActionResult(why if why in ("unsafe", "phone") else "gone", names, tuple(effects))
    last = last_between(ctx.session, two)
    if last is not None and last.state == "ringing":
        return ActionResult("ringing", names, tuple(effects))
    if last is not None and last.state == "asked" and last.asked_by_id == ctx.person.id:
        say_yes(last, ctx.person.id, ctx.now)
        return ActionResult("already", names, tuple(effects))
    if last is not None and last.state == "asked":
        outcome, more = _say_yes(ctx, last)
        return ActionResult("rings" if outcome == "rings" else "asked", names, (*effects, *more))
    if last is not None and last.outcome == NO and last.asked_by_id == ctx.person.id:
        return ActionResult("again", names, tuple(effects))
    talk = Talk(
        circle_id=two.circle_id,
        approach_id=two.approach_id,
        alert_id=two.alert_id,
        first_id=two.first_id,
        second_id=two.second_id,
        asked_by_id=ctx.person.id,
        asked_at=ctx.now,
    )
    ctx.session.add(talk)
    say_yes(talk, ctx.person.id, ctx.now)
    ctx.session.flush()
    return ActionResult("asked", names, (*effects, _ask(ctx, talk)))


@action("ask", "over")
def open_talk(ctx: ActionContext, *, talk: int = 0) -> ActionResult:
    """Ask the other, unless it is of no use any more."""
    found = _asked(ctx, talk)
    if found is None or may_talk(ctx.session, between(found), ctx.identity.sender, ctx.now):
        return ActionResult("over")
    return ActionResult("ask", _names(ctx, between(found)))


@action("rings", "anew", "over")
def agree_to_talk(ctx: ActionContext, *, talk: int = 0) -> ActionResult:
    """A yes: both phones ring. anew: the other's yes is of a while ago, so that they are asked once more."""
    found = _asked(ctx, talk)
    if found is None:
        return _agree_late(ctx, talk)
    if may_talk(ctx.session, between(found), ctx.identity.sender, ctx.now):
        return ActionResult("over")
    outcome, effects = _say_yes(ctx, found)
    return ActionResult(outcome, _names(ctx, between(found)), effects)


@action("kept")
def decline_talk(ctx: ActionContext, *, talk: int = 0) -> ActionResult:
    """Not now, or no answer: whoever asked hears the same words for both."""
    found = _asked(ctx, talk)
    if found is None:
        return ActionResult("kept")
    two = between(found)
    end_talk(found, "over" if found.asked_by_id == ctx.person.id else NO, ctx.now)
    told = two.other_of(ctx.person.id)
    # Nobody is told of what is over, nor what somebody says whom they never want to hear from.
    if may_talk(ctx.session, two, ctx.identity.sender, ctx.now) in ("over", "apart"):
        return ActionResult("kept")
    return ActionResult("kept", effects=(tell_of_talk(found, told, "talk_no"),))


def tell_of_talk(talk: Talk, person_id: int, notice: str) -> Tell:
    """Return a text about a talk to one of the two, at any hour: both are up."""
    purpose = "reply"
    if talk.alert_id is not None:
        purpose = "alert" if person_id == talk.first_id else "safety"
    return Tell(person_id, notice, purpose=purpose, circle_id=talk.circle_id)


def _say_yes(ctx: ActionContext, talk: Talk) -> tuple[str, tuple[Effect, ...]]:
    say_yes(talk, ctx.person.id, ctx.now)
    if not is_fresh(talk, ctx.now):
        return "anew", (_ask(ctx, talk, again=True),)
    let_ring(ctx.session, talk, ctx.now)
    return "rings", (tell_of_talk(talk, between(talk).other_of(ctx.person.id), "talk_rings"),)


def _agree_late(ctx: ActionContext, talk_id: int) -> ActionResult:
    """A yes to what was left for want of one: now it is this person who asks."""
    old = ctx.session.get(Talk, talk_id)
    if old is None or ctx.person.id not in (old.first_id, old.second_id) or old.outcome != NO:
        return ActionResult("over")
    done = ask_to_talk(ctx, talk_with=_key(between(old)))
    outcome = {"asked": "anew", "already": "anew", "rings": "rings", "ringing": "rings"}.get(done.outcome)
    return ActionResult(outcome or "over", done.values, done.effects)


def _ask(ctx: ActionContext, talk: Talk, *, again: bool = False) -> Start:
    other = between(talk).other_of(ctx.person.id)
    seat = seat_of(ctx.session, other, talk.circle_id) if talk.circle_id is not None else None
    values = {"talk": talk.id, "asked": "again" if again else "first"}
    # The question may not wait until another that is open has had its time: both are up now.
    return Start(other, ASKS, values, seat.id if seat is not None else None, at_once=True)


def _asked(ctx: ActionContext, talk_id: int) -> Talk | None:
    """Return a talk that this person is asked about and may still decide on, locked."""
    found = ctx.session.get(Talk, talk_id, with_for_update=True)
    mine = found is not None and ctx.person.id in (found.first_id, found.second_id)
    return found if found is not None and mine and found.state == OPEN[0] else None


def _twos(ctx: ActionContext) -> Iterator[Between]:
    """Yield with whom this person may talk: in an hour of two, about an alert, as whom an alert is about."""
    hour = hour_of(ctx)
    if hour is not None:
        yield _of_hour(ctx, *hour)
    for alert in alerts_shown(ctx):
        yield _of_alert(alert, ctx.person.id)
    for alert in open_about(ctx.session, ctx.person.id):
        hands = hands_of(ctx.session, alert)
        if hands.holder is not None and hands.told:
            yield _of_alert(alert, hands.holder)


def _of_hour(ctx: ActionContext, approach: Approach, listing: Listing) -> Between:
    came = ctx.session.get_one(Member, approach.member_id)
    _, writer = writer_of(ctx.session, listing)
    return Between(came.person_id, writer.id, listing.circle_id, approach_id=approach.id)


def _of_alert(alert: Alert, holder_id: int) -> Between:
    assert alert.person_id is not None
    return Between(holder_id, alert.person_id, alert.circle_id, alert_id=alert.id)


def _take_alert(ctx: ActionContext, two: Between) -> Iterator[Effect]:
    """Whoever would call has taken it, and the person it is about hears who is there."""
    if two.alert_id is None or two.first_id != ctx.person.id:
        return
    alert = ctx.session.get_one(Alert, two.alert_id)
    yield from take_over(ctx, alert)
    yield from tell_who_is_here(ctx, alert)


def _key(two: Between) -> str:
    return f"hour:{two.approach_id}" if two.approach_id is not None else f"alert:{two.alert_id}"


def _names(ctx: ActionContext, two: Between) -> dict[str, Any]:
    """Return how the other is called here, and whether by name."""
    other = ctx.session.get_one(Person, two.other_of(ctx.person.id))
    language = language_of(ctx)
    if two.approach_id is not None and ctx.person.id == two.first_id:
        approach = ctx.session.get_one(Approach, two.approach_id)
        listing = ctx.session.get_one(Listing, approach.listing_id)
        name = name_on(listing, other, language, placeholder="other_name")
        return {"other_name": name, "called": "unnamed" if is_hidden(listing) else "named"}
    return {"other_name": name_in(other, language, placeholder="other_name"), "called": "named"}
