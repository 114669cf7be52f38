"""Lets a host ask or tell everyone in the circle something: shown first, sent by SEND, a minute later."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.circles.actions.asking_again import forget_asked
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Lines, Preview, Start, Tell
from assistant.circles.actions.pending_actions import (
    HELD_FOR,
    PREVIEW_HOLDS,
    draft,
    hold_preview,
    previewed,
    take_up,
)
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import Recipient, left_out_lines, recipients_of, still_gets
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.permissions import circle_for
from assistant.circles.sharing.host_words import SAY
from assistant.circles.sharing.shares import apart_from
from assistant.language.phones.contacts import has_contact
from assistant.language.sms.segments import measure
from assistant.safety.on_call import LEVELS, on_level
from assistant.store.tables import Circle, PendingAction, Person

CHECK_IN: Final = "check_in"
DIGEST_AFTER: Final = dt.timedelta(hours=48)
"""So long after a check-in its host hears what it came to, if not everyone has answered before."""
FRAME: Final = 50
"""Characters that `host_says`, and its preview, put before a host's words at most."""
SEGMENTS: Final = 2
"""What a text of a host's may cost each of those who get it."""
_PREVIEWS: Final = "preview"
"""The flow that shows what is about to be sent."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a host can send to a circle: who gets it, how it reads, and what SEND sets in motion."""

    readers: bool
    """Whether those who only read along get it, too."""
    shown: Callable[[ActionContext, Circle, str, Sequence[Recipient]], Sequence[Effect]]
    """The host's words and those who get it -> the preview."""
    starts: Callable[[ActionContext, PendingAction, Sequence[Recipient]], Sequence[Start]]
    """What begins when its minute is over; each part asks `take_up` first."""
    details: Callable[[ActionContext], Mapping[str, Any]] = lambda _ctx: {}
    """What else is kept with it until then."""


BROADCASTS: Final[dict[str, Broadcast]] = {}
"""Kind of pending action -> what it sends; each is added where it is written."""


