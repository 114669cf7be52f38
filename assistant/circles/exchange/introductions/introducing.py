"""Takes up INTRODUCE: finds who is meant, shows what would be said, and has each asked by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import func, select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.exchange.introductions.two_sides import (
    FLOW,
    LONGEST_SENTENCE,
    draft_for,
    introductions_between,
)
from assistant.circles.exchange.lifetimes import MOST_OPEN, daytime, end_of
from assistant.circles.exchange.link_words import open_lines
from assistant.circles.exchange.listings import free_at, name_in
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.namesakes import told_apart
from assistant.circles.people.permissions import hosted_by
from assistant.circles.people.roster import Named, called, members_of
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.language.exchange.money_and_links import needs_look
from assistant.language.exchange.whom import may_be_topic, read_whom
from assistant.language.phones.contacts import has_contact
from assistant.language.rendering import readable_date, readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Circle, Introduced, Introduction, Member, Person

AGAIN_AFTER: Final = dt.timedelta(days=28)
"""So long after one asked for an introduction it is not asked for again: the other may have said no to it."""
END_FLOW: Final = "introduction_end"
HERE: Final = ("active", "reading")
TWO: Final = 2


@action("one", "two", "several", "topic", "unknown", "empty", "not_yet")
def find_to_introduce(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find who is to be introduced: the member to one other, or two others to each other.

    several: more than one go by the name; `people` lists them. topic: it is nobody's name, but may say what
    someone should know about.
    """
    whom, circles = read_whom(text), _circles(ctx)
    if not circles:
        return ActionResult("not_yet", {"text": ""})
    if not whom.names:
        return ActionResult("empty", {"text": ""})
    found = _resolve(ctx, list(whom.names[:TWO]), [], me=whom.me)
    return ActionResult("topic") if found.outcome == "unknown" and may_be_topic(text) else found


@action("one", "two", "several", "unknown")
def pick_to_introduce(
    ctx: ActionContext,
    *,
    names: list[str] | None = None,
    chosen: list[int] | None = None,
    me: bool = False,
    picked: str = "",
) -> ActionResult:
    """Go on with whoever of that name was chosen."""
    if not names or not picked.isdigit():
        return ActionResult("unknown")
    return _resolve(ctx, names[1:], [*(chosen or ()), int(picked)], me=me)


@action("one", "several")
def one_of_those_found(
    ctx: ActionContext,  # noqa: ARG001
    *,
    people: list[dict[str, Any]] | None = None,
) -> ActionResult:
    """Go on with the only one whom WHO KNOWS named, or ask to whom of them."""
    if people and len(people) == 1:
        return ActionResult("one", {"picked": people[0]["key"]})
    return ActionResult("several")


@action("ready", "known", "lately", "many", "gone")
def may_meet(ctx: ActionContext, *, whom: int = 0, picked: str = "") -> ActionResult:
    """Whether the member may ask to meet this other now.

    known: the two can write to each other as it is. lately: it was asked for in the last four weeks.
    """
    number = int(picked) if picked.isdigit() else whom
    mine, other = _my_seat_beside(ctx, number), ctx.session.get(Member, number)
    if mine is None or other is None:
        return ActionResult("gone")
    values = {"whom": number, "picked": "", "sentence": "", "drawn": 0, "other_name": _name(ctx, other)}
    if _can_write(ctx, mine, other):
        return ActionResult("known", values)
    return ActionResult(_too_often(ctx, mine.id, number) or "ready", values, member=mine)


@action("ready", "lately", "many")
def may_introduce(ctx: ActionContext, *, chosen: list[int] | None = None) -> ActionResult:
    """Whether someone may introduce these two now."""
    one, other = (chosen or [0, 0])[:TWO]
    return ActionResult(
        _too_often(ctx, one, other) or "ready", {"about_1": "", "about_2": "", "written": "none"}
    )


@action("drafted", "blank", "gone")
def draft_about_me(ctx: ActionContext, *, whom: int = 0, sentence: str = "", drawn: int = 0) -> ActionResult:
    """Show what would be said of the member: their own line, or what they share and agreed to be found by."""
    me, other = _my_seat_beside(ctx, whom), ctx.session.get(Member, whom)
    if me is None or other is None:
        return ActionResult("gone")
    values: dict[str, Any] = {"other_name": _name(ctx, other)}
    if sentence and not drawn:
        return ActionResult("drafted", values, member=me)
    answer = draft_for(ctx.session, me)
    if answer is None:
        return ActionResult("blank", values, member=me)
    said = shorten(answer.words or "", LONGEST_SENTENCE)
    return ActionResult("drafted", {**values, "sentence": said, "drawn": answer.id}, member=me)


