"""Who may read what a persona wrote follows from what was shown and chosen, and from nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from assistant.simulation.acting import Company
from assistant.simulation.habits import Written
from assistant.simulation.personas import Voice
from assistant.simulation.word_ledger import Meant, Secret
from assistant.simulation.world import World
from assistant.store.tables import Question
from tests.simulation.conftest import Stage

HELD = "a purple teapot came today"


def _asked(world: World) -> Question:
    with world.database.read() as session:
        return session.scalars(select(Question).where(Question.state == "open")).one()


def _held(stage: Stage) -> Secret:
    ledger = stage[1].ledger
    return next(each for each in ledger.secrets if each.words == "purple teapot")


def _holds(stage: Stage) -> World:
    world, watcher, _, _ = stage
    watcher.ledger.note("ana", Written(HELD, "purple teapot"))
    world.text("ana", HELD)
    return world


def test_what_a_host_reads_was_shown_and_said_yes_to(stage: Stage) -> None:
    world, ledger = _holds(stage), stage[1].ledger
    ledger.give("ana", _asked(world).id, "host", "MAPLE")
    assert _held(stage).visible_to == "us", "it is shown first"
    world.text("ana", "Luz")
    shown, question = world.heard[-1].body, _asked(world)
    assert question.step == "sure_host"
    ledger.agree("ana", question.id, "MAPLE", read="Just one of these", plain=False)
    assert _held(stage).visible_to == "us", "what nobody was shown, nobody can agree to"
    ledger.agree("ana", question.id, "MAPLE", read=shown, plain=False)
    assert (_held(stage).visible_to, _held(stage).code) == ("host", "MAPLE")


def test_what_has_grown_is_for_its_reader_once_it_was_shown_whole(stage: Stage) -> None:
    world, ledger = _holds(stage), stage[1].ledger
    world.text("ana", "and more")
    ledger.give("ana", _asked(world).id, "writer:2", "MAPLE")
    assert (_held(stage).visible_to, _held(stage).to) == ("us", "")


@pytest.mark.parametrize(("writes", "visible_to"), [("", "save"), ("maybe", "us")])
def test_a_choice_that_a_habit_replaced_was_not_made(
    stage: Stage, company: Company, monkeypatch: pytest.MonkeyPatch, writes: str, visible_to: str
) -> None:
    _holds(stage)
    actor = company.actors["ana"]
    asked, sees, code = company._asked(actor)
    assert asked is not None
    choice = str(asked.keys.index("save") + 1)
    monkeypatch.setattr(Voice, "answer", lambda *_: (choice, ""))
    said = Written(writes or choice)
    monkeypatch.setattr(type(company.habits), "bend", lambda *_: [said])
    company._answer(actor, asked, sees, code)
    assert _held(stage).visible_to == visible_to


@pytest.mark.parametrize(("said", "gone"), [("a purple teapot", False), ("another thing", True)])
def test_what_the_service_said_stays_was_not_taken_back(stage: Stage, said: str, gone: bool) -> None:
    world, ledger = _holds(stage), stage[1].ledger
    ledger.meant["SM1"] = Meant("ana", HELD, world.clock.now(), "answer")
    ledger.take_back("ana")
    assert _held(stage).taken_back
    ledger.stays("ana", f"What you said before that stays: '{said}'. DELETE takes it back, too.")
    assert _held(stage).taken_back is gone


@pytest.mark.parametrize(
    ("shown", "gone"), [(f"I'd ask: '{HELD}' 1 with my name", False), ("Who? 1 Luz", True)]
)
def test_what_is_shown_once_more_and_said_yes_to_is_not_taken_back(
    stage: Stage, shown: str, gone: bool
) -> None:
    _holds(stage)
    ledger = stage[1].ledger
    ledger.forget("ana")
    ledger.says_yes_to("ana", shown)
    assert _held(stage).taken_back == gone


def test_what_may_go_to_another_may_still_be_read_by_whom_it_named(stage: Stage) -> None:
    world, watcher, _, _ = stage
    watcher.ledger.note(
        "ana", Written("For Rosa: a purple teapot", "purple teapot", "buddy", "MAPLE", "rosa")
    )
    watcher.ledger.release("ana")
    with world.database.read() as session:
        secret, now = _held(stage), world.clock.now()
        assert watcher.ledger.may_read(session, secret, "rosa", now)
        assert not watcher.ledger.may_read(session, secret, "zoe", now)
