"""One text, one move: what is done with each kind of text, and in which order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import ACTIONS, Action
from assistant.circles.people import consent
from assistant.conversations import timers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import Place, Turn
from assistant.engine.loading import load
from assistant.engine.movement import silence
from assistant.runtime import known
from assistant.simulation.world import TYPING, World
from assistant.store.tables import (
    Address,
    Alert,
    Answer,
    Conversation,
    FlowVersion,
    Inbox,
    Outbox,
    Question,
    Timer,
)

TOUR = """
flow = "tour"
title = "A short tour"
start = "colour"

[colour]
say.en = "What is your favourite colour? (Just us.)"
say.es = "¿Cuál es tu color favorito? (Queda aquí.)"
expect = "choice"
visible_to = "us"
save_as = "colour"
unclear.en = "Red or blue?"
unclear.es = "¿Rojo o azul?"
go = { red = "why", blue = "why", skip = "end" }
silence = [
  { after = "24 hours", say.en = "Still there?", say.es = "¿Sigues ahí?" },
  { after = "2 days", go = "rest" },
]

[colour.choices]
red = { en = ["red"], es = ["rojo"] }
blue = { en = ["blue"], es = ["azul"] }

[rest]
say.en = "Another time, then."
say.es = "En otro momento."

[why]
say.en = "Why? (The circle sees this.)"
say.es = "¿Por qué? (El círculo lo ve.)"
expect = "text"
visible_to = "circle"
save_as = "why"
unclear.en = "In a few words?"
unclear.es = "¿En pocas palabras?"
go = "pause"

[pause]
say.en = "Thank you."
say.es = "Gracias."
go = "sleep"

[sleep]
wait = "2 hours"
go = "again"

[again]
say.en = "Would you like another tour? (Just us.)"
say.es = "¿Otra vuelta? (Queda aquí.)"
expect = "yes_no"
visible_to = "us"
unclear.en = "Yes or no?"
unclear.es = "¿Sí o no?"
go = { yes = "colour", no = "bye" }

[bye]
say.en = "Goodbye."
say.es = "Adiós."
"""

ASIDE = """
flow = "aside"
title = "Something in between"
start = "number"

[number]
say.en = "A number from 1 to 5? (Just us.)"
say.es = "¿Un número del 1 al 5? (Queda aquí.)"
expect = "number 1-5"
visible_to = "us"
unclear.en = "A number, please."
unclear.es = "Un número, por favor."
go = "thanks"

[thanks]
say.en = "Noted."
say.es = "Anotado."
"""

BROKEN = """
flow = "broken"
title = "One that raises"
start = "fail"

[fail]
do = "fail_on_purpose"
go = "end"
"""

COMMANDS = """
flow = "commands"
title = "Commands"

[tour]
words.en = ["tour"]
words.es = ["paseo"]
who = "anyone"
starts = "tour"
interrupts = true

[aside]
words.en = ["aside"]
words.es = ["aparte"]
who = "anyone"
starts = "aside"
interrupts = true

[mild]
words.en = ["mildly"]
words.es = ["poquito"]
who = "anyone"
starts = "aside"

[broken]
words.en = ["break"]
words.es = ["romper"]
who = "anyone"
starts = "broken"
interrupts = true