@action("kept", "number", "empty", "long")
def keep_sentence(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Keep the member's own line about themselves, which they are shown before anyone is asked."""
    kept = _keep(ctx, line, "sentence")
    return ActionResult(kept.outcome, {**kept.values, "drawn": 0}) if kept.outcome == "kept" else kept


@action("kept", "number", "empty", "long")
def keep_about_first(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Keep a line about the first of two, who sees it before anyone else does."""
    return _keep(ctx, line, "about_1", written="first")


@action("kept", "number", "empty", "long")
def keep_about_second(ctx: ActionContext, *, line: str = "", about_1: str = "") -> ActionResult:
    """Keep a line about the second of two; `written` says of whom there is one."""
    return _keep(ctx, line, "about_2", written="both" if about_1 else "second")


@action("asked", "gone")
def ask_to_meet(ctx: ActionContext, *, whom: int = 0, sentence: str = "", drawn: int = 0) -> ActionResult:
    """Have the other asked, without the member's name; the member has said yes to what is said of them."""
    me, other = _my_seat_beside(ctx, whom), ctx.session.get(Member, whom)
    if me is None or other is None or not sentence:
        return ActionResult("gone", {"sentence": ""})
    introduction = _begin(ctx, "own", me.circle_id, _ends_at(ctx, ctx.session.get_one(Circle, me.circle_id)))
    mine = Introduced(
        introduction_id=introduction.id,
        member_id=me.id,
        answer_id=drawn or None,
        words=None if drawn else sentence,
        written_by=None if drawn else ctx.person.id,
        written_at=None if drawn else ctx.now,
        inbox_id=None if drawn else ctx.inbox_id,
        reply="yes",
        replied_at=ctx.now,
    )
    ctx.session.add(mine)
    ctx.session.flush()
    apart = _are_apart(ctx, [other])
    effects = [
        *_ask(ctx, introduction, other, apart=apart),
        _end_for(introduction, ctx.person, mine, introduction.ends_at),
    ]
    return ActionResult("asked", {"sentence": "", **_until(ctx, introduction)}, tuple(effects))


@action("asked", "gone")
def ask_two(
    ctx: ActionContext, *, chosen: list[int] | None = None, about_1: str = "", about_2: str = ""
) -> ActionResult:
    """Have both asked, each by themselves: with the name of whoever introduces them, and not the other's."""
    members = [ctx.session.get(Member, each) for each in chosen or ()]
    circles = {circle.id: circle for circle in _circles(ctx)}
    if len(members) != TWO or any(each is None or each.circle_id not in circles for each in members):
        return ActionResult("gone", {"about_1": "", "about_2": ""})
    circle = next(circles[each.circle_id] for each in members if each is not None)
    introduction = _begin(ctx, "two", circle.id, _ends_at(ctx, circle))
    effects = [
        Start(
            ctx.person.id,
            END_FLOW,
            {"introduction": introduction.id},
            due_at=introduction.ends_at,
            at_once=True,
        )
    ]
    both = [each for each in members if each is not None]
    apart = _are_apart(ctx, both)
    for member, words in zip(both, (about_1, about_2), strict=True):
        effects += _ask(ctx, introduction, member, words, apart=apart)
    return ActionResult("asked", {"about_1": "", "about_2": "", **_until(ctx, introduction)}, tuple(effects))


def wrong_sentence(ctx: ActionContext, words: str) -> str | None:
    """Return what keeps a line from being said of someone: number, empty, long; None: nothing does."""
    if not any(sign.isalpha() for sign in words):
        return "empty"
    if has_contact(words, ctx.identity.country) or needs_look(words):
        return "number"
    return "long" if len(words) > LONGEST_SENTENCE else None


def _circles(ctx: ActionContext) -> list[Circle]:
    """Return the circles in which the person knows people: theirs, and those they host."""
    mine = [circle for member, circle in seats_of(ctx.session, ctx.person.id) if is_in(member)]
    hosted = hosted_by(ctx.session, ctx.person.id)
    return list({circle.id: circle for circle in (*mine, *hosted)}.values())


def _keep(ctx: ActionContext, line: str, name: str, **more: str) -> ActionResult:
    words = " ".join(line.split())
    wrong = wrong_sentence(ctx, words)
    if wrong is None:
        return ActionResult("kept", {name: words, "line": "", **more})
    return ActionResult(wrong, {"line": "", "length": str(len(words)), "longest": str(LONGEST_SENTENCE)})


def _resolve(ctx: ActionContext, names: list[str], chosen: list[int], *, me: bool) -> ActionResult:
    """Find the seats behind names one after another, and so who is to be introduced."""
    people = members_of(ctx.session, _circles(ctx), HERE)
    while names:
        found = _once_each([each for each in called(people, names[0]) if each.member.id not in chosen])
        if not found:
            return ActionResult("unknown")
        if len(found) > 1:
            where = [[each.circle.name for each in found]]
            labels = told_apart([each.person.name or "" for each in found], where)
            choices = list_choices("people", zip((each.member.id for each in found), labels, strict=True))
            return ActionResult(
                "several", {"names": names, "chosen": chosen, "me": me, "text": "", **choices}
            )
        chosen, names = [*chosen, found[0].member.id], names[1:]
    seats = [ctx.session.get_one(Member, each) for each in chosen]
    others = {seat.person_id: seat for seat in seats if seat.person_id != ctx.person.id}
    if len(others) == TWO and not me:
        first, second = others.values()
        said = {"first": _name(ctx, first), "second": _name(ctx, second)}
        return ActionResult("two", {"chosen": [first.id, second.id], "text": "", **said})
    if len(others) != 1:
        return ActionResult("unknown")
    (other,) = others.values()
    return ActionResult("one", {"whom": other.id, "picked": "", "text": ""})


def _too_often(ctx: ActionContext, one: int, other: int) -> str | None:
    """Return whether the person asked for just this lately, or too much at once, by their own asks alone."""
    seats = (select(Member.id).where(Member.id == each) for each in (one, other))
    theirs = Introduction.by_person_id == ctx.person.id
    before = introductions_between(*seats).where(theirs, Introduction.began_at > ctx.now - AGAIN_AFTER)
    if ctx.session.scalars(before.limit(1)).first() is not None:
        return "lately"
    running = select(func.count(Introduction.id)).where(theirs, Introduction.ended_at.is_(None))
    return "many" if (ctx.session.scalar(running) or 0) >= MOST_OPEN else None


def _can_write(ctx: ActionContext, mine: Member, other: Member) -> bool:
    """Whether the two reach each other as it is: by an open line, or as buddies."""
    linked = any(line.person.id == other.person_id for line in open_lines(ctx))
    return linked or any(each.person_id == other.person_id for each in buddies_of(ctx.session, mine))


def _my_seat_beside(ctx: ActionContext, whom: int) -> Member | None:
    """Return the member's own seat in the circle of another's."""
    other = ctx.session.get(Member, whom)
    if other is None or other.person_id == ctx.person.id:
        return None
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id) if is_in(member)]
    return next(
        (each for each in seats if each.circle_id == other.circle_id and each.state != "paused"), None
    )


