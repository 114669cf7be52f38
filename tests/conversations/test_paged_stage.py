"""Words go between someone an alert is about and whoever is paged, and nothing but a plain DONE closes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Alert, Answer, Note, Outbox, Share

NIGHT = dt.datetime(2026, 6, 1, 2, 0, tzinfo=ZoneInfo("America/Chicago"))
WORDS = "I want to die"


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    """Ana in MAPLE, which Luz hosts and Eva backs up, has written words of danger; Luz was shown who."""
    with World(book, start=NIGHT) as made:
        made.circle("MAPLE", "Bold Moves", state="running")
        made.role("luz", "host", "MAPLE")
        made.role("eva", "backup", "MAPLE")
        made.member("ana", "MAPLE")
        made.member("rosa", "MAPLE")
        made.text("ana", WORDS)
        made.text("luz", "SHOW")
        yield made


def heard(world: World, name: str) -> list[str]:
    """What came to someone, in order."""
    with world.database.read() as session:
        texts = session.scalars(select(Outbox).order_by(Outbox.id)).all()
        gone = ("cancelled", "dropped", "queued")
        return [
            text.body or ""
            for text in texts
            if text.to_uri.endswith(world.number(name)) and text.state not in gone
        ]


def purposes(world: World, wording: str) -> set[str]:
    with world.database.read() as session:
        return set(session.scalars(select(Outbox.purpose).where(Outbox.wording == wording)))


def open_alerts(world: World) -> int:
    with world.database.read() as session:
        return len(session.scalars(select(Alert).where(Alert.closed_at.is_(None))).all())


@pytest.mark.parametrize(
    "words",
    [
        *(
            "yes",
            "1",
            "ok",
            "done?",
            "¿listo?",
            "is it done",
            "done with dinner",
            "I am not done",
            "not done",
        ),
        *(
            "DONE when I called her",
            "how do I reach her",
            "I will call her tonight",
            "reached",
            "I reached her",
        ),
        *("she is done", "thanks", "👍", "no", "DONE DONE?", "ya casi listo"),
    ],
)
def test_nothing_but_a_plain_done_closes(world: World, words: str) -> None:
    world.text("luz", words)
    assert open_alerts(world) == 1
    assert f"Luz: {words}" not in heard(world, "ana")


@pytest.mark.parametrize("words", ["DONE", "done", "Done.", "done, thank you", "LISTO", "listo gracias"])
def test_a_plain_done_closes(world: World, words: str) -> None:
    world.text("luz", words)
    assert open_alerts(world) == 0


def test_done_of_whoever_has_not_looked_closes_nothing(world: World) -> None:
    world.text("eva", "DONE")
    assert open_alerts(world) == 1


def test_one_takes_it_and_closes_nothing(world: World) -> None:
    world.text("luz", "1")
    assert open_alerts(world) == 1
    assert heard(world, "ana")[-1].startswith("Luz, a person, is here for you now.")


def test_words_go_both_ways_at_night_and_word_for_word(world: World) -> None:
    world.text("luz", "@ I'm here. Where are you?")
    world.text("ana", "on the   bridge... no sé — 💔")
    assert heard(world, "ana")[-2].endswith("I'm here. Where are you?")
    assert heard(world, "luz")[-1] == "Ana: on the   bridge... no sé — 💔"
    assert purposes(world, "notices/from_paged") == purposes(world, "notices/from_member") == {"safety"}


def test_who_it_goes_to_is_always_said(world: World) -> None:
    world.text("luz", "@ I'm here")
    assert "Sent to Ana." in heard(world, "luz")[-1]
    world.text("ana", "thank you")
    world.text("luz", "you are welcome")
    assert heard(world, "luz")[-1] == "Sent to Ana."


def test_whoever_is_only_paged_may_write_at_once(world: World) -> None:
    world.move_to(world.clock.now() + dt.timedelta(minutes=20))
    world.text("eva", "@Ana it's Eva")
    assert heard(world, "ana")[-1] == "Eva: it's Eva"


def test_what_she_writes_before_she_was_told_goes_to_nobody(world: World) -> None:
    world.text("ana", "my secret")
    world.text("luz", "@ I'm here")
    assert not any("my secret" in text for text in heard(world, "luz"))


def test_a_plain_reply_is_offered_first(world: World) -> None:
    world.text("luz", "are you all right")
    assert not any("are you all right" in text for text in heard(world, "ana"))
    world.text("luz", "1")
    assert heard(world, "ana")[-1] == "Luz: are you all right"


def test_words_of_danger_in_her_replies_keep_the_alert_and_are_answered(world: World) -> None:
    world.text("luz", "@ I'm here")
    world.move_to(world.clock.now() + dt.timedelta(minutes=15))
    world.text("ana", WORDS)
    assert f"Ana: {WORDS}" in heard(world, "luz")
    assert any("988" in text for text in heard(world, "ana")[-2:])
    assert open_alerts(world) == 1


def test_the_hosts_own_danger_is_asked_about_and_not_sent(world: World) -> None:
    world.text("luz", "@ I want to die too")
    assert not any("die too" in text for text in heard(world, "ana"))
    world.text("luz", "2")
    assert open_alerts(world) == 2


def test_asking_her_about_danger_is_for_her(world: World) -> None:
    world.text("luz", "@ Are you thinking about killing yourself?")
    assert heard(world, "ana")[-1].endswith("Are you thinking about killing yourself?")
    assert open_alerts(world) == 1


def test_numbers_stay_hidden_until_they_are_given(world: World) -> None:
    world.text("luz", "@ call me at 415 555 2671")
    assert not any("2671" in text for text in heard(world, "ana"))
    world.text("luz", "1")
    assert "2671" in heard(world, "ana")[-1]
    world.text("ana", "mine is +14155552672")
    assert not any("2672" in text for text in heard(world, "luz"))
    world.text("ana", "2")
    assert not any("2672" in text for text in heard(world, "luz"))


def test_her_reply_is_no_answer_for_the_circle(world: World) -> None:
    world.move_to(NIGHT + dt.timedelta(hours=8))
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    world.text("luz", "@ I'm here")
    world.text("ana", "he left me and I can't sleep")
    assert heard(world, "luz")[-1] == "Ana: he left me and I can't sleep"
    with world.database.read() as session:
        kept = [*session.scalars(select(Share)), *session.scalars(select(Note))]
        kept += session.scalars(select(Answer).where(Answer.visible_to == "circle"))
    assert kept == []


def test_stop_in_the_middle_sends_her_nothing_more_and_the_host_hears_so(world: World) -> None:
    world.text("luz", "@ I'm here")
    world.text("ana", "STOP")
    before = heard(world, "ana")
    assert any("Ana has opted out" in text for text in heard(world, "luz"))
    world.text("luz", "@ are you there?")
    world.text("luz", "NUMBER")
    world.text("ana", "leave me alone")
    assert heard(world, "ana") == before
    assert not any("leave me alone" in text for text in heard(world, "luz"))
    assert "don't reach Ana" in heard(world, "luz")[-1]


def test_a_host_who_stops_passes_it_on_at_once(world: World) -> None:
    world.text("luz", "@ I'm here")
    world.text("luz", "STOP")
    world.move_to(world.clock.now() + dt.timedelta(minutes=1))
    assert any(text.startswith("URGENT") for text in heard(world, "eva"))
    world.text("ana", "are you there")
    assert not any("are you there" in text for text in heard(world, "luz"))


def test_the_number_is_given_by_a_plain_yes_alone(world: World) -> None:
    world.text("luz", "can I call her?")
    world.text("ana", "yes but not now")
    number = world.number("ana")
    assert not any(number in text for text in heard(world, "luz"))
    world.text("ana", "yes")
    assert number in heard(world, "luz")[-1]


def test_nobody_else_hears_or_is_heard(world: World) -> None:
    world.text("luz", "@ I'm here")
    world.text("ana", "thank you")
    world.text("rosa", "@Ana hello")
    assert not any("hello" in text for text in heard(world, "ana"))
    assert not any("thank you" in text for text in [*heard(world, "rosa"), *heard(world, "eva")])


def test_a_yes_to_the_host_is_no_answer_to_what_was_asked_before(world: World) -> None:
    world.text("luz", "@ Can you see the bridge?")
    world.text("ana", "yes")
    assert heard(world, "luz")[-1] == "Ana: yes"
    with world.database.read() as session:
        assert session.scalars(select(Answer).where(Answer.key == "safe")).all() == []


def test_what_is_asked_after_the_hosts_words_is_answered_as_ever(world: World) -> None:
    world.text("luz", "@ I'm here")
    world.text("ana", "GOAL")
    world.text("ana", "to be a nurse")
    assert not any("nurse" in text for text in heard(world, "luz"))
