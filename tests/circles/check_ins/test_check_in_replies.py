"""What comes back from a check-in: counted alone, read by the one who was promised it, and told once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Lines, Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR, take_back, take_up
from assistant.circles.check_ins.check_in_results import tally
from assistant.store.tables import Answer, Audit, PendingAction, Question
from tests.circles.check_ins.test_broadcasts import Maple
from tests.circles.town import NOW, Town


@pytest.fixture
def maple(town: Town) -> Maple:
    maple = Maple(town)
    for name in ("Sol", "Kay"):
        maple.add(name)
    return maple


def sent(maple: Maple, text: str = "How was it?") -> PendingAction:
    """A check-in that has gone out; nobody was reached yet."""
    pending = maple.send(text)
    maple.town.now += HELD_FOR
    assert take_up(maple.town.session, pending.id, maple.town.now) is pending
    return pending


def ask(
    maple: Maple, name: str, pending: PendingAction, *, visible_to: str = "host", **values: Any
) -> Question:
    town, seat = maple.town, maple.seats[name]
    conversation = town.conversation(
        maple.person(name),
        seat,
        "group_check_in",
        **{"pending_action": pending.id, "host_id": maple.luz.id, **values},
    )
    question = Question(
        conversation_id=conversation.id,
        person_id=seat.person_id,
        member_id=seat.id,
        flow="group_check_in",
        step="ask_own",
        visible_to=visible_to,
        state="waiting",
        opened_at=town.now,
    )
    town.session.add(question)
    town.session.flush()
    return question


def reply(maple: Maple, question: Question, words: str, outcome: str = "text", **columns: Any) -> Answer:
    answer = maple.town.answer(question, words)
    answer.outcome = outcome
    answer.key = "how_words" if outcome == "text" else "how"
    for column, value in columns.items():
        setattr(answer, column, value)
    maple.town.session.flush()
    return answer


def status(maple: Maple) -> ActionResult:
    return maple.town.hosting("read_status", maple.luz, maple.circle)


def lines(done: ActionResult) -> list[tuple[str, dict[str, Any]]]:
    return [
        (line.notice, dict(line.placeholders))
        for effect in done.effects
        if isinstance(effect, Lines)
        for line in effect.lines
    ]


def test_a_tally_counts_each_member_once_and_nothing_but_this_check_in(maple: Maple) -> None:
    older = sent(maple)
    reply(maple, ask(maple, "Sol", older), "older")
    pending = sent(maple, "")
    maple.town.now += dt.timedelta(minutes=1)
    seats = {name: seat.id for name, seat in maple.seats.items()}
    first = ask(maple, "Ana", pending)
    reply(maple, first, "fine", "ok")
    reply(maple, first, "not ok", "not_ok")
    # Words that she asked to be kept hang on the last question, and are nobody's answer.
    reply(maple, first, "for me alone", key="held", visible_to="us")
    reply(maple, ask(maple, "Rosa", pending), "skip", "skip")
    ask(maple, "Sol", pending)
    counted = tally(maple.town.session, pending)
    assert counted.outcomes == Counter({"not_ok": 1, "skip": 1})
    assert counted.answered == {seats["Ana"], seats["Rosa"]}
    assert (counted.waiting, counted.coming) == ({seats["Sol"]}, {seats["Kay"]})
    assert not counted.complete
    # What was asked where no host was on call is for nobody's eyes, also not counted.
    reply(maple, ask(maple, "Kay", pending, visible_to="us"), "ok", "ok", visible_to="us")
    maple.seats["Sol"].state = "paused"
    maple.town.session.flush()
    counted = tally(maple.town.session, pending)
    assert counted.asked == {seats["Ana"], seats["Rosa"]}
    assert counted.complete


def test_status_names_who_answered_and_never_what(maple: Maple) -> None:
    assert status(maple).outcome == "none_yet"
    maple.send("held still")
    assert status(maple).outcome == "none_yet"
    pending = sent(maple)
    reply(maple, ask(maple, "Ana", pending), "not ok", "not_ok")
    ask(maple, "Rosa", pending)
    done = status(maple)
    assert done.outcome == "readable"
    assert lines(done) == [
        ("check_in_status", {"count": "1", "total": "4"}),
        ("check_in_answered", {"names": "Ana", "count": "1"}),
        ("check_in_waiting", {"names": "Rosa, Sol, Kay", "count": "3"}),
    ]
    looked = maple.town.session.scalars(select(Audit).where(Audit.action == "status")).all()
    assert looked[-1].details == {"pending_action": pending.id}


def test_only_the_host_who_was_promised_the_answers_reads_them(maple: Maple) -> None:
    town = maple.town
    pending = sent(maple)
    reply(maple, ask(maple, "Ana", pending), "Long, call me on 512-555-0188")
    reply(maple, ask(maple, "Rosa", pending), "skip", "skip")
    reply(maple, ask(maple, "Sol", pending), "bien", "ok")
    reply(maple, ask(maple, "Kay", pending), "gone since")
    maple.seats["Kay"].state = "left"
    eva = town.person("Eva")
    town.role(eva, "backup", maple.circle)
    assert town.hosting("read_status", eva, maple.circle).outcome == "counts"
    values = {"asked_in": pending.id, "read_to": 0}
    assert town.hosting("read_answers", eva, maple.circle, **values).outcome == "nothing"
    done = town.hosting("read_answers", maple.luz, maple.circle, **values)
    tells = [effect for effect in done.effects if isinstance(effect, Tell)]
    assert [(tell.notice, dict(tell.placeholders)) for tell in tells] == [
        ("answer_words", {"writer": "Ana", "words": "Long, call me on ..."}),
        ("answer_ok", {"writer": "Sol"}),
    ]
    oak = town.circle("OAK", "New Moms")
    town.role(maple.luz, "host", oak)
    assert town.hosting("read_answers", maple.luz, oak, **values).outcome == "none"


def test_answers_come_a_few_at_a_time(maple: Maple) -> None:
    pending = sent(maple)
    for name in ("Ana", "Rosa", "Sol", "Kay"):
        reply(maple, ask(maple, name, pending), name)
    values = {"asked_in": pending.id, "read_to": 0}
    done = maple.town.hosting("read_answers", maple.luz, maple.circle, **values)
    assert (done.outcome, done.values["count"], len(done.effects)) == ("more", "1", 3)
    rest = maple.town.hosting("read_answers", maple.luz, maple.circle, **{**values, **done.values})
    assert (rest.outcome, len(rest.effects)) == ("some", 1)
    assert (
        maple.town.hosting("read_answers", maple.luz, maple.circle, **{**values, **rest.values}).outcome
        == "nothing"
    )


def test_the_last_answer_brings_the_digest_once(maple: Maple) -> None:
    town, pending = maple.town, sent(maple, "")
    for name, outcome in (("Ana", "ok"), ("Rosa", "not_ok"), ("Sol", "skip")):
        reply(maple, ask(maple, name, pending), outcome, outcome)
        assert (
            town.do("count_in", maple.person(name), maple.seats[name], pending_action=pending.id).effects
            == ()
        )
    reply(maple, ask(maple, "Kay", pending), "ok", "ok")
    done = town.do("count_in", maple.person("Kay"), maple.seats["Kay"], pending_action=pending.id)
    assert done.effects == (
        Start(maple.luz.id, "check_in_digest", {"pending_action": pending.id}, at_once=True),
    )
    assert town.do("digest_check_in", maple.person("Ana"), pending_action=pending.id).outcome == "none"
    told = town.do("digest_check_in", maple.luz, pending_action=pending.id)
    assert lines(told) == [
        ("check_in_digest", {"count": "4", "total": "4", "all": "yes"}),
        ("check_in_outcomes", {"ok": "2", "not_ok": "1"}),
        ("check_in_read_them", {}),
    ]
    assert town.do("digest_check_in", maple.luz, pending_action=pending.id).outcome == "none"
    assert (
        town.do("count_in", maple.person("Kay"), maple.seats["Kay"], pending_action=pending.id).effects == ()
    )


def test_no_digest_of_what_was_undone_nor_for_who_hosts_no_more(maple: Maple) -> None:
    town = maple.town
    undone = maple.send("one")
    take_back(town.ctx(maple.luz), undone)
    town.now = NOW + dt.timedelta(days=2)
    assert town.do("digest_check_in", maple.luz, pending_action=undone.id).outcome == "none"
    pending = sent(maple)
    ask(maple, "Ana", pending)
    maple.role.ended_at = town.now
    town.session.flush()
    assert town.do("digest_check_in", maple.luz, pending_action=pending.id).outcome == "none"


def test_a_planned_check_in_is_counted_nowhere(maple: Maple) -> None:
    assert maple.town.do("count_in", maple.person("Ana"), maple.seats["Ana"]).effects == ()


def test_a_nudge_reminds_those_who_were_asked_once(maple: Maple) -> None:
    town = maple.town

    def nudge(**values: Any) -> ActionResult:
        return town.hosting("nudge_waiting", maple.luz, maple.circle, **values)

    assert nudge().outcome == "none_yet"
    pending = sent(maple)
    assert nudge().outcome == "coming"
    assert nudge(code="ROSA").outcome == "one"
    ask(maple, "Ana", pending)
    reply(maple, ask(maple, "Rosa", pending), "fine")
    done = nudge()
    assert (done.outcome, done.values) == ("held", {"count": "1"})
    (start,) = done.effects
    assert isinstance(start, Start)
    assert (start.flow, start.member_id) == ("check_in_nudge", maple.seats["Ana"].id)
    assert start.due_at == town.now + HELD_FOR
    assert nudge().outcome == "already"
    # An undone one does not count.
    held = town.session.get_one(PendingAction, start.values["pending_action"])
    assert take_back(town.ctx(maple.luz), held)
    assert nudge().outcome == "held"
    town.now += HELD_FOR
    assert nudge().outcome == "already"


def test_a_member_is_reminded_only_where_the_next_words_would_answer_it(maple: Maple) -> None:
    town, ana, seat = maple.town, maple.person("Ana"), maple.seats["Ana"]
    pending = sent(maple)
    question = ask(maple, "Ana", pending)
    question.state = "open"
    (start,) = town.hosting("nudge_waiting", maple.luz, maple.circle).effects
    assert isinstance(start, Start)
    assert town.do("is_check_in_open", ana, seat, **start.values).outcome == "no"
    town.now += HELD_FOR
    done = town.do("is_check_in_open", ana, seat, **start.values)
    assert (done.outcome, done.values) == ("yes", {"host": "Luz"})
    question.state = "waiting"
    town.session.flush()
    other = town.question(ana, seat, "open", "circle")
    assert town.do("is_check_in_open", ana, seat, **start.values).outcome == "no"
    other.state = "closed"
    town.session.flush()
    question.state = "open"
    town.session.flush()
    assert town.do("is_check_in_open", ana, seat, **start.values).outcome == "yes"
    reply(maple, question, "fine")
    assert town.do("is_check_in_open", ana, seat, **start.values).outcome == "no"
