"""Lets anyone start a circle and host it: its name, a word to join by, perhaps a backup."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

from sqlalchemy import func, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import AskAgain, OptIn
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.circle_names import RESERVED, tidy_name, wrong_name
from assistant.circles.hosts.roles import offer_role
from assistant.circles.people.addresses import numbers_of, person_at
from assistant.circles.people.audit import record
from assistant.circles.people.consent import consent_of
from assistant.language.folding import plain_words
from assistant.language.languages import created_in, spoken
from assistant.language.phones.contacts import has_contact
from assistant.language.phones.phone_numbers import read_phone
from assistant.language.replies.names import read_name
from assistant.language.sms.gsm7 import to_gsm7
from assistant.language.words import NOT_CODES
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Address, Circle, Conversation, Question, Role

MOST_GATHERING: Final = 3
"""So many circles of one host gather people at a time; more would leave friends waiting in all of them."""
FLOW: Final = "new_circle"
LATER: Final = frozenset(
    {"later", "luego", "despues", "nobody", "nadie", "none", "ninguno", "no", "not", "notyet", "maybe"}
)
"""How a reply begins that names no backup yet."""
LONGEST_CODE: Final = 12
SHORTEST_CODE: Final = 3
NAMELESS: Final = "CIRCLE"
"""What a code is made from where a name has no letters that everyone can type."""


@action("newcomer", "known", "under_way", "enough")
def open_circle(ctx: ActionContext) -> ActionResult:
    """Open the talk with whoever asks for a circle, in a text that opts its sender in.

    newcomer: not opted in until now, and so has to read what the law asks. under_way: the questions are being
    asked already. enough: the sender hosts as many circles that gather people as may be.
    """
    if ctx.person.language is None:
        ctx.person.language = created_in(plain_words(ctx.words))
    if _is_under_way(ctx):
        return ActionResult("under_way", effects=(OptIn(), AskAgain()))
    if _gathering(ctx) >= MOST_GATHERING:
        return ActionResult("enough", effects=(OptIn(),))
    known = consent_of(ctx.session, ctx.address_id, ctx.identity.sender) == "in"
    return ActionResult("known" if known else "newcomer", {"greeted": not known}, (OptIn(),))


@action("fine", "wrong")
def name_circle(ctx: ActionContext, *, title: str = "") -> ActionResult:
    """Take the name in `title`, or say in `wrong` why it cannot be: empty, signs, long, contact."""
    name = tidy_name(title)
    wrong = "contact" if has_contact(name, ctx.identity.country) else wrong_name(name)
    return ActionResult("wrong", {"wrong": wrong}) if wrong else ActionResult("fine", {"title": name})


@action("known", "unknown")
def know_zone(ctx: ActionContext) -> ActionResult:
    """Say whether it is known by which clock the person lives."""
    return ActionResult("known" if ctx.person.zone else "unknown")


@action("phone", "named", "later", "own", "unclear")
def read_backup(ctx: ActionContext, *, backup: str = "") -> ActionResult:
    """Read who is to be backup, as `backup` says: a number, a first name, or nobody yet.

    The flow goes on with `phone` and `other_name`; own: the number is the sender's.
    """
    nothing = {"phone": "", "other_name": ""}
    if phone := read_phone(backup, ctx.identity.country):
        if phone in numbers_of(ctx.session, ctx.person.id):
            return ActionResult("own", nothing)
        return ActionResult("phone", {"phone": phone, "other_name": "", "backed": "phone"})
    if not backup or LATER & set(plain_words(backup)[:1]):
        return ActionResult("later", nothing)
    name = read_name(backup)
    if name is None:
        return ActionResult("unclear", nothing)
    return ActionResult(
        "named",
        {"phone": "", "other_name": shorten(name, PLACEHOLDERS["other_name"].longest), "backed": "name"},
    )


@action("founded", "enough")
def found_circle(
    ctx: ActionContext, *, title: str = "", other_name: str = "", phone: str = ""
) -> ActionResult:
    """Make the circle of `title` with its host; `phone` is offered the seat as backup, and not texted."""
    if _gathering(ctx) >= MOST_GATHERING:
        return ActionResult("enough")
    if not title:
        raise ValueError("a circle has no name: let `name_circle` take its `title` first")
    circle = Circle(
        code=_free_code(ctx, title),
        name=title,
        language=spoken(ctx.person.language),
        zone=_zone(ctx),
        state="gathering",
        created_at=ctx.now,
        backup_named=other_name or None,
    )
    ctx.session.add(circle)
    ctx.session.flush()
    ctx.session.add(
        Role(
            person_id=ctx.person.id,
            kind="host",
            circle_id=circle.id,
            offered_at=ctx.now,
            accepted_at=ctx.now,
        )
    )
    ctx.session.flush()
    record(ctx.session, "create circle", ctx.now, by=ctx.person.id, circle_id=circle.id)
    if phone:
        backup, _address = person_at(ctx.session, phone, ctx.now)
        offer_role(ctx, backup, "backup", circle)
    return ActionResult("founded", {"code": circle.code}, circle=circle)


@action("yes", "no")
def has_backup_number(ctx: ActionContext, *, phone: str = "") -> ActionResult:  # noqa: ARG001
    """Whether there is a line to forward to a backup, too."""
    return ActionResult("yes" if phone else "no")


def _is_under_way(ctx: ActionContext) -> bool:
    """Say whether the person is asked about a new circle in another conversation than this one."""
    rows = ctx.session.execute(
        select(Conversation.flow, Conversation.callers)
        .join(Question, Question.conversation_id == Conversation.id)
        .where(
            Conversation.person_id == ctx.person.id,
            Conversation.ended_at.is_(None),
            Question.state != "closed",
        )
    )
    return any(FLOW in (flow, *(caller[0] for caller in callers)) for flow, callers in rows)


def _gathering(ctx: ActionContext) -> int:
    """Count the person's circles, as host, that have not begun."""
    found = ctx.session.scalar(
        select(func.count())
        .select_from(Role)
        .join(Circle, Circle.id == Role.circle_id)
        .where(
            Role.person_id == ctx.person.id,
            Role.kind == "host",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state == "gathering",
        )
    )
    return found or 0


def _zone(ctx: ActionContext) -> str:
    """Return the person's zone, or one where the number's area code may be."""
    uri = ctx.session.get_one(Address, ctx.address_id).uri
    return home(zone_of(ctx.person.zone, None, uri)).key


def _free_code(ctx: ActionContext, name: str) -> str:
    """A word to join by: the first of the name that can be one, with a number where others have it."""
    return next(
        code
        for code in _codes(name)
        if ctx.session.scalar(select(Circle.id).where(Circle.code == code)) is None
    )


def _codes(name: str) -> Iterator[str]:
    words = [word.upper() for word in plain_words(to_gsm7(name))]
    base = next((word for word in (*words, "".join(words)[:LONGEST_CODE]) if _can_be_code(word)), NAMELESS)
    if base is not NAMELESS:
        yield base
    yield from (f"{base[: LONGEST_CODE - len(str(number))]}{number}" for number in count(2))


def _can_be_code(word: str) -> bool:
    """Whether people who text JOIN and this are understood; what has another meaning is no code."""
    fits = SHORTEST_CODE <= len(word) <= LONGEST_CODE and word.isascii() and word.isalnum()
    return fits and word not in RESERVED and word.lower() not in NOT_CODES
