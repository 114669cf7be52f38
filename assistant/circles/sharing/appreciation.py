"""Finds out whom a kind line is for, in its writer's own words, and passes it on under first names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.relay import knows_that_words_wait
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.namesakes import ENDONYMS, told_apart
from assistant.circles.sharing.shares import apart_from
from assistant.language.commands.addressing import LEADS, named_in, nearly
from assistant.language.folding import fold, plain_words, split_words
from assistant.language.phones.contacts import has_contact
from assistant.store.tables import Member, Note, Person

PRESENT: Final = ("active", "reading", "paused")
"""Members to whom words may be kept; who is away reads them later."""
TOLD: Final = ("active", "reading")
TRIES: Final = 2
_BREAKS: Final = re.compile(r"[\s,;:.!?\-–—]+")


def without_address(words: str, name: str) -> str:
    """Return the line without "Rosa," or "To Rosa:" before it; what begins as a sentence stays whole."""
    first = fold(name.split()[0])
    last = fold(name.split()[-1])
    spoken = split_words(words)
    at = 1 if spoken and spoken[0].plain in LEADS else 0
    if len(spoken) <= at or not (spoken[at].plain == first or nearly(first, spoken[at].plain)):
        return words.strip()
    if last != first and len(spoken) > at + 1 and spoken[at + 1].plain == last:
        at += 1
    rest = words[spoken[at].end :]
    marked = re.match(r"\s*([,;:.!\-–—]|\n)", rest)
    bare = plain_words(rest)
    if not bare:
        return ""
    # "Rosa your words stayed with me" reads well without the name; "Rosa is brave" does not.
    if marked is None and at == 0 and bare[0] not in _SPEAKS_TO_SOMEONE:
        return words.strip()
    return _BREAKS.sub(" ", rest, count=1).strip() if _BREAKS.match(rest) else rest.strip()


_SPEAKS_TO_SOMEONE: Final = frozenset(
    {"you", "your", "youre", "thank", "thanks", "i", "im", "gracias", "tu", "tus", "te", "me", "eres", "lo"}
)


@action("found", "several", "no_line", "unknown", "lost", "number")
def find_recipient(
    ctx: ActionContext,
    *,
    line: str = "",
    to: str = "",
    to_id: int = 0,
    tries: int = 0,
    number_ok: str = "",
) -> ActionResult:
    """Find whom in the circle the words in `line` (or the name in `to`) are for; nobody from elsewhere.

    several: two could be meant; `people` and `options` list them. no_line: a name, but no words for it.
    number: the line holds a way to reach someone. lost: asked often enough.
    """
    people = _others(ctx)
    found = [to_id] if to_id else named_in(to or line, {key: p.name or "" for key, p in people.items()})
    found = [key for key in found if key in people]
    if not found:
        return ActionResult("unknown" if tries < TRIES else "lost", {"tries": tries + 1, "to": ""})
    if len(found) > 1:
        labels = _labels([people[key] for key in found])
        return ActionResult("several", list_choices("people", zip(found, labels, strict=True)))
    name = people[found[0]].name or ""
    words = line if to else without_address(line, name)
    values: dict[str, Any] = {
        "to_id": str(found[0]),
        "other_name": shorten(name, PLACEHOLDERS["other_name"].longest),
        "line": words,
    }
    if not words:
        return ActionResult("no_line", values)
    if has_contact(words, ctx.identity.country) and number_ok != "yes":
        return ActionResult("number", values)
    return ActionResult("found", values)


@action("marked")
def mark_thanks(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """Mark what was just written as thanks for help, not only a kind line."""
    return ActionResult("marked", {"note": "thanks"})


@action("passed", "gone")
def pass_on(ctx: ActionContext, *, line: str = "", to_id: int = 0, note: str = "") -> ActionResult:
    """Keep `line` as a note to its recipient, and tell the recipient, under the writer's first name.

    To someone the writer is kept apart from nothing goes, and nothing shows that.
    """
    member, words = ctx.member, line.strip()
    to = _others(ctx).get(to_id)
    if member is None or to is None or not words:
        return ActionResult("gone")
    values = {"line": "", "to": "", "to_id": "", "number_ok": ""}
    if to.id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("passed", values)
    seat = ctx.session.get_one(Member, to_id)
    kept = Note(
        circle_id=member.circle_id,
        from_member_id=member.id,
        to_member_id=seat.id,
        kind="thanks" if note == "thanks" else "kind",
        words=words,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(kept)
    ctx.session.flush()
    notice = "thanks_to_you" if note == "thanks" else "kind_line_to_you"
    if seat.state not in TOLD or (to.plain and knows_that_words_wait(ctx, to, f"notices/{notice}")):
        return ActionResult("passed", values)
    placeholders = {
        "other_name": shorten(ctx.person.name or "", PLACEHOLDERS["other_name"].longest),
        "words": words,
    }
    if not placeholders["other_name"]:
        del placeholders["other_name"]
    told = Tell(
        to.id,
        notice,
        placeholders,
        purpose="relay",
        circle_id=member.circle_id,
        verbatim=("words",),
        member_id=seat.id,
        carries=f"note:{kept.id}{ONLY_A_SIGN if to.plain else ''}",
    )
    return ActionResult("passed", values, (told,))


def _others(ctx: ActionContext) -> dict[int, Person]:
    """Return the other members with a promise and a name, by seat; none before the writer's own promise."""
    if ctx.member is None or ctx.member.promised_at is None:
        return {}
    rows = ctx.session.execute(
        select(Member.id, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == ctx.member.circle_id,
            Member.id != ctx.member.id,
            Member.state.in_(PRESENT),
            Member.promised_at.is_not(None),
            Person.name.is_not(None),
        )
        .order_by(Member.id)
    )
    return {row.id: row.Person for row in rows}


def _labels(people: Sequence[Person]) -> list[str]:
    """Return their names; with the place where two are the same, or then the language."""
    places = [person.place or "" for person in people]
    spoken = [ENDONYMS.get(person.language or "", "") for person in people]
    return told_apart([person.name or "" for person in people], [places, spoken])