def _begin(ctx: ActionContext, kind: str, circle_id: int, ends_at: dt.datetime) -> Introduction:
    introduction = Introduction(
        kind=kind, circle_id=circle_id, by_person_id=ctx.person.id, began_at=ctx.now, ends_at=ends_at
    )
    ctx.session.add(introduction)
    ctx.session.flush()
    return introduction


def _ask(
    ctx: ActionContext, introduction: Introduction, member: Member, words: str = "", *, apart: bool
) -> Iterator[Start]:
    """Have one of the two asked as soon as they may be; where some are kept apart nobody is, silently."""
    person, circle = (
        ctx.session.get_one(Person, member.person_id),
        ctx.session.get_one(Circle, member.circle_id),
    )
    answer = draft_for(ctx.session, member) if not words else None
    side = Introduced(
        introduction_id=introduction.id,
        member_id=member.id,
        answer_id=answer.id if answer is not None else None,
        words=words or None,
        written_by=ctx.person.id if words else None,
        written_at=ctx.now if words else None,
        inbox_id=ctx.inbox_id if words else None,
        due_at=daytime(person, circle, free_at(ctx.session, person.id, ctx.now)),
    )
    ctx.session.add(side)
    ctx.session.flush()
    ends_at = end_of("ask", None, person, circle, ctx.now)
    yield _end_for(introduction, person, side, ends_at)
    if apart:
        side.withdrawn_at = ctx.now
        return
    values = {"introduction": introduction.id, "side": side.id}
    yield Start(person.id, FLOW, values, member.id, due_at=side.due_at)


def _are_apart(ctx: ActionContext, members: Sequence[Member]) -> bool:
    """Whether any two of these, and whoever asks, are kept apart."""
    people = {ctx.person.id, *(member.person_id for member in members)}
    return any(people & apart_from(ctx.session, each) for each in people)


def _end_for(introduction: Introduction, person: Person, side: Introduced, ends_at: dt.datetime) -> Start:
    values = {"introduction": introduction.id, "side": side.id}
    return Start(person.id, END_FLOW, values, side.member_id, due_at=ends_at, at_once=True)


def _ends_at(ctx: ActionContext, circle: Circle) -> dt.datetime:
    return end_of("ask", None, ctx.person, circle, ctx.now)


def _until(ctx: ActionContext, introduction: Introduction) -> dict[str, str]:
    """Return by when the member hears at the latest."""
    circle = ctx.session.get_one(Circle, introduction.circle_id)
    day = introduction.ends_at.astimezone(home(zone_of(ctx.person.zone, circle.zone))).date()
    language = language_of(ctx)
    said = shorten(readable_day(day, language), PLACEHOLDERS["day"].longest)
    return {"day": said, "date": readable_date(day, language)}


def _name(ctx: ActionContext, member: Member) -> str:
    person = ctx.session.get_one(Person, member.person_id)
    return name_in(person, language_of(ctx), placeholder="other_name")


def _once_each(people: Sequence[Named]) -> list[Named]:
    """Return each person once, by the seat that comes first."""
    return list({each.person.id: each for each in reversed(people)}.values())[::-1]
