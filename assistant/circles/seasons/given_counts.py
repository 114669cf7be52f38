"""Counts what a member gave in a season, by the others' word: taught, listened, helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.language.languages import LANGUAGES
from assistant.store.tables import Approach, Listing, Member, PairMember

SAID: Final = {"taught": ("taught", "both"), "listened": ("listened", "both")}
"""What was given -> the answers of buddies that say so."""


def given_by(session: Session, member: Member) -> Mapping[str, int]:
    """Return how often others said that the member taught them, listened to them, or helped."""
    mine, theirs = aliased(PairMember), aliased(PairMember)
    answers = (
        select(theirs.gave, func.count())
        .join(mine, mine.pair_id == theirs.pair_id)
        .where(mine.member_id == member.id, theirs.member_id != member.id, theirs.gave.is_not(None))
        .group_by(theirs.gave)
    )
    said = dict(session.execute(answers).all())
    # Of an ask, and in an hour of NOW, whoever was asked helped; of an offer, its writer.
    helped = (
        select(func.count())
        .select_from(Approach)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(
            Approach.helped == "yes",
            or_(
                and_(Listing.kind.in_(("ask", "now")), Approach.member_id == member.id),
                and_(Listing.kind == "offer", Listing.member_id == member.id),
            ),
        )
    )
    counts = {what: sum(said.get(each, 0) for each in answers) for what, answers in SAID.items()}
    return {**counts, "helped": session.scalar(helped) or 0}


@action("counted")
def count_given(ctx: ActionContext) -> ActionResult:
    """What the member gave, by the others' word, as `options`; `gave` says whether there was anything."""
    given = given_by(ctx.session, ctx.member) if ctx.member is not None else {}
    labels = LANGUAGES[language_of(ctx)].labels
    listed = [
        labels[f"gave_{what}_once" if count == 1 else f"gave_{what}"].format(count=count)
        for what, count in given.items()
        if count
    ]
    return ActionResult("counted", {"gave": bool(listed), "options": ", ".join(listed)})