@action("ready", "too_long", "away", "none")
def word_check_in(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Read what the host asks: own words after CHECKIN (`text`), or the standard question without any.

    too_long: `longest` characters are the most. away: the host is not on call, so that nobody
    can be promised that the answer is read.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    words = _tidy(text)
    longest = PLACEHOLDERS["question"].longest
    if len(words) > longest:
        return ActionResult("too_long", {"longest": str(longest), "length": str(min(len(words), 999))})
    if on_call_as_host(ctx, circle.id, ctx.person.id) is None:
        return ActionResult("away")
    return ActionResult("ready", {"broadcast": CHECK_IN, "text": words})


@action("ready", "too_long", "empty", "none")
def word_say(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Read what the host tells (`text`), if it fits into two SMS; too_long: `count` characters have to go."""
    if hosted(ctx) is None:
        return ActionResult("none")
    words = _tidy(text)
    if not words:
        return ActionResult("empty")
    if too_many := _too_many(words):
        return ActionResult("too_long", {"count": str(min(too_many, 999))})
    return ActionResult("ready", {"broadcast": SAY, "text": words})


@action("some", "nobody", "none")
def show_preview(ctx: ActionContext, *, broadcast: str = "", text: str = "") -> ActionResult:
    """Show the host the text as it will be read, who is left out and why; `count` get it after SEND."""
    circle, words, sends = hosted(ctx), _tidy(text), BROADCASTS.get(broadcast)
    if circle is None or sends is None:
        return ActionResult("none")
    there, left_out = recipients_of(ctx, circle, readers=sends.readers)
    lines = left_out_lines(ctx, there, left_out)
    told: tuple[Effect, ...] = (Lines(tuple(lines)),) if lines else ()
    if not there:
        return ActionResult("nobody", effects=told)
    forget_asked(ctx, _PREVIEWS)
    members = [each.member.id for each in there]
    draft(ctx, broadcast, circle, words=words or None, details={**sends.details(ctx), "members": members})
    shows = "number" if has_contact(words, ctx.identity.country) else ""
    values = {"count": str(len(there)), "shows": shows}
    return ActionResult("some", values, (*sends.shown(ctx, circle, words, there), *told))


@action("fresh", "late", "gone")
def is_fresh(ctx: ActionContext) -> ActionResult:
    """Say whether SEND may still send what the host was shown; late: it is shown once more first."""
    pending = previewed(ctx)
    if pending is None:
        return ActionResult("gone")
    return ActionResult("fresh" if pending.created_at > ctx.now - PREVIEW_HOLDS else "late")


@action("dropped")
def drop_preview(ctx: ActionContext) -> ActionResult:
    """Forget what was shown: no SEND sends it any more."""
    pending = previewed(ctx)
    if pending is not None:
        pending.state, pending.settled_at = "lapsed", ctx.now
        pending.words, pending.details = None, {}
    return ActionResult("dropped")


@action("check_in", "say", "hour", "hour_poll", "nobody", "nothing")
def send_previewed(ctx: ActionContext) -> ActionResult:
    """Send what the host was shown in the last ten minutes, in a minute, to those who still get it.

    It goes to nobody whom the preview did not count. nobody: none of them is there any more.
    """
    pending = previewed(ctx)
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id) if pending is not None else None
    if pending is None or circle is None or pending.created_at <= ctx.now - PREVIEW_HOLDS:
        return ActionResult("nothing")
    sends = BROADCASTS[pending.kind]
    there, _ = recipients_of(ctx, circle, readers=sends.readers)
    shown = set(pending.details.get("members") or ())
    there = [each for each in there if each.member.id in shown]
    if not there:
        return ActionResult("nobody", circle=circle)
    pending.details = {**pending.details, "members": [each.member.id for each in there]}
    hold_preview(ctx, pending)
    forget_asked(ctx, _PREVIEWS)
    starts = tuple(sends.starts(ctx, pending, there))
    return ActionResult(pending.kind, {"count": str(len(there))}, starts, circle=circle)


@action("said", "none")
def host_says(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """A host's words come to one member; on a shared phone only that there are some, and READ shows them."""
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or not pending.words or ctx.circle is None or pending.circle_id != ctx.circle.id:
        return ActionResult("none")
    if circle_for(ctx.session, pending.by_person_id, pending.circle_id) is None:
        return ActionResult("none")
    if pending.by_person_id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("none")
    if ctx.member is None or not still_gets(ctx.session, ctx.member, ctx.identity.sender, readers=True):
        return ActionResult("none")
    placeholders = {
        "writer": name_of(ctx.session.get_one(Person, pending.by_person_id), language_of(ctx)),
        "words": pending.words,
    }
    # About the seat, so that it is dropped if that is given up before it leaves.
    says = Tell(
        ctx.person.id,
        "host_says",
        placeholders,
        purpose="notice",
        circle_id=ctx.circle.id,
        verbatim=("words",),
        member_id=ctx.member.id,
        carries=f"said:{pending.id}",
    )
    return ActionResult("said", effects=(says,))


def on_call_as_host(ctx: ActionContext, circle_id: int, host_id: int) -> Person | None:
    """Return this very host or backup of a circle, as long as it is someone on call for it."""
    for level in LEVELS[:2]:
        people = on_level(ctx.session, circle_id, level, None, ctx.identity.sender, ctx.now)
        if found := next((each for each in people if each.id == host_id), None):
            return found
    return None


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _too_many(words: str) -> int:
    """How many characters have to go so that the words cost no more than they may."""
    # One sign outside the phone alphabet makes all of it dearer: longer beginnings never cost less.
    fits = bisect_right(
        range(len(words) + 1),
        SEGMENTS,
        key=lambda length: measure("-" * FRAME + words[:length]).segments,
    )
    return len(words) - max(fits - 1, 0)


def _show_say(
    ctx: ActionContext, _circle: Circle, words: str, there: Sequence[Recipient]
) -> Sequence[Effect]:
    values = {"writer": name_of(ctx.person, language_of(ctx)), "words": words}
    return (Preview(_people(there), "notices/host_says", values, verbatim=("words",)),)


def _show_check_in(
    ctx: ActionContext, _circle: Circle, words: str, there: Sequence[Recipient]
) -> Sequence[Effect]:
    name = name_of(ctx.person, language_of(ctx))
    if words:
        shown = Preview(_people(there), "group_check_in/ask_own", {"host": name, "question": words})
    else:
        shown = Preview(_people(there), "group_check_in/ask", {"host": name})
    return (shown,)


def _people(there: Sequence[Recipient]) -> tuple[int, ...]:
    return tuple(each.person.id for each in there)


def _start_say(_ctx: ActionContext, pending: PendingAction, there: Sequence[Recipient]) -> Sequence[Start]:
    values = {"pending_action": pending.id}
    return [
        Start(each.person.id, "host_says", values, each.member.id, due_at=each.at, at_once=True)
        for each in there
    ]


def _start_check_in(
    ctx: ActionContext, pending: PendingAction, there: Sequence[Recipient]
) -> Sequence[Start]:
    values: dict[str, Any] = {"pending_action": pending.id}
    if pending.words:
        values |= {"question": pending.words, CARRIED: {"question": f"said:{pending.id}"}}
    asks = [Start(each.person.id, "group_check_in", values, each.member.id, due_at=each.at) for each in there]
    due_at = ctx.now + HELD_FOR + DIGEST_AFTER
    digest = Start(
        ctx.person.id, "check_in_digest", {"pending_action": pending.id}, due_at=due_at, at_once=True
    )
    return [*asks, digest]


BROADCASTS[SAY] = Broadcast(readers=True, shown=_show_say, starts=_start_say)
BROADCASTS[CHECK_IN] = Broadcast(readers=False, shown=_show_check_in, starts=_start_check_in)
