"""Keeps what a member would ask, offer, call or tell until a yes to the very words; nobody sees it before."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.store.tables import Listing, Member


def keep_draft(
    ctx: ActionContext,
    member: Member,
    kind: str,
    words: str,
    *,
    named: bool = False,
    instead_of: Collection[str],
) -> Listing:
    """Keep a member's words as a draft, and forget the words of earlier drafts that it takes the place of.

    Args:
        ctx: The turn.
        member: Whose words.
        kind: One of a listing's kinds.
        words: As they are shown, word for word.
        named: Whether the member's name goes with them from the start.
        instead_of: Kinds of drafts that are forgotten; drafts of others are still asked about.
    """
    older = select(Listing).where(
        Listing.member_id == member.id,
        Listing.state == "draft",
        Listing.words.is_not(None),
        Listing.kind.in_(instead_of),
    )
    for listing in ctx.session.scalars(older):
        listing.words, listing.erased_at = None, ctx.now
    draft = Listing(
        kind=kind,
        circle_id=member.circle_id,
        member_id=member.id,
        words=words,
        named=named,
        state="draft",
        created_at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(draft)
    ctx.session.flush()
    return draft