[hosts_only]
words.en = ["checkin"]
words.es = ["revisar"]
who = "host"
starts = "aside"
interrupts = true
"""

NOTICES = "\n".join(
    ['flow = "notices"', 'title = "Notices"']
    + [
        f'[{name}]\nsay.en = "<{name}>"\nsay.es = "<{name} es>"'
        for name in (
            "opted_out",
            "opted_in",
            "help",
            "stranger",
            "no_question",
            "media_only",
            "trouble",
            "set_aside_host",
            "help_here",
            "maybe_stop",
            "wrong_number",
            "number_changed",
            "way_out",
            "example_choice",
            "example_text",
        )
    ]
    + ['[crossed]\nsay.en = "Our texts crossed."\nsay.es = "Se cruzaron."']
    + ['[did_you_mean]\nsay.en = "Did you mean {said}?"\nsay.es = "¿Quisiste decir {said}?"']
)

AT_ONCE = dt.timedelta(0)
START = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
COLOUR = "What is your favourite colour? (Just us.)"


def fail_on_purpose(_scene: ActionContext) -> ActionResult:
    raise RuntimeError("on purpose")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(
        ACTIONS, "fail_on_purpose", Action("fail_on_purpose", frozenset({"done"}), fail_on_purpose)
    )
    flows = tmp_path / "flows"
    flows.mkdir()
    files = {"tour": TOUR, "aside": ASIDE, "broken": BROKEN, "commands": COMMANDS, "notices": NOTICES}
    for name, text in files.items():
        (flows / f"{name}.toml").write_text(text, "utf-8")
    return flows


@pytest.fixture
def book(folder: Path) -> FlowBook:
    return load(folder, known())


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    with World(book, start=START) as world:
        world.circle("MAPLE", "Bold Moves")
        world.role("luz", "host", "MAPLE")
        yield world


def says(world: World, name: str, words: str, after: dt.timedelta = TYPING) -> list[str]:
    """Return what reaches the person's phone after they text this."""
    world.move_to(world.clock.now() + after)
    index = len(world.heard)
    world.text(name, words, after=AT_ONCE)
    return [heard.body for heard in world.heard_since(index) if heard.to == world.number(name)]


def hears(world: World, name: str, span: dt.timedelta) -> list[str]:
    """Return what reaches the person's phone while time passes."""
    index = len(world.heard)
    world.move_to(world.clock.now() + span)
    return [heard.body for heard in world.heard_since(index) if heard.to == world.number(name)]


def test_a_reply_moves_the_conversation_and_the_next_question_comes(world: World) -> None:
    assert says(world, "ana", "tour") == [COLOUR]
    assert says(world, "ana", "blue I think") == ["Why? (The circle sees this.)"]
    assert says(world, "ana", "like the sea") == ["Thank you."]


def test_the_answer_is_kept_with_who_may_see_it(world: World) -> None:
    for words in ("tour", "red", "it is warm"):
        world.text("ana", words)
    with world.database.read() as session:
        kept = session.scalars(select(Answer).order_by(Answer.id)).all()
    assert [(one.key, one.outcome, one.words, one.visible_to) for one in kept] == [
        ("colour", "red", "red", "us"),
        ("why", "text", "it is warm", "circle"),
    ]


def test_what_cannot_be_read_is_asked_about_and_changes_nothing(world: World) -> None:
    world.text("ana", "tour")
    assert says(world, "ana", "hmm") == ["Red or blue?"]
    assert says(world, "ana", "blue") == ["Why? (The circle sees this.)"]


def test_after_many_unclear_replies_it_stops_repeating_itself_but_still_listens(world: World) -> None:
    world.text("ana", "tour")
    told = [says(world, "ana", "z" * number) for number in range(3, 9)]
    assert told == [["Red or blue?"], ["<example_choice>"], ["<way_out>"], [COLOUR], [], []]
    assert says(world, "ana", "red") == ["Why? (The circle sees this.)"]


def test_the_same_text_twice_moves_it_once(world: World) -> None:
    world.text("ana", "tour")
    blue = IncomingText(
        "SMsame", f"sms:{world.number('ana')}", "sms:+14155550100", "blue", {}, world.clock.now()
    )
    index = len(world.heard)
    for _ in range(3):
        with world.database.write() as session:
            insert_texts(session, [blue, blue])
        world.settle()
    assert [heard.body for heard in world.heard_since(index)] == ["Why? (The circle sees this.)"]


def test_two_quick_replies_are_taken_in_order(world: World) -> None:
    world.text("ana", "tour")
    world.clock.move_to(world.clock.now() + TYPING)
    index = len(world.heard)
    with world.database.write() as session:
        for number, body in enumerate(("blue", "because")):
            session.add(
                Inbox(
                    carrier_id=f"quick{number}",
                    from_uri=f"sms:{world.number('ana')}",
                    to_uri="sms:+14155550100",
                    body=body,
                    params={},
                    received_at=world.clock.now() + dt.timedelta(seconds=number),
                )
            )
    world.move_to(world.clock.now() + dt.timedelta(minutes=2))
    assert [heard.body for heard in world.heard_since(index)] == [
        "Why? (The circle sees this.)",
        "Our texts crossed.",
        "Why? (The circle sees this.)",
    ], "the second is no answer to what the first one led to"


