"""Counts what came of a season: goals, steps, pairs that met, asks, hours."""

from __future__ import annotations

from sqlalchemy import Select, distinct, func, select

from assistant.store.database import Database
from assistant.store.tables import (
    CircleHour,
    Goal,
    GoalStep,
    HourSeat,
    Introduction,
    Listing,
    Note,
    Pair,
    PairMember,
    Share,
)


def tally(database: Database) -> dict[str, int]:
    """Return what came of a season."""
    counted = {
        "goals set": select(func.count(Goal.id)),
        "goals reached": select(func.count(Goal.id)).where(Goal.state == "reached"),
        "steps set": select(func.count(GoalStep.id)),
        "steps done": select(func.count(GoalStep.id)).where(GoalStep.outcome == "did"),
        "words shared with a circle": select(func.count(Share.id)),
        "lines to buddies": select(func.count(Note.id)).where(Note.kind == "buddy"),
        "kind lines and thanks": select(func.count(Note.id)).where(Note.kind != "buddy"),
        **{f"{kind}s posted": posted(kind) for kind in ("ask", "offer", "now")},
        **{f"{kind}s with a yes": posted(kind, "person") for kind in ("ask", "offer", "now")},
        "introductions asked for": select(func.count(Introduction.id)),
        "introductions with two yeses": select(func.count(Introduction.id)).where(
            Introduction.outcome == "met"
        ),
        "circle hours": select(func.count(CircleHour.id)).where(CircleHour.state == "set"),
        "seats that came": select(func.count()).select_from(HourSeat).where(HourSeat.came.is_(True)),
        "groups of buddies": select(func.count(Pair.id)),
        "groups in which someone said that they connected": select(
            func.count(distinct(PairMember.pair_id))
        ).where(PairMember.did == "yes"),
    }
    with database.read() as session:
        return {what: session.scalar(query) or 0 for what, query in counted.items()}


def posted(kind: str, outcome: str | None = None) -> Select[int]:
    """Count what of a kind went to a circle, or of that what came to this end."""
    counted = select(func.count(Listing.id)).where(Listing.kind == kind, Listing.posted_at.is_not(None))
    return counted.where(Listing.outcome == outcome) if outcome is not None else counted
