"""WHO: a receipt for every word; names and days for what was for few, counts for the rest."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.receipts import reads_of
from assistant.circles.trust.own_words import REVIEWED, Own, own_words
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.language.rendering import readable_date
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Conversation, Person

AT_ONCE: Final = 4
"""Things written that one WHO tells of; WHO MORE goes on from there."""
NAMED: Final = 2
"""So many readers are named; more are counted."""
SAME_READING: Final = dt.timedelta(days=1)
MORE: Final = frozenset({"more", "mas"})
FLOW: Final = "who_read"


@action("some", "more", "nothing")
def tell_who_read(ctx: ActionContext, *, told: int = 0) -> ActionResult:
    """Tell who has read what the person wrote, the newest first; `told` of it the person has heard.

    more: there is more, and WHO MORE brings it. What nobody was to see is only counted, on the first page.
    """
    everything = own_words(ctx.session, ctx.person.id)
    mine = [own for own in everything if not own.private or own.reads]
    told = told or (_told_before(ctx) if MORE & set(plain_words(ctx.words)) else 0)
    lines = [_line(ctx, own) for own in mine[told : told + AT_ONCE]]
    if not told:
        lines += _of_all(ctx, len(everything) - len(mine))
    if not lines:
        return ActionResult("nothing")
    told += AT_ONCE
    left = max(len(mine) - told, 0)
    lines.append(Line("receipts_more", {"count": str(left)}) if left else Line("receipts_end"))
    return ActionResult("more" if left else "some", {"told": told}, (Lines(tuple(lines)),))


def _of_all(ctx: ActionContext, private: int) -> list[Line]:
    """Return what is told of words that are not listed one by one."""
    lines = []
    if private:
        lines.append(Line("receipts_private", {"count": str(private)}))
    if reads_of(ctx.session, ctx.person.id, (REVIEWED,)):
        lines.append(Line("receipts_review"))
    return lines


def _line(ctx: ActionContext, own: Own) -> Line:
    language = language_of(ctx)
    labels = LANGUAGES[language].labels
    given = labels[f"words_{own.kind}"]
    if own.words is None and own.kind != "text":
        given = f"{given} ({labels['words_gone']})"
    placeholders: dict[str, Any] = {
        "given": given,
        "date": _day(ctx, own.at),
    }
    readers = {read.reader_id: read for read in own.reads}
    if not readers:
        return Line("receipt", {**placeholders, "readers": "none"})
    named = not own.for_all and not ctx.person.plain and len(readers) <= NAMED
    if named:
        people = select(Person).where(Person.id.in_([each for each in readers if each is not None]))
        names = {person.id: person.name for person in ctx.session.scalars(people)}
        said = [f"{_name(language, names, reader)}, {_day(ctx, read.at)}" for reader, read in readers.items()]
        return Line("receipt", {**placeholders, "read_by": "; ".join(said), "readers": "named"})
    count = {"count": str(len(readers)), "readers": "one" if len(readers) == 1 else "some"}
    return Line("receipt", {**placeholders, **count})


def _name(language: str, names: dict[int, str | None], reader: int | None) -> str:
    if reader is None:
        return LANGUAGES[language].labels["operator"]
    name = names.get(reader) or PLACEHOLDERS["other_name"].plain[language]
    return shorten(name, PLACEHOLDERS["other_name"].longest)


def _day(ctx: ActionContext, at: dt.datetime) -> str:
    zone = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
    return readable_date(at.astimezone(zone).date(), language_of(ctx))


def _told_before(ctx: ActionContext) -> int:
    """Return how much of it the last WHO of this day has told."""
    recent = ctx.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == ctx.person.id,
            Conversation.flow == FLOW,
            Conversation.began_at > ctx.now - SAME_READING,
        )
        .order_by(Conversation.id.desc())
    )
    return next((int(each.values["told"]) for each in recent if "told" in each.values), 0)
