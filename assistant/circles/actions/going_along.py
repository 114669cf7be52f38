"""Lets pictures and voice notes go along with words that an action gives to somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from assistant.channels.showing import SMS
from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Tell
from assistant.circles.people.carried_media import MEDIA, WITH_MMS, can_be_shown, tie, tied_to
from assistant.circles.people.reachability import best_addresses
from assistant.circles.people.receipts import Ref
from assistant.store.tables import Media


def go_along(
    ctx: ActionContext, refs: Collection[Ref], readers: Collection[int], *, with_ref: Ref | None = None
) -> tuple[Tell, ...]:
    """Let what came with the words in hand go with these rows, too.

    Args:
        refs: The rows that keep the words: ("note", 5).
        readers: People who read them.
        with_ref: The row that they were given by; None: what the conversation holds (`MEDIA`) goes along.

    Returns:
        What the sender hears where it cannot be shown to all of them.
    """
    if with_ref is not None:
        media = [each.id for each in tied_to(ctx.session, [with_ref]).get(with_ref, ())]
    else:
        media = [each for each in ctx.values.get(MEDIA) or () if isinstance(each, int)]
    if not media:
        return ()
    tie(ctx.session, media, refs)
    ctx.session.flush()
    kinds = select(Media.content_type).where(Media.id.in_(media), Media.state == "kept")
    shown = _is_shown(ctx, [kind or "" for kind in ctx.session.scalars(kinds)], readers)
    if all(shown):
        return ()
    said = {"phones": "some"} if len(shown) > 1 else {}
    return (Tell(ctx.person.id, "media_not_shown", said, purpose="reply", circle_id=_circle_of(ctx)),)


def _is_shown(ctx: ActionContext, kinds: Sequence[str], readers: Collection[int]) -> list[bool]:
    """Return of each reader whether all of these can be shown where they are written to."""
    sends_mms = ctx.identity.country in WITH_MMS
    uris = [each.uri for each in best_addresses(ctx.session, list(readers)).values()]
    return [
        (sends_mms or not uri.startswith(SMS)) and all(can_be_shown(uri, kind) for kind in kinds)
        for uri in uris
    ]


def _circle_of(ctx: ActionContext) -> int | None:
    return ctx.circle.id if ctx.circle is not None else None
