"""Finds whom a host's words may be for: who an open alert is about, or who answered in private lately."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.membership.asking_for_a_host import WANTED
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.permissions import hosted_by
from assistant.circles.sharing.answering import last_text
from assistant.circles.sharing.shares import apart_from
from assistant.language.commands.addressing import reads_as_name
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES
from assistant.safety.alert_answers import alerts_shown, alerts_to_answer
from assistant.store.tables import Alert, Answer, Audit, Circle, Conversation, Member, Outbox, Person
from assistant.store.tables.circle_tables import SEATED

ANSWERABLE: Final = dt.timedelta(days=7)
"""So long a host may write back to someone who answered in private."""
REPLIED_WITHIN: Final = dt.timedelta(days=1)
"""So long after words came a reply without @ may be an answer to them."""
REPLIES: Final = "host_reply"
"""The flow that passes a host's reply on."""
BUDDY: Final = "buddy"
_FIRST_WORD: Final = re.compile(r"\s*(?P<name>[^\W\d_]+)[\s,.:;!-]*")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone a host's words may be for: through an open alert, or as a member who answered lately."""

    key: str
    person: Person
    name: str
    label: str
    alert: Alert | None = None
    member: Member | None = None


def find_recipients(ctx: ActionContext, text: str, *, at_sign: bool = True) -> tuple[list[Recipient], str]:
    """Return whom words may be for, and the words without the name that they begin with.

    With nobody named it is whoever an open alert is about, and the host's own buddy where there is one too.
    A name of someone else is nobody's here: it may be a buddy's.

    Args:
        text: What stands after @, or a reply as it was written.
        at_sign: False for a reply without @: it is for whomever the host was shown, or whose words came last.
    """
    if not at_sign:
        shown = list(_of_alerts(ctx, alerts_shown(ctx)))
        return shown or who_wrote_last(ctx), text.strip()
    alerts = list(_of_alerts(ctx, alerts_to_answer(ctx)))
    named = _FIRST_WORD.match(text)
    buddies = _buddies(ctx)
    if named is not None:
        line = text[named.end() :].strip()
        if found := _called(named["name"], alerts):
            return found, line
        if _is_called(named["name"], buddies):
            return [], ""
        if found := _called(named["name"], list(_of_answers(ctx))):
            return found, line
        if reads_as_name(named["name"]) and buddies:
            return [], ""
    if alerts and buddies:
        label = ", ".join(person.name for person in buddies if person.name)
        label = label or LANGUAGES[language_of(ctx)].labels["buddy"]
        alerts.append(Recipient(BUDDY, buddies[0], label, label))
    return alerts, text.strip()


def who_wrote_last(ctx: ActionContext) -> list[Recipient]:
    """Return the members whose words, or whose wish for a hand, stood in what reached the host last."""
    last = last_text(ctx)
    if last is None or last.sent_at is None or last.sent_at <= ctx.now - REPLIED_WITHIN:
        return []
    if (before := _written_to_last(ctx, last)) is not None:
        return [before]
    came = select(Outbox).where(Outbox.person_id == ctx.person.id, Outbox.created_at == last.created_at)
    texts = ctx.session.scalars(came).all()
    refs = [ref for text in texts for ref in (text.carries or "").split()]
    answers = [int(ref.partition(":")[2]) for ref in refs if ref.startswith("answer:") and ref[7:].isdigit()]
    whose = set(ctx.session.scalars(select(Answer.person_id).where(Answer.id.in_(answers))))
    if any((text.wording or "").endswith(WANTED) for text in texts):
        asked = select(Audit.person_id).where(Audit.action == WANTED, Audit.at == last.created_at)
        whose |= {each for each in ctx.session.scalars(asked) if each is not None}
    return [each for each in _of_answers(ctx) if each.person.id in whose]


def _written_to_last(ctx: ActionContext, last: Outbox) -> Recipient | None:
    """Return whom the host has just replied to: who goes on writing goes on to the same person."""
    if last.conversation_id is None or not (last.wording or "").startswith(f"{REPLIES}/note/"):
        return None
    values = ctx.session.get_one(Conversation, last.conversation_id).values
    return next((each for each in _of_answers(ctx) if each.key == values.get("recipient")), None)


def words_for(ctx: ActionContext, text: str, people: Sequence[Person]) -> str | None:
    """Return the words after @ if a member means these people by them: by name, or having no buddy."""
    named = _FIRST_WORD.match(text)
    if named is not None and _is_called(named["name"], people):
        return text[named.end() :].strip()
    return None if _buddies(ctx) else text


def recipient_of(ctx: ActionContext, key: str) -> Recipient | None:
    """Return who was found before, if words may still go there."""
    known = (*_of_alerts(ctx, alerts_to_answer(ctx)), *_of_answers(ctx))
    return next((each for each in known if each.key == key), None)


def _of_alerts(ctx: ActionContext, alerts: Sequence[Alert]) -> Iterator[Recipient]:
    for alert in alerts:
        person, circle = _about(ctx, alert)
        name = _name(ctx, person)
        yield Recipient(f"alert {alert.id}", person, name, f"{name} ({circle.name})", alert=alert)


def _about(ctx: ActionContext, alert: Alert) -> tuple[Person, Circle]:
    return ctx.session.get_one(Person, alert.person_id), ctx.session.get_one(Circle, alert.circle_id)


def _of_answers(ctx: ActionContext) -> Iterator[Recipient]:
    """Yield who wrote, in the last days, something that only hosts were said to read, or asked for a hand."""
    circles = [circle.id for circle in hosted_by(ctx.session, ctx.person.id)]
    rows = ctx.session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id.in_(circles),
            Member.state.in_(SEATED),
            Person.id != ctx.person.id,
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
            or_(
                select(Answer.id)
                .where(
                    Answer.member_id == Member.id,
                    Answer.visible_to == "host",
                    Answer.outcome != "skip",
                    Answer.at > ctx.now - ANSWERABLE,
                )
                .exists(),
                select(Audit.id)
                .where(
                    Audit.action == WANTED,
                    Audit.person_id == Person.id,
                    Audit.circle_id == Member.circle_id,
                    Audit.at > ctx.now - ANSWERABLE,
                )
                .exists(),
            ),
        )
        .order_by(Member.id)
    )
    for member, person in rows:
        name = _name(ctx, person)
        yield Recipient(f"member {member.id}", person, name, name, member=member)


def _buddies(ctx: ActionContext) -> list[Person]:
    seats = [seat for seat, circle in seats_of(ctx.session, ctx.person.id) if circle.state == "running"]
    theirs = [buddy for seat in seats for buddy in buddies_of(ctx.session, seat)]
    return [ctx.session.get_one(Person, buddy.person_id) for buddy in theirs]


def _called(name: str, people: Sequence[Recipient]) -> list[Recipient]:
    return [each for each in people if _is_called(name, [each.person])]


def _is_called(name: str, people: Sequence[Person]) -> bool:
    names = [person.name for person in people if person.name and person.name.strip()]
    return fold(name) in {fold(each).split()[0] for each in names}


def _name(ctx: ActionContext, person: Person) -> str:
    name = person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)]
    return shorten(name, PLACEHOLDERS["who"].longest)