def test_a_wait_goes_on_when_its_time_has_come(world: World) -> None:
    for words in ("tour", "red", "warm"):
        world.text("ana", words)
    with world.database.write() as session:
        address = session.scalars(select(Address).where(Address.uri == f"sms:{world.number('ana')}")).one()
        consent.agree(session, address.id, world.services.identity.sender, "yes please", "text", START)
    assert hears(world, "ana", dt.timedelta(hours=1)) == []
    assert hears(world, "ana", dt.timedelta(hours=2)) == ["Would you like another tour? (Just us.)"]


def test_silence_says_its_word_then_goes_its_way(world: World) -> None:
    world.text("ana", "START")
    world.text("ana", "tour")
    assert hears(world, "ana", dt.timedelta(hours=30)) == ["Still there?"]
    assert hears(world, "ana", dt.timedelta(hours=30)) == ["Another time, then."]


def test_a_silence_that_fails_does_not_keep_the_next_from_coming(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(book: FlowBook, place: Place, index: int) -> Turn:
        if index == 0:
            raise RuntimeError("its words cannot be said")
        return silence(book, place, index)

    world.text("ana", "START")
    world.text("ana", "tour")
    monkeypatch.setattr(timers, "silence", failing)
    assert hears(world, "ana", dt.timedelta(hours=30)) == []
    assert hears(world, "ana", dt.timedelta(hours=30)) == ["Another time, then."]


def test_a_silence_that_fails_once_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def failing_once(book: FlowBook, place: Place, index: int) -> Turn:
        # The first is for all together, the second for each by itself.
        tries.append(index)
        if tries.count(1) in (1, 2):
            raise RuntimeError("not now")
        return silence(book, place, index)

    world.text("ana", "START")
    world.text("ana", "tour")
    hears(world, "ana", dt.timedelta(hours=30))
    monkeypatch.setattr(timers, "silence", failing_once)
    assert hears(world, "ana", dt.timedelta(hours=30)) == ["Another time, then."]


def test_a_late_answer_still_finds_its_question(world: World) -> None:
    world.text("ana", "START")
    world.text("ana", "tour")
    hears(world, "ana", dt.timedelta(days=4))
    assert says(world, "ana", "blue") == ["Why? (The circle sees this.)"]


def test_who_opted_out_is_not_nudged(world: World) -> None:
    world.text("ana", "tour")
    assert says(world, "ana", "please stop texting me") == ["<opted_out>"]
    assert hears(world, "ana", dt.timedelta(days=4)) == []


def test_an_opt_out_that_is_heard_late_is_obeyed_without_a_word(world: World) -> None:
    index = len(world.heard)
    world.receive("ana", "please stop texting me", world.clock.now() - dt.timedelta(minutes=2))
    assert world.heard_since(index) == []
    assert says(world, "ana", "tour") == []


def test_where_the_carrier_answers_stop_we_do_not(world: World) -> None:
    world.text("ana", "tour")
    index = len(world.heard)
    world.text("ana", "STOP")
    assert [heard.by_carrier for heard in world.heard_since(index)] == [True]


def test_any_text_after_stop_is_not_an_opt_in(world: World) -> None:
    for words in ("tour", "please stop texting me"):
        world.text("ana", words)
    assert says(world, "ana", "blue") == []
    assert says(world, "ana", "tour") == []


def test_start_asks_the_open_question_again(world: World) -> None:
    for words in ("tour", "please stop texting me"):
        world.text("ana", words)
    assert says(world, "ana", "text me again") == ["<opted_in>", COLOUR]


@pytest.mark.parametrize(("words", "ours"), [("please stop texting me", 1), ("STOP", 0)])
def test_whoever_comes_back_hears_so_once_from_whoever_had_stopped(
    world: World, words: str, ours: int
) -> None:
    for each in ("tour", words):
        world.text("ana", each)
    index = len(world.heard)
    told = says(world, "ana", "START")
    assert told.count("<opted_in>") == ours
    assert told[-1] == COLOUR
    assert [heard.by_carrier for heard in world.heard_since(index)] == [not ours, False]


def test_what_was_queued_before_stop_never_leaves(world: World) -> None:
    world.text("ana", "START")
    world.text("ana", "tour")
    world.services.database.close()
    with world.database.write() as session:
        address = session.scalars(select(Address).where(Address.uri == f"sms:{world.number('ana')}")).one()
        session.add(
            Outbox(
                person_id=address.person_id,
                address_id=address.id,
                to_uri=address.uri,
                sender=world.services.identity.sender,
                body="later",
                segments=1,
                purpose="prompt",
                priority=2,
                created_at=START,
                not_before=START + dt.timedelta(hours=1),
            )
        )
    world.text("ana", "please stop texting me")
    assert hears(world, "ana", dt.timedelta(days=1)) == []
    with world.database.read() as session:
        queued = next(text for text in session.scalars(select(Outbox)) if text.body == "later")
    assert (queued.state, queued.reason) == ("cancelled", "opted out")


def test_help_is_answered_and_the_question_stays(world: World) -> None:
    world.text("ana", "tour")
    assert says(world, "ana", "HELP") == ["<help>", "Red or blue?"]
    assert says(world, "ana", "red") == ["Why? (The circle sees this.)"]


def test_a_command_with_a_question_sets_the_open_one_aside_and_comes_back_to_it(world: World) -> None:
    world.text("ana", "tour")
    assert says(world, "ana", "aside") == ["A number from 1 to 5? (Just us.)"]
    assert says(world, "ana", "3") == ["Noted.", COLOUR]
    assert says(world, "ana", "red") == ["Why? (The circle sees this.)"]


def test_a_mild_command_does_not_fire_inside_an_answer(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "mildly") == ["Thank you."]


def test_a_mild_command_is_obeyed_where_it_answers_nothing(world: World) -> None:
    world.text("ana", "tour")
    assert says(world, "ana", "mildly") == ["A number from 1 to 5? (Just us.)"]


def test_a_command_without_the_right_is_an_ordinary_text(world: World) -> None:
    assert says(world, "ana", "checkin") == ["<stranger>"]
    assert says(world, "luz", "checkin") == ["A number from 1 to 5? (Just us.)"]


def test_a_near_miss_is_offered_back(world: World) -> None:
    assert says(world, "luz", "chekin") == ["Did you mean CHECKIN?"]


def test_a_stranger_hears_who_we_are_once_a_day(world: World) -> None:
    assert says(world, "omar", "hello?") == ["<stranger>"]
    assert says(world, "omar", "hello??") == []
    world.move_to(world.clock.now() + dt.timedelta(days=2))
    assert says(world, "omar", "hello???") == ["<stranger>"]


def test_a_tapback_is_not_an_answer(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "Liked “Why? (The circle sees this.)”") == []
    assert says(world, "ana", "warm") == ["Thank you."]


def test_a_machine_that_answers_us_is_not_answered_for_ever(world: World) -> None:
    told = [says(world, "omar", "aside" if number % 2 else "tour", AT_ONCE) for number in range(40)]
    assert all(told[:30])
    assert not any(told[30:])


def test_a_text_that_fails_is_tried_three_times_then_set_aside_and_blocks_nobody(world: World) -> None:
    index = len(world.heard)
    world.text("ana", "break")
    world.text("rosa", "tour")
    for _ in range(3):
        world.move_to(world.clock.now() + dt.timedelta(seconds=10))
    assert [heard.body for heard in world.heard_since(index)] == [COLOUR, "<trouble>"]
    with world.database.read() as session:
        failed = next(text for text in session.scalars(select(Inbox)) if text.body == "break")
        alerts = session.scalars(select(Alert)).all()
    assert (failed.state, failed.attempts, failed.reason) == ("set_aside", 3, "RuntimeError")
    assert [(alert.kind, alert.inbox_id) for alert in alerts] == [("set_aside", failed.id)]
    assert says(world, "ana", "tour") == [COLOUR]


def test_a_next_text_waits_for_the_one_that_is_tried_again_but_stop_does_not(world: World) -> None:
    world.text("ana", "break")
    assert says(world, "ana", "tour", AT_ONCE) == []
    assert says(world, "ana", "please stop texting me", AT_ONCE) == ["<opted_out>"]


def test_in_flight_movement_is_pinned_while_wording_is_todays(world: World, folder: Path) -> None:
    world.text("ana", "tour")
    changed = TOUR.replace('go = { red = "why"', 'go = { red = "bye"')
    changed = changed.replace("Why? (The circle sees this.)", "How come? (The circle sees this.)")
    (folder / "tour.toml").write_text(changed, "utf-8")
    newer = load(folder, known())
    world.services = replace(world.services, book=newer)
    assert says(world, "ana", "red") == ["How come? (The circle sees this.)"]
    assert says(world, "rosa", "paseo") == [COLOUR]
    assert says(world, "rosa", "red") == ["Goodbye."]
    with world.database.read() as session:
        versions = session.scalars(select(FlowVersion).where(FlowVersion.flow == "tour")).all()
    assert len(versions) == 2


def test_a_due_question_does_not_talk_over_one_just_asked(world: World) -> None:
    world.text("ana", "START")
    for words in ("tour", "red", "warm"):
        world.text("ana", words)
    world.move_to(world.clock.now() + dt.timedelta(hours=1))
    world.text("ana", "aside")
    assert hears(world, "ana", dt.timedelta(hours=2)) == []
    assert says(world, "ana", "4") == ["Noted."]
    assert hears(world, "ana", dt.timedelta(hours=3)) == ["Would you like another tour? (Just us.)"]


def test_one_question_is_open_at_most(world: World) -> None:
    for words in ("tour", "aside", "tour", "aside"):
        world.text("ana", words)
    with world.database.read() as session:
        states = session.scalars(select(Question.state)).all()
    assert states.count("open") == 1


def test_what_ended_leaves_no_timer_behind(world: World) -> None:
    world.text("ana", "tour")
    world.text("ana", "skip")
    with world.database.read() as session:
        assert session.scalar(select(func.count()).where(Timer.done_at.is_(None))) == 0
        assert session.scalars(select(Conversation)).one().ended_at is not None


def marked(world: World, name: str, words: str, kind: str) -> list[str]:
    """Return what reaches a phone after a text that the carrier has marked as a keyword of its own."""
    index, number = len(world.heard), world.number(name)
    text = IncomingText(
        f"SM{words}{index}",
        f"sms:{number}",
        "sms:+14155550100",
        words,
        {"OptOutType": kind},
        world.clock.now(),
    )
    with world.database.write() as session:
        insert_texts(session, [text])
    world.settle()
    return [heard.body for heard in world.heard_since(index) if heard.to == number]


def test_a_yes_that_the_carrier_marks_as_an_opt_in_answers_the_question(world: World) -> None:
    for words in ("START", "tour", "red", "warm"):
        world.text("ana", words)
    assert hears(world, "ana", dt.timedelta(hours=3)) == ["Would you like another tour? (Just us.)"]
    assert marked(world, "ana", "YES", "START") == [COLOUR]


def test_a_yes_that_the_carrier_marks_lets_in_who_is_out(world: World) -> None:
    world.text("ana", "tour")
    world.text("ana", "please stop texting me")
    assert marked(world, "ana", "YES", "START") == [COLOUR]


def test_a_reaction_in_any_language_that_quotes_our_text_is_no_answer(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "Понравилось «Why? (The circle sees this.)»") == []
    assert says(world, "ana", "like «the sea»") == ["Thank you."]


def test_what_may_be_an_opt_out_is_asked_about_once(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "Cancel my membership") == ["<maybe_stop>"]
    assert says(world, "ana", "Cancel my membership") == ["Thank you."]


def test_a_question_mark_puts_the_question_in_other_words(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "??") == ["In a few words?"]
    assert says(world, "ana", "what?") == ["<example_text>"]


def test_a_wrong_number_ends_everything_and_shares_nothing(world: World) -> None:
    for words in ("tour", "red"):
        world.text("ana", words)
    assert says(world, "ana", "This is not Ana's number anymore, I'm Bob") == ["<wrong_number>"]
    with world.database.read() as session:
        assert session.scalars(select(Answer.key)).all() == ["colour"]


def test_remove_alone_is_an_opt_out_of_whoever_hosts_nothing(world: World) -> None:
    assert says(world, "ana", "REMOVE") == ["<opted_out>"]
