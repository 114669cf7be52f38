"""Asks the circle a question with up to six choices: shown first, held for a minute, told in counts only.

Whoever hosts the circle may ask, and every member who kept its promise. The words of a poll are one row's
`words`: the question on the first line, each choice on a line of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import circle_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Lines, Preview, Start
from assistant.circles.actions.pending_actions import HELD_FOR, happened, hold
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import left_out_lines, recipients_of
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.memberships import seat_of, seats_of
from assistant.circles.people.permissions import circle_for, hosted_by
from assistant.circles.sharing.shares import is_in
from assistant.language.folding import plain_words, split_words
from assistant.language.phones.contacts import has_contact
from assistant.store.tables import Circle, PendingAction

KIND: Final = "poll"
VOTE: Final = "poll_vote"
"""The flow that asks one member."""
CLOSES: Final = "poll_close"
OPEN_FOR: Final = dt.timedelta(hours=48)
"""So long after it went out a poll closes by itself."""
FEWEST, MOST = 2, 6
PAIR: Final = 2
MEMBERS_OWN_IN: Final = dt.timedelta(days=7)
"""A circle hears one member's poll in this time, so that the promised number of texts stays true."""
ROOM: Final = PLACEHOLDERS["poll"].longest - MOST
"""Characters of a question with its numbered choices: what came of each needs a little more."""
_ENDS: Final = re.compile(r"(?<=[?:])\s*|\n+")
_NUMBERED: Final = re.compile(r"(?:^|[\s,;/])\(?[1-6][.):]?\s+(?=\S)")
_APART: Final = re.compile(r"\s*[,;/|\n]\s*")
_OR: Final = re.compile(r"\s+(?:or|o|u)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that was asked, by its row."""

    row: PendingAction
    question: str
    choices: tuple[str, ...]

    @property
    def asked(self) -> str:
        """The question and its choices, as they stand in a text."""
        return poll_words(self.question, self.choices)


@action("yes", "no")
def has_poll_words(ctx: ActionContext, *, text: str = "") -> ActionResult:  # noqa: ARG001
    """Whether anything came after POLL: then it is to be asked."""
    return ActionResult("yes" if text.strip() else "no")


@action("one", "several", "none")
def which_polled(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find the circle that a poll is for, hosted or sat in; several: `polled` and `options` list them.

    Where `text` begins with a circle's word, the rest stays in `text`.
    """
    circles = {circle.id: circle for circle in hosted_by(ctx.session, ctx.person.id)}
    circles |= {circle.id: circle for member, circle in seats_of(ctx.session, ctx.person.id) if is_in(member)}
    if words := split_words(text):
        named = [circle for circle in circles.values() if circle.code == words[0].plain.upper()]
        if named:
            return ActionResult("one", {"text": text[words[0].end :].lstrip(" :,.-")}, circle=named[0])
    if len(circles) == 1:
        return ActionResult("one", circle=next(iter(circles.values())))
    if not circles:
        return ActionResult("none")
    return ActionResult("several", circle_choices("polled", circles.items(), plain=ctx.person.plain))


@action("taken", "none")
def take_polled(ctx: ActionContext, *, polled_circle: str = "") -> ActionResult:
    """Go on with the circle that was chosen in `polled_circle`."""
    circle = ctx.session.get(Circle, int(polled_circle)) if polled_circle.isdigit() else None
    return ActionResult("taken", circle=circle) if may_ask(ctx, circle) else ActionResult("none")


@action("ready", "question", "choices", "many", "long", "running", "lately", "none")
def read_poll(ctx: ActionContext, *, text: str = "", poll_choices: str = "") -> ActionResult:
    """Read a question and its choices from `text`, or from `text` and what was answered as `poll_choices`.

    question, choices: they are missing. many: more than six. long: `count` characters have to go. running:
    another poll of the circle is open. lately: the circle had a member's poll in the last days.
    """
    circle = ctx.circle
    if circle is None or not may_ask(ctx, circle):
        return ActionResult("none")
    if open_polls(ctx.session, [circle.id], ctx.now):
        return ActionResult("running")
    if circle_for(ctx.session, ctx.person.id, circle.id) is None and _asked_lately(ctx, circle):
        return ActionResult("lately")
    question, choices = split_poll(text)
    choices = split_choices(poll_choices) if poll_choices else choices
    nothing: dict[str, Any] = {"poll_choices": ""}
    if not plain_words(question):
        return ActionResult("question", nothing)
    if len(choices) > MOST:
        return ActionResult("many", {**nothing, "text": question})
    if len(choices) < FEWEST:
        return ActionResult("choices", {**nothing, "text": question})
    words = poll_words(question, choices)
    if len(words) > ROOM:
        return ActionResult("long", {**nothing, "text": "", "count": str(min(len(words) - ROOM, 999))})
    return ActionResult("ready", {"text": "\n".join((question, *choices)), "poll_choices": "", "poll": words})


@action("some", "nobody", "none")
def preview_poll(ctx: ActionContext, *, text: str = "", poll: str = "") -> ActionResult:
    """Show the poll as it will be read, and who is left out; `count` members are asked after a yes."""
    circle = ctx.circle
    if circle is None or not may_ask(ctx, circle) or not text:
        return ActionResult("none")
    there, left_out = recipients_of(ctx, circle, readers=False)
    hosts = circle_for(ctx.session, ctx.person.id, circle.id) is not None
    # Why someone is left out is for hosts to know.
    lines = left_out_lines(ctx, there, left_out) if hosts else []
    told: tuple[Effect, ...] = (Lines(tuple(lines)),) if lines else ()
    if not there:
        return ActionResult("nobody", effects=told)
    # On a shared phone nothing of it shows before its owner asks.
    people = tuple(each.person.id for each in there if not each.person.plain)
    shown = Preview(people, f"{VOTE}/ask", {"writer": _writer(ctx), "poll": poll}, verbatim=("poll",))
    shows = "number" if has_contact(poll, ctx.identity.country) else ""
    return ActionResult("some", {"count": str(len(there)), "shows": shows}, (shown, *told))


@action("held", "nobody", "none")
def hold_poll(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Ask the poll in a minute, of each member in their daytime; it closes by itself two days later."""
    circle = ctx.circle
    if circle is None or not may_ask(ctx, circle) or not text:
        return ActionResult("none")
    if open_polls(ctx.session, [circle.id], ctx.now):
        return ActionResult("none")
    there, _ = recipients_of(ctx, circle, readers=False)
    if not there:
        return ActionResult("nobody")
    pending = hold(ctx, KIND, circle, words=text, details={"members": [each.member.id for each in there]})
    values = {"pending_action": pending.id, CARRIED: {"poll": f"said:{pending.id}"}}
    asks = [Start(each.person.id, VOTE, values, each.member.id, due_at=each.at) for each in there]
    over = ctx.now + HELD_FOR + OPEN_FOR
    closes = Start(ctx.person.id, CLOSES, {"pending_action": pending.id}, due_at=over, at_once=True)
    return ActionResult("held", {"count": str(len(there))}, (*asks, closes))


def may_ask(ctx: ActionContext, circle: Circle | None) -> bool:
    """Whether the person may ask a circle something: who hosts it, and who takes part in it."""
    if circle is None or circle.state == "closed":
        return False
    if circle_for(ctx.session, ctx.person.id, circle.id) is not None:
        return True
    member = seat_of(ctx.session, ctx.person.id, circle.id)
    return member is not None and is_in(member) and member.state == "active"


def open_polls(session: Session, circles: Sequence[int], now: dt.datetime) -> list[Poll]:
    """Return the polls of these circles that are held, or were asked and are not closed, the newest first."""
    rows = session.scalars(
        select(PendingAction)
        .where(
            PendingAction.circle_id.in_(circles),
            PendingAction.kind == KIND,
            PendingAction.state.in_(("held", "done")),
            PendingAction.digest_at.is_(None),
            PendingAction.created_at > now - HELD_FOR - OPEN_FOR,
        )
        .order_by(PendingAction.id.desc())
    )
    return [found for row in rows if (found := poll_of(row)) is not None]


def poll_of(row: PendingAction | None) -> Poll | None:
    """Return the poll that a row holds; None where its words are erased."""
    if row is None or row.kind != KIND or not row.words:
        return None
    question, *choices = row.words.split("\n")
    return Poll(row, question, tuple(choices))


def is_open(poll: Poll, now: dt.datetime) -> bool:
    """Whether it has gone out and still counts answers."""
    return poll.row.digest_at is None and happened(poll.row, now)


def poll_words(question: str, choices: Sequence[str]) -> str:
    """Return a question and its choices as they stand in a text: "Where? 1 park, 2 library"."""
    numbered = ", ".join(f"{number} {choice}" for number, choice in enumerate(choices, 1))
    return f"{question} {numbered}"


def split_poll(text: str) -> tuple[str, list[str]]:
    """Return the question of a text and its choices: behind its question mark, its colon, or line by line."""
    said = text.strip()
    first = _ENDS.search(said)
    if first is None:
        return _tidy(said), []
    question, rest = said[: first.start()], said[first.end() :]
    return _tidy(question), split_choices(rest)


def split_choices(text: str) -> list[str]:
    """Return choices apart: by commas, lines, numbers, or a lone "or"."""
    parts = _NUMBERED.split(text) if len(_NUMBERED.findall(text)) >= FEWEST else _APART.split(text)
    parts = [part for each in parts for part in _APART.split(each) if part.strip()]
    # "Friday or Sunday", and "park, library or online".
    last = _OR.split(parts[-1]) if parts else []
    if len(last) == PAIR and all(plain_words(each) for each in last):
        parts[-1:] = last
    tidy = [re.sub(r"^(?:or|o|u)\s+", "", _tidy(part), flags=re.IGNORECASE).strip(" .?!") for part in parts]
    return [each for each in dict.fromkeys(tidy) if plain_words(each)]


def _tidy(said: str) -> str:
    return " ".join(said.split()).strip()


def _writer(ctx: ActionContext) -> str:
    return name_of(ctx.person, language_of(ctx))


def _asked_lately(ctx: ActionContext, circle: Circle) -> bool:
    found = select(PendingAction.id).where(
        PendingAction.circle_id == circle.id,
        PendingAction.kind == KIND,
        PendingAction.state.in_(("held", "done")),
        PendingAction.created_at > ctx.now - MEMBERS_OWN_IN,
    )
    return ctx.session.scalar(found.limit(1)) is not None
