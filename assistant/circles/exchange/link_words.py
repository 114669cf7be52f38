"""Carries words between two who were linked: under first names, to the letter, as between buddies."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.going_along import go_along
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.buddies.relay import IN_HAND, knows_that_words_wait
from assistant.circles.exchange.listings import is_hidden, name_in, name_on
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.phones.contacts import without_contacts
from assistant.store.tables import (
    Approach,
    Circle,
    Introduced,
    Introduction,
    Listing,
    Member,
    Note,
    Person,
)

KIND: Final = "link"
HOUR: Final = "hour"
NOW: Final = "now"
BUDDY: Final = "buddy"
CUT: Final = "now_cut"
"""The flow that tells whoever called that the other cannot go on, and what comes next."""
REMEMBERED: Final = dt.timedelta(days=60)
"""So long after its end words for it are told from words for a buddy."""
_NAMED: Final = re.compile(r"(?P<name>[^\W\d_]+)(?P<between>[\s,.:;!-]*)")


@dataclass(frozen=True, slots=True)
class Line:
    """An open line between the person and another: both said yes, and its week or hour is not over."""

    key: str
    """Which it is, of an ask or of an introduction: "ask:12", "met:3"."""
    since: dt.datetime
    mine: Member
    theirs: Member
    person: Person
    listing: Listing | None = None
    """What it came from; None: an introduction."""

    @property
    def is_hour(self) -> bool:
        """Whether someone came at once: what is written goes at once, too."""
        return self.listing is not None and self.listing.kind == NOW

    @property
    def hides_them(self) -> bool:
        """Whether the other called for someone without a name, and stays so."""
        called = self.listing is not None and self.theirs.id == self.listing.member_id
        return called and self.listing is not None and is_hidden(self.listing)

    @property
    def hides_me(self) -> bool:
        """Whether the person called for someone without a name, and stays so."""
        called = self.listing is not None and self.mine.id == self.listing.member_id
        return called and self.listing is not None and is_hidden(self.listing)

    def their_name(self, language: str | None, *, placeholder: str = "writer") -> str:
        """Return how the other is called here."""
        if self.hides_them and self.listing is not None:
            return name_on(self.listing, self.person, language, placeholder=placeholder)
        return name_in(self.person, language, placeholder=placeholder)

    def is_called(self, name: str) -> bool:
        """Whether that is the other's first name, as far as it may be known."""
        return not self.hides_them and _is_called(self.person, name)


@action("one", "several", "none", "over", "empty")
def find_link(ctx: ActionContext, *, text: str = "", together: int = 0) -> ActionResult:
    """Find whether the words after @ are for someone the sender was linked with, and not for a buddy.

    several: `recipients` and `options` list whom they may be for, the buddy among them. The words to carry
    are in `line` from here on. none: it is a buddy's matter.
    over: the week of whoever is named, or the hour, is over.

    Args:
        together: The line that was open as they were written without @; they are for nobody else.
    """
    lines, named = open_lines(ctx), _NAMED.match(text)
    if together:
        mine = next((each for each in lines if each.key == f"ask:{together}"), None)
        return ActionResult("one", _chosen(ctx, mine, text.strip())) if mine else _over(ctx, None)
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    buddies = [
        ctx.session.get_one(Person, each.person_id)
        for seat in seats
        for each in buddies_of(ctx.session, seat)
    ]
    if named is not None:
        called = [each for each in lines if each.is_called(named["name"])]
        rest = text[named.end() :].strip()
        others = [each for each in buddies if _is_called(each, named["name"])]
        others = [each for each in others if each.id not in {line.person.id for line in called}]
        if called and (len(called) > 1 or others):
            return _several(ctx, called, rest, buddy=bool(others))
        if called:
            return ActionResult("one" if rest else "empty", _chosen(ctx, called[0], rest))
        past = _past_line(ctx, named["name"]) if not others else None
        if past is not None:
            return _over(ctx, past)
        if others:
            return ActionResult("none")
    if not lines:
        return ActionResult("none")
    if buddies and _wrote_with_buddy(ctx, lines):
        return ActionResult("none")
    if buddies or len(lines) > 1:
        return _several(ctx, lines, text.strip(), buddy=bool(buddies))
    return ActionResult("one" if text.strip() else "empty", _chosen(ctx, lines[0], text.strip()))


