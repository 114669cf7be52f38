"""What is done wrong on purpose to people who are hard to hear, or in danger, is seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import ACTIONS, Action
from assistant.circles.people.addresses import address_for
from assistant.conversations import answers, crossing, maintenance
from assistant.conversations.action_catalogue import all_actions
from assistant.delivery.outbox import Draft, put
from assistant.language.replies.reply_reading import Reading, read
from assistant.safety import first_response
from assistant.safety.danger_reader import DangerReading
from assistant.simulation import season_partings
from assistant.simulation.acting import Company
from assistant.simulation.habits import Written
from assistant.simulation.reply_checks import check_replies
from assistant.store.tables import Member, Person, Question
from tests.simulation.conftest import Stage, reads_nothing

DANGER = "I want to kill myself tonight"


def _judged(stage: Stage) -> set[str]:
    """The promises that are broken once everything has been looked at."""
    world, watcher, _, score = stage
    watcher.look()
    check_replies(world, score, watcher)
    return {each.promise for each in score.broken}


def _writes(company: Company, name: str, text: Written, question: int = 0) -> None:
    company._write(company.actors[name], text, question)


def _open(stage: Stage) -> int:
    """The question that stands open."""
    with stage[0].database.read() as session:
        return session.scalars(select(Question.id).where(Question.state == "open")).one()


def _does(monkeypatch: pytest.MonkeyPatch, name: str, run: Callable[[ActionContext], ActionResult]) -> None:
    monkeypatch.setitem(ACTIONS, name, Action(name, all_actions()[name].outcomes, run))


def _queue(stage: Stage, name: str, words: str, wording: str) -> None:
    world = stage[0]
    now = world.clock.now()
    with world.database.write() as session:
        address = address_for(session, [to_uri(world.number(name))], now)
        draft = Draft(address.person_id, address.id, address.uri, words, "notice", wording=wording)
        put(session, [draft], world.services.identity.sender, now)
    world.settle()


# Danger.


def test_danger_that_is_heard_breaks_nothing(stage: Stage, company: Company) -> None:
    company.cry("ana", DANGER)
    assert not _judged(stage)
    assert stage[3].checks["heard"]


def test_danger_is_heard_of_someone_who_opted_out_without_a_word_to_them(
    stage: Stage, company: Company
) -> None:
    company.say("ana", "STOP")
    company.cry("ana", DANGER)
    assert not _judged(stage)


def test_danger_that_nobody_reads_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_response, "read_danger", reads_nothing)
    company.cry("ana", DANGER)
    assert _judged(stage) == {"heard"}


def test_an_alert_that_pages_nobody_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "page_due", lambda _services: None)
    company.cry("ana", DANGER)
    assert _judged(stage) == {"heard"}


def test_an_answer_to_danger_without_an_alert_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    _does(monkeypatch, "raise_alarm", lambda _ctx: ActionResult("nobody"))
    company.cry("ana", DANGER)
    assert _judged(stage) == {"heard"}


def test_where_nobody_is_on_call_the_honest_text_is_enough(stage: Stage, company: Company) -> None:
    company.cry("omar", DANGER)
    assert not _judged(stage)


def test_silence_after_another_text_is_seen(stage: Stage, company: Company) -> None:
    watcher = stage[1]
    company.cry("ana", DANGER)
    assert not _judged(stage)
    [cry, *_] = watcher.ledger.meant.values()
    later = cry.at + dt.timedelta(hours=1)
    watcher.ledger.meant["SM1"] = replace(cry, at=later, kind="more", words="is anybody there??")
    assert _judged(stage) == {"heard"}


def test_a_gentle_question_that_leads_to_nobody_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as once:
        once.setattr(first_response, "read_danger", _reads_perhaps)
        company.cry("ana", "some days I wonder what for")
    assert not _judged(stage)
    _does(monkeypatch, "raise_alarm", lambda _ctx: ActionResult("said"))
    stage[0].move_to(stage[0].clock.now() + dt.timedelta(hours=3))
    assert _judged(stage) == {"heard"}


def _reads_perhaps(_words: str, _language: str | None = None) -> DangerReading:
    return DangerReading("perhaps", "self_harm", 0.0, None)


# Consent, and what is no answer.


def _takes_anything(outcome: str) -> Callable[..., Reading]:
    """A reader that takes what it does not understand for this."""

    def guess(*args: Any, **kwargs: Any) -> Reading:
        found = read(*args, **kwargs)
        return Reading(outcome) if found.outcome == "unclear" else found

    return guess


def _ask_the_promise(stage: Stage) -> None:
    world = stage[0]
    with world.database.write() as session:
        ana = next(person.id for person in session.scalars(select(Person)) if person.name == "Ana")
        session.scalars(select(Member).where(Member.person_id == ana)).one().promised_at = None
    world.start("ana", "promise", {}, "MAPLE")


@pytest.mark.parametrize("words", ["who sees this?", "how much does it cost", "I am 16"])
def test_what_is_no_plain_answer_is_no_promise(stage: Stage, company: Company, words: str) -> None:
    _ask_the_promise(stage)
    _writes(company, "ana", Written(words, meant="asks"), _open(stage))
    assert "consent" not in _judged(stage)


def test_a_question_that_counts_as_a_promise_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "read", _takes_anything("agree"))
    _ask_the_promise(stage)
    _writes(company, "ana", Written("what do you mean by host", meant="asks"), _open(stage))
    assert _judged(stage) == {"consent"}


@pytest.mark.parametrize(("outcome", "broken"), [("shared", False), ("alone", True)])
def test_only_the_safe_side_may_be_read_out_of_a_sentence(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch, outcome: str, broken: bool
) -> None:
    stage[0].start("ana", "onboarding", {}, "MAPLE")
    for answer in ("Ana", "1", "Austin, evenings"):
        company.say("ana", answer)
    monkeypatch.setattr(answers, "read", _takes_anything(outcome))
    _writes(company, "ana", Written("I have 2 dogs and a silver kite", meant="aside"), _open(stage))
    assert ("consent" in _judged(stage)) == broken


@pytest.mark.parametrize("meant", ["again", "half", "changes", "takes_back", "crossing"])
def test_a_text_that_answers_the_wrong_question_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch, meant: str
) -> None:
    monkeypatch.setattr(crossing, "look", lambda _context: crossing.Crossing())
    stage[0].start("ana", "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
    question = _open(stage) if meant == "crossing" else -1
    _writes(company, "ana", Written("a good week, and then some more of it", meant=meant), question)
    assert _judged(stage) == {"consent"}


def test_a_text_that_crossed_with_a_question_and_one_delivered_twice_break_nothing(
    stage: Stage, company: Company
) -> None:
    stage[0].start("ana", "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
    asked = _open(stage)
    _writes(company, "ana", Written("we are all well here", meant="crossing"), asked)
    company.say("ana", "SKIP")
    _writes(company, "ana", Written("SKIP", meant="again"), asked)
    assert not _judged(stage)


# Private words, and words taken back.


@pytest.mark.parametrize("guesses", [False, True])
def test_words_that_were_held_and_go_to_the_circle_on_a_guess_are_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch, guesses: bool
) -> None:
    if guesses:
        monkeypatch.setattr(answers, "read", _takes_anything("circle"))
    _writes(company, "ana", Written("my green ladder fell over today", "green ladder"))
    _writes(company, "ana", Written("it depends on the silver kite", "silver kite", meant="aside"))
    for said in ("1", "1") if guesses else ("4",):
        company.say("ana", said)
    stage[0].move_to(stage[0].clock.now() + dt.timedelta(minutes=1))
    company.say("rosa", "READ")
    assert _judged(stage) == ({"eyes", "consent"} if guesses else set())


def test_words_that_were_taken_back_and_still_come_are_seen(stage: Stage, company: Company) -> None:
    _writes(company, "ana", Written("my green ladder", "green ladder", "circle", "MAPLE"))
    _queue(stage, "rosa", "Ana: my green ladder", "notices/shared")
    assert not _judged(stage)
    _writes(company, "ana", Written("DELETE", meant="takes_back"))
    _queue(stage, "luz", "Ana: my green ladder", "notices/shared")
    assert _judged(stage) == {"taken"}


def test_leaving_that_was_undone_and_happens_all_the_same_is_seen(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    _does(monkeypatch, "undo", lambda _ctx: ActionResult("nothing"))
    season_partings.leave_and_stay(company, company.actors["ana"])
    while company.agenda.next is not None:
        stage[0].move_to(company.agenda.next)
        company.agenda.act()
    assert "taken" in _judged(stage)


# Said twice.


@pytest.mark.parametrize(
    ("hours", "wording", "broken"),
    [(3, "season_close/round/say", True), (72, "season_close/round/say", False), (3, "notices/relay", False)],
)
def test_the_same_text_twice_running_is_seen(stage: Stage, hours: int, wording: str, broken: bool) -> None:
    world = stage[0]
    _queue(stage, "ana", "Hello there", wording)
    world.move_to(world.clock.now() + dt.timedelta(hours=hours))
    world.text("ana", "thank you!")
    _queue(stage, "ana", "Hello there", wording)
    assert ("echo" in _judged(stage)) is broken
