"""Holds what people wrote to what came of it: only a plain answer counts, and danger is heard. At the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.engine.flow_model import ANY, OPENING, WHOLE, Step
from assistant.safety.first_response import GENTLY
from assistant.simulation.habits import CHOICES, Service
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.word_ledger import Meant
from assistant.simulation.world import World
from assistant.store.tables import Address, Alert, AlertStep, Answer, Inbox, Question

ANSWERED_WITHIN: Final = dt.timedelta(minutes=5)
PAGED_WITHIN: Final = dt.timedelta(minutes=20)
GENTLE_WITHIN: Final = dt.timedelta(hours=2)
"""So long after a gentle question a person has heard, unless the answer was "I'm fine"."""
_PROMISES_SOMEONE: Final = ("danger/crisis/", "emergency/call/", "safe/")
"""Texts that say that a person is told or will read; what else is said in danger claims nobody."""
_GLUED: Final = frozenset({"again", "half", "changes", "takes_back"})
"""Texts that belong to the question they were written to, and to no other."""


def check_replies(world: World, score: Score, watcher: Watcher) -> None:
    """Check every text that a persona wrote which is no plain answer."""
    texts = watcher.passed
    with world.database.read() as session:
        _check_answers(session, world, score, watcher)
        for meant in watcher.ledger.meant.values():
            if (since := watcher.forgotten.get(meant.name)) is not None and meant.at < since:
                continue  # Whose words those were is known to nobody any more.
            if meant.kind == "danger":
                _check_cry(session, world, score, meant, texts)
            elif meant.kind == "more":
                heard = meant.opted_out or any(_texts_to(meant.name, texts, meant.at, ANSWERED_WITHIN))
                score.hold("heard", heard, meant.at, meant.name, f"silence after {meant.words!r}")
        _check_gentle_questions(session, world, score, watcher)


def _check_answers(session: Session, world: World, score: Score, watcher: Watcher) -> None:
    rows = session.execute(
        select(Inbox.carrier_id, Question, Answer.outcome)
        .join(Answer, Answer.inbox_id == Inbox.id)
        .join(Question, Question.id == Answer.question_id)
    )
    counted: dict[str, list[tuple[Question, str]]] = {}
    for carrier_id, question, outcome in rows:
        counted.setdefault(carrier_id, []).append((question, outcome))
    for carrier_id, meant in watcher.ledger.meant.items():
        wrong = [
            f"{question.flow}/{question.step} took {meant.words!r} ({meant.kind}) as {outcome!r}"
            for question, outcome in counted.get(carrier_id, ())
            if _is_wrong(world, meant, question, outcome, watcher.service)
        ]
        score.hold("consent", not wrong, meant.at, meant.name, "; ".join(wrong))


def _is_wrong(world: World, meant: Meant, question: Question, outcome: str, service: Service) -> bool:
    """Return whether a text should have counted as no answer to the question."""
    step = world.services.book.today(question.flow, question.step)
    if meant.kind == "aside" and step is not None and _is_safe_side(step, outcome):
        return False
    closed = step is not None and (step.expect or "text").split()[0] in CHOICES
    harms = closed or question.visible_to != "us"
    if meant.kind == "asks":
        return harms or service.answers
    if meant.kind == "aside":
        return harms
    if meant.kind == "crossing":
        return harms and question.id == meant.question
    if meant.kind == "takes_back" and question.outcome == "skip":
        return False  # What a question holds goes to nobody: that is what was meant.
    if meant.kind in _GLUED:
        return harms and question.id != meant.question
    return False


def _is_safe_side(step: Step, outcome: str) -> bool:
    """Return whether a question takes this for the safe side, and wants to be sure of the other alone.

    Whoever speaks of children where it is asked who else sees the phone has said that somebody may.
    """
    return WHOLE in step.sure.values() and step.sure.get(outcome, step.sure.get(ANY)) == OPENING


def _check_cry(session: Session, world: World, score: Score, meant: Meant, texts: Sequence[Passed]) -> None:
    alerts = session.scalars(
        select(Alert).where(
            Alert.kind == "danger",
            Alert.person_id == _person(session, world, meant.name),
            Alert.opened_at <= meant.at + ANSWERED_WITHIN,
            Alert.closed_at.is_(None) | (Alert.closed_at > meant.at),
        )
    ).all()
    said = [
        text.row.wording
        for text in _texts_to(meant.name, texts, meant.at, ANSWERED_WITHIN)
        if text.row is not None and text.row.purpose == "safety"
    ]
    answered = bool(said) or meant.opted_out
    score.hold("heard", answered, meant.at, meant.name, f"no safety text after {meant.words!r}")
    if any(wording.startswith(f"{GENTLY}/ask") for wording in said) and not alerts:
        return  # What becomes of the gentle question is looked at by itself.
    promised = any(wording.startswith(_PROMISES_SOMEONE) for wording in said)
    tried = any(_reached_someone(session, world, alert, texts) is not None for alert in alerts)
    reached = any(_reached_someone(session, world, alert, texts) for alert in alerts)
    score.hold(
        "heard",
        bool(alerts) and tried and (reached or not promised),
        meant.at,
        meant.name,
        f"{'nobody was paged' if alerts else 'no alert'} after {meant.words!r} (said: {', '.join(said)})",
    )


def _reached_someone(session: Session, world: World, alert: Alert, texts: Sequence[Passed]) -> bool | None:
    """Return whether a page reached a phone; None: nobody even looked for someone to page."""
    until = alert.opened_at + PAGED_WITHIN
    steps = session.scalars(
        select(AlertStep).where(AlertStep.alert_id == alert.id, AlertStep.at <= until)
    ).all()
    if not steps and alert.circle_id is not None:
        return None  # Of whoever has no circle any more, nobody is responsible; then nobody is promised.
    paged = [step.person_id for step in steps if step.person_id is not None and step.what.endswith(" paged")]
    uris = session.scalars(select(Address.uri).where(Address.person_id.in_(paged))).all()
    names = {world.name(uri.partition(":")[2]) for uri in uris}
    return any(
        text.row is not None and text.row.purpose == "alert"
        for name in names
        for text in _texts_to(name, texts, alert.opened_at, PAGED_WITHIN)
    )


def _check_gentle_questions(session: Session, world: World, score: Score, watcher: Watcher) -> None:
    """Whatever is not answered with "I'm fine" leads to a person; whoever opted out is left alone."""
    now = world.clock.now()
    out = {_person(session, world, name) for name in watcher.stopped}
    for question in session.scalars(select(Question).where(Question.flow == GENTLY)).all():
        closed_at = question.closed_at or question.opened_at + GENTLE_WITHIN
        # What is asked again, for a word of theirs came between, is looked at by itself.
        settled = question.outcome in ("fine", "asked again")
        if settled or closed_at > now or question.person_id in out:
            continue
        alert = session.scalars(
            select(Alert.id).where(
                Alert.kind == "danger",
                Alert.person_id == question.person_id,
                Alert.opened_at <= closed_at + ANSWERED_WITHIN,
                Alert.closed_at.is_(None) | (Alert.closed_at >= question.opened_at),
            )
        ).first()
        uri = session.scalars(select(Address.uri).where(Address.person_id == question.person_id)).first()
        name = world.name((uri or "").partition(":")[2])
        what = f"the gentle question came to {question.outcome or question.state!r}, and nobody was told"
        score.hold("heard", alert is not None, closed_at, name, what)


def _texts_to(
    name: str, texts: Sequence[Passed], since: dt.datetime, within: dt.timedelta
) -> Iterator[Passed]:
    for text in texts:
        if text.name == name and not text.inbound and since <= text.at <= since + within:
            yield text


def _person(session: Session, world: World, name: str) -> int:
    uri = to_uri(world.number(name))
    return session.scalar(select(Address.person_id).where(Address.uri == uri)) or 0