@action("one", "buddy", "none")
def take_link(ctx: ActionContext, *, recipient: str = "", line: str = "") -> ActionResult:
    """Go on with whom the sender chose."""
    if recipient == BUDDY:
        # `text` is as it was written: a name in it says which of two buddies is meant.
        return ActionResult("buddy", {"line": ""})
    for each in open_lines(ctx):
        if each.key == recipient:
            return ActionResult("one", _chosen(ctx, each, line), member=each.mine)
    return ActionResult("none", {"line": ""})


@action("first", "sent", "away", "forgotten")
def send_to_link(ctx: ActionContext, *, link: str = "", line: str = "") -> ActionResult:
    """Carry the words to the other, to the letter; first: the sender hears that, once."""
    return _send(ctx, link, line)


@action("first", "sent", "away", "forgotten", "empty")
def send_to_link_without(ctx: ActionContext, *, link: str = "", line: str = "") -> ActionResult:
    """Carry the words without what could reach anyone."""
    rest = without_contacts(line, ctx.identity.country)
    if line and not any(sign.isalnum() for sign in rest):
        return ActionResult("empty", {"line": ""})
    return _send(ctx, link, rest)


def open_lines(ctx: ActionContext, *, ended_after: dt.datetime | None = None) -> list[Line]:
    """Return whom the person may write to because both said yes, the newest first.

    Args:
        ended_after: Those too whose line has ended since then.
    """
    seats = {member.id: member for member, _ in seats_of(ctx.session, ctx.person.id)}
    since = ended_after or ctx.now
    links = [*_of_asks(ctx, seats, since), *_of_introductions(ctx, seats, since)]
    lines: dict[int, Line] = {}
    apart = apart_from(ctx.session, ctx.person.id)
    for linked_at, key, one, another, listing_id in sorted(links, reverse=True):
        mine, other = (one, another) if one in seats else (another, one)
        theirs = ctx.session.get_one(Member, other)
        if theirs.person_id not in apart and theirs.state not in ("left", "declined"):
            person = ctx.session.get_one(Person, theirs.person_id)
            listing = ctx.session.get_one(Listing, listing_id) if listing_id else None
            lines.setdefault(person.id, Line(key, linked_at, seats[mine], theirs, person, listing))
    return list(lines.values())


def _of_asks(
    ctx: ActionContext, seats: Collection[int], since: dt.datetime
) -> Iterator[tuple[dt.datetime, str, int, int, int]]:
    """Yield since when an ask or an offer links two seats, which it is, the two, and its listing."""
    rows = ctx.session.execute(
        select(Approach, Listing)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(
            Approach.linked_at.is_not(None),
            Approach.link_ends_at > since,
            or_(Approach.member_id.in_(seats), Listing.member_id.in_(seats)),
        )
    )
    for approach, listing in rows.all():
        assert approach.linked_at is not None
        yield approach.linked_at, f"ask:{approach.id}", approach.member_id, listing.member_id, listing.id


def _of_introductions(
    ctx: ActionContext, seats: Collection[int], since: dt.datetime
) -> Iterator[tuple[dt.datetime, str, int, int, int]]:
    mine, theirs = aliased(Introduced), aliased(Introduced)
    rows = ctx.session.execute(
        select(Introduction.linked_at, Introduction.id, mine.member_id, theirs.member_id)
        .join(mine, mine.introduction_id == Introduction.id)
        .join(theirs, and_(theirs.introduction_id == Introduction.id, theirs.id != mine.id))
        .where(mine.member_id.in_(seats), Introduction.link_ends_at > since)
    )
    for linked_at, number, one, other in rows.all():
        assert linked_at is not None
        yield linked_at, f"met:{number}", one, other, 0


def _past_line(ctx: ActionContext, name: str) -> Line | None:
    """Return a line to someone of this name that was open until lately, and is not any more."""
    past = open_lines(ctx, ended_after=ctx.now - REMEMBERED)
    return next((line for line in past if line.is_called(name)), None)


def _over(ctx: ActionContext, past: Line | None) -> ActionResult:
    """The words went nowhere: the line that they were for is over."""
    values = {"text": "", "line": "", "line_was": "hour" if past is None or past.is_hour else "week"}
    name = past.their_name(language_of(ctx), placeholder="other_name") if past is not None else ""
    return ActionResult("over", {**values, "other_name": name})


