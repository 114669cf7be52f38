"""COPY: a person's own words back to them, and nobody else's, a few texts at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Effect, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.people.carried_media import MEDIA, tied_to
from assistant.circles.people.reachability import SEVERAL, addresses_of
from assistant.circles.people.shown_addresses import shown, told_apart
from assistant.circles.trust.own_words import to_copy
from assistant.language.folding import plain_words
from assistant.store.tables import Circle, Conversation

AT_ONCE: Final = 10
"""Texts of words that one COPY brings, for each costs; COPY MORE brings the next."""
SAME_COPY: Final = dt.timedelta(days=1)
STILL_A_GOOD_MOMENT: Final = dt.timedelta(minutes=20)
"""So long a yes on a shared phone holds for COPY MORE."""
MORE: Final = frozenset({"more", "mas"})
FLOW: Final = "copy"


@action("copy", "plain", "none")
def find_copy(ctx: ActionContext) -> ActionResult:
    """Whether there are words of the person's to send back; a shared phone's owner is asked first."""
    if not to_copy(ctx.session, ctx.person.id):
        return ActionResult("none")
    more = bool(MORE & set(plain_words(ctx.words)))
    sent = _sent_before(ctx, SAME_COPY) if more else 0
    going_on = sent and _sent_before(ctx, STILL_A_GOOD_MOMENT)
    return ActionResult("plain" if ctx.person.plain and not going_on else "copy", {"copied": sent})


@action("sent", "more")
def send_copy(ctx: ActionContext, *, copied: int = 0) -> ActionResult:
    """Send what the person wrote, the oldest first, after `copied` texts of it; more: `count` are left."""
    kept = to_copy(ctx.session, ctx.person.id)
    begin = copied if copied < len(kept) else 0
    media = tied_to(ctx.session, {ref for own in kept[begin : begin + AT_ONCE] for ref in own.refs})
    told: list[Effect] = []
    circle_id: int | None = None
    addresses = told_apart([each.uri for each in addresses_of(ctx.session, ctx.person.id)])
    if begin == 0 and len(addresses) >= SEVERAL:
        named = "; ".join(shown(uri, language_of(ctx)) for uri in addresses)
        told.append(_say(ctx, "copy_addresses", {"options": named, "count": str(len(addresses))}))
    for own in kept[begin : begin + AT_ONCE]:
        if own.circle_id is not None and own.circle_id != circle_id:
            circle_id = own.circle_id
            told.append(_say(ctx, "copy_of", {"circle": ctx.session.get_one(Circle, circle_id).name}))
        along = {each.id for ref in own.refs for each in media.get(ref, ())}
        told.append(_say(ctx, "copy_words", {"words": own.words or ""}, along))
    copied = begin + AT_ONCE
    left = len(kept) - copied
    values = {"copied": copied, "count": str(max(left, 0))}
    return ActionResult("more" if left > 0 else "sent", values, tuple(told))


def _sent_before(ctx: ActionContext, within: dt.timedelta) -> int:
    """Return how many texts of words the last COPY of these hours had come to."""
    recent = ctx.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == ctx.person.id,
            Conversation.flow == FLOW,
            Conversation.began_at > ctx.now - within,
            Conversation.ended_at.is_not(None),
        )
        .order_by(Conversation.id.desc())
    )
    return next((int(each.values["copied"]) for each in recent if each.values.get("copied")), 0)


def _say(ctx: ActionContext, notice: str, placeholders: dict[str, str], media: Iterable[int] = ()) -> Tell:
    return Tell(
        ctx.person.id,
        notice,
        placeholders,
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=" ".join(f"{MEDIA}:{each}" for each in sorted(media)) or OWN,
    )