def _several(ctx: ActionContext, lines: Sequence[Line], words: str, *, buddy: bool) -> ActionResult:
    if not words:
        return ActionResult("empty")
    language = language_of(ctx)
    names = [each.their_name(language) for each in lines]
    if ctx.person.plain and len({name[0] for name in names}) == len(names):
        names = [f"{name[0]}." for name in names]  # Others see the phone.
    labels = [(each.key, name) for each, name in zip(lines, names, strict=True)]
    if buddy:
        labels.append((BUDDY, LANGUAGES[spoken(language)].labels["buddy"]))
    said = shorten(words, PLACEHOLDERS["said"].longest)
    values: dict[str, Any] = {"line": words, "said": said, **list_choices("recipients", labels)}
    return ActionResult("several", values)


def _chosen(ctx: ActionContext, line: Line, words: str) -> dict[str, Any]:
    name = line.their_name(language_of(ctx), placeholder="other_name")
    called = "unnamed" if line.hides_them else "named"
    return {"link": line.key, "line": words, "other_name": name, "buddies": name, "called": called}


def _is_called(person: Person, name: str) -> bool:
    words = fold(person.name or "").split()
    return bool(words) and words[0] == fold(name)


def _wrote_with_buddy(ctx: ActionContext, lines: Sequence[Line]) -> bool:
    """Whether the last words to or from the person, since the newest line opened, were a buddy's."""
    mine = [member.id for member, _ in seats_of(ctx.session, ctx.person.id)]
    since = max(line.since for line in lines)
    last = ctx.session.scalar(
        select(Note.kind)
        .where(
            or_(Note.to_member_id.in_(mine), Note.from_member_id.in_(mine)),
            Note.kind.in_((KIND, HOUR, "buddy")),
            Note.at >= since,
        )
        .order_by(Note.id.desc())
        .limit(1)
    )
    return last == "buddy"


def _send(ctx: ActionContext, link: str, words: str) -> ActionResult:
    line = next((each for each in open_lines(ctx) if each.key == link), None)
    if line is None or not words:
        return ActionResult("forgotten", {"line": ""})
    if is_away(ctx.session, line.theirs, ctx.identity.sender):
        return ActionResult("away", {"line": ""}, _left_alone(ctx, line))
    kind = HOUR if line.is_hour else KIND
    before = select(Note.id).where(
        Note.kind == kind, Note.from_member_id == line.mine.id, Note.to_member_id == line.theirs.id
    )
    outcome = "first" if ctx.session.scalar(before.limit(1)) is None else "sent"
    note = Note(
        circle_id=line.mine.circle_id,
        from_member_id=line.mine.id,
        to_member_id=line.theirs.id,
        kind=kind,
        words=words,
        named=not line.hides_me,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(note)
    ctx.session.flush()
    not_shown = go_along(ctx, [("note", note.id)], [line.person.id])
    reader, circle = line.person, ctx.session.get_one(Circle, line.theirs.circle_id)
    in_hand = reader.heard_at is not None and reader.heard_at > ctx.now - IN_HAND
    # In an hour both hold their phones, and said that it is a good moment.
    waits = reader.plain and not in_hand and not line.is_hour
    if waits and knows_that_words_wait(ctx, reader, "notices/link_waits"):
        return ActionResult(outcome, {"line": ""}, not_shown)
    name = name_in(Person() if line.hides_me else ctx.person, reader.language or circle.language)
    told = Tell(
        reader.id,
        "link_waits" if waits else "link_words",
        {"words": words, "writer": name},
        # Both agreed to this hour, whatever the clock says.
        purpose="reply" if line.is_hour else "relay",
        circle_id=line.mine.circle_id,
        verbatim=("words",),
        member_id=line.theirs.id,
        carries=f"note:{note.id}{ONLY_A_SIGN if waits else ''}",
    )
    return ActionResult(outcome, {"line": ""}, (told, *not_shown))


def _left_alone(ctx: ActionContext, line: Line) -> tuple[Start, ...]:
    """Whoever called for someone, and whom nobody hears any more, is told what comes next."""
    if line.listing is None or not line.is_hour or line.mine.id != line.listing.member_id:
        return ()
    return (Start(ctx.person.id, CUT, {"listing": line.listing.id}, line.mine.id, at_once=True),)
