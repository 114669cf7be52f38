"""Photos and voice notes: with words to whoever may read those, as long as they are kept, and no one else."""

from __future__ import annotations

import asyncio
import datetime as dt
from base64 import b64decode
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.circles.seasons.retention import erase_circle
from assistant.conversations.media.media_fetching import PAUSES, fetch_waiting
from assistant.delivery.media_links import LIVES, fetch
from assistant.media.cleaning import clean
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.simulation.world_phones import approve_templates, let_text_by, speak
from assistant.store.tables import Circle, Inbox, Media, Outbox, Receipt
from tests.media.recordings import PLACE, boxed_voice, photo

START = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
BOOK = read_flows()
MEXICAN = "+525512345678"


@pytest.fixture
def world() -> Iterator[World]:
    with World(BOOK, start=START) as world:
        world.numbers["sol"] = MEXICAN
        world.circle("MAPLE", "Bold Moves", state="running")
        for name in ("ana", "bea", "sol"):
            world.member(name, "MAPLE")
        world.role("luz", "host", "MAPLE")
        yield world


def send_photo(
    world: World, name: str, words: str = "", data: bytes | None = None, called: str = "image/jpeg"
) -> list[str]:
    """A phone sends a photo; what its owner hears."""
    url = f"https://api.twilio.com/photo/{len(world.carrier.media)}"
    world.carrier.media[url] = photo() if data is None else data
    since = len(world.heard)
    world.text(name, words, media=[(url, called)])
    return heard_by(world, name, since)


def heard_by(world: World, name: str, since: int = 0) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


def say(world: World, name: str, words: str) -> list[str]:
    since = len(world.heard)
    world.text(name, words)
    return heard_by(world, name, since)


def share_photo(world: World) -> None:
    """Ana shares a photo with the circle, under her name; the others have yet to hear of it."""
    send_photo(world, "ana", "my garden")
    for words in ("the whole circle", "yes", "1"):
        world.text("ana", words)


def kept(world: World) -> list[tuple[str, bool]]:
    """Of each photo: its state, and whether its bytes are here."""
    with world.database.read() as session:
        rows = session.scalars(select(Media).options(undefer(Media.data)).order_by(Media.id))
        return [(row.state, row.data is not None) for row in rows]


def test_what_is_kept_says_nothing_of_where_it_was_taken(world: World) -> None:
    send_photo(world, "ana")
    with world.database.read() as session:
        row = session.scalars(select(Media).options(undefer(Media.data))).one()
        assert (row.state, row.content_type, row.source) == ("kept", "image/jpeg", None)
        assert PLACE not in b64decode(row.data or "")


def test_a_phone_that_shows_no_photos_gets_the_words_and_its_sender_hears_so(world: World) -> None:
    share_photo(world)
    assert any("Some phones here can't get photos" in each for each in heard_by(world, "ana"))
    assert "Ana: my garden (photo)" in say(world, "sol", "READ")
    assert "Ana: my garden (photo) <photo>" in say(world, "bea", "READ")


def test_a_photo_waits_until_its_reader_has_opened_the_chat_for_no_template_brings_one(world: World) -> None:
    let_text_by(world, "rosa", "whatsapp")
    world.member("rosa", "MAPLE")
    approve_templates(world)
    share_photo(world)
    world.move_to(world.clock.now() + dt.timedelta(days=2))
    heard = heard_by(world, "rosa")
    assert heard
    assert not any("garden" in each for each in heard)
    assert any(each.endswith("Ana: my garden (photo) <photo>") for each in say(world, "rosa", "hi"))


def test_of_several_photos_that_waited_none_is_lost(world: World) -> None:
    let_text_by(world, "rosa", "whatsapp")
    world.member("rosa", "MAPLE")
    approve_templates(world)
    for name in ("ana", "bea"):
        send_photo(world, name, f"{name}'s garden")
        for words in ("the whole circle", "yes", "1"):
            world.text(name, words)
    world.move_to(world.clock.now() + dt.timedelta(days=2))
    heard = "\n".join(say(world, "rosa", "hi"))
    assert [heard.count(each) for each in ("ana's garden", "bea's garden", "<photo>")] == [1, 1, 2]


def test_whoever_it_was_shown_to_has_a_receipt_and_nobody_else(world: World) -> None:
    share_photo(world)
    world.text("bea", "READ")
    with world.database.read() as session:
        shown = session.scalars(select(Outbox).where(Outbox.media.is_not(None))).all()
        texts = {text.id for text in shown}
        read = session.scalars(select(Receipt).where(Receipt.outbox_id.in_(texts))).all()
        assert len(texts) == 1
        assert {receipt.reader_id for receipt in read} == {text.person_id for text in shown}
    assert any("1 person" in each for each in say(world, "ana", "WHO"))


def test_what_is_taken_back_goes_from_every_row_and_from_texts_on_their_way(world: World) -> None:
    share_photo(world)
    world.text("ana", "DELETE")
    assert kept(world) == [("gone", False)]
    assert not any("garden" in each or "<photo>" in each for each in say(world, "bea", "READ"))


def test_whoever_is_forgotten_leaves_no_photo(world: World) -> None:
    share_photo(world)
    world.text("ana", "ERASE ME")
    world.text("ana", "yes")
    world.move_to(world.clock.now() + dt.timedelta(minutes=2))
    assert kept(world) == [("gone", False)]


def test_photos_go_with_the_words_of_a_circle_that_is_over(world: World) -> None:
    share_photo(world)
    with world.database.write() as session:
        circle = session.scalars(select(Circle)).one()
        circle.state = "closed"
        erase_circle(session, circle, world.clock.now())
    assert kept(world) == [("gone", False)]


def test_a_photo_of_which_nobody_said_whom_it_is_for_is_forgotten(world: World) -> None:
    send_photo(world, "ana")
    world.text("ana", "skip")
    world.move_to(world.clock.now() + dt.timedelta(days=3, hours=1))
    world.text("bea", "hello")
    assert kept(world) == [("gone", False)]


def test_without_an_answer_a_photo_is_saved_for_its_sender_as_words_are(world: World) -> None:
    send_photo(world, "ana")
    world.move_to(world.clock.now() + dt.timedelta(days=4))
    assert kept(world) == [("kept", True)]
    assert "(photo) <photo>" in say(world, "ana", "COPY")


def test_what_is_no_photo_is_kindly_refused_and_its_words_are_heard(world: World) -> None:
    heard = send_photo(world, "ana", data=b"MZ this is a program")
    assert len(heard) == 1
    assert "no one has seen it" in heard[0]
    heard = send_photo(world, "ana", "I wrote a song", data=b"MZ this is a program")
    assert "no one has seen it" in heard[0]
    assert heard[1].startswith("Who is that for?")
    assert kept(world) == [("refused", False)] * 2


def test_what_it_is_called_counts_for_nothing(world: World) -> None:
    sent = [
        (photo(kind="HEIF"), "image/heic", "(photo)"),
        (boxed_voice(), "video/mp4", "(voice note)"),
        (boxed_voice(), "application/octet-stream", "(voice note)"),
        (photo(), "audio/mp4", "(photo)"),
        (boxed_voice(handler=b"vide"), "audio/mp4", "can't pass on videos"),
        (PLACE, "text/vcard", "not this kind of file"),
    ]
    for data, called, said in sent:
        heard = " ".join(send_photo(world, "ana", data=data, called=called))
        if said.startswith("("):
            assert "Who is that for?" in heard, called
            assert f"'{said}' OK?" in " ".join(say(world, "ana", "the whole circle")), called
            world.text("ana", "no")
        else:
            assert said in heard, called


def test_a_photo_that_is_too_large_is_kindly_refused(world: World) -> None:
    (heard,) = send_photo(world, "ana", data=b"\xff\xd8\xff" + bytes(6_000_000))
    assert "too big" in heard


def test_what_the_carrier_does_not_have_yet_is_tried_again_and_given_up_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_url: str, _most: int) -> bytes:
        raise CarrierError(Trouble.RETRY)

    monkeypatch.setattr(world.carrier, "fetch_media", fails)
    assert send_photo(world, "ana") == []
    for pause in PAUSES:
        assert kept(world) == [("wanted", False)]
        world.move_to(world.clock.now() + pause)
        assert fetch_waiting(world.services, asyncio.run, clean) == 0  # the world itself has tried by now
    assert kept(world) == [("refused", False)]
    assert "couldn't open" in heard_by(world, "ana")[-1]


def test_a_voice_is_either_words_or_a_voice_and_the_rest_is_forgotten(world: World) -> None:
    for answer, state in (("1", ("gone", False)), ("2", ("kept", True))):
        world.text("ana", "", media=[speak(world, "I finally called them")])
        world.text("ana", answer)
        assert kept(world)[-1] == state


def test_whoever_has_not_promised_or_is_in_an_alert_gets_todays_refusal(world: World) -> None:
    world.text("ana", "I want to kill myself")
    world.text("ana", "", media=[("", "image/jpeg")])
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Media)) == 0


def test_a_photo_that_arrives_while_someone_is_in_need_asks_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = world.carrier.fetch_media

    async def fails(_url: str, _most: int) -> bytes:
        raise CarrierError(Trouble.RETRY)

    monkeypatch.setattr(world.carrier, "fetch_media", fails)
    send_photo(world, "ana")
    monkeypatch.setattr(world.carrier, "fetch_media", found)
    heard = say(world, "ana", "I want to kill myself")
    world.move_to(world.clock.now() + dt.timedelta(minutes=2))
    assert kept(world) == [("kept", True)]
    assert not any("Who is that for" in each for each in [*heard, *heard_by(world, "ana")])


def test_a_text_that_brought_a_photo_is_heard_once(world: World) -> None:
    send_photo(world, "ana", "hello all")
    with world.database.read() as session:
        text = session.scalars(select(Inbox)).one()
        assert (text.state, text.body) == ("done", "hello all")
        asked = session.scalars(select(Outbox).where(Outbox.inbox_id == text.id)).all()
        assert len(asked) == 1


# Links


@pytest.fixture
def link(world: World) -> tuple[World, str, int]:
    """A photo that the carrier has in hand for Bea: the name of its link, and the text."""
    share_photo(world)
    world.text("bea", "READ")
    message = next(each for each in world.local.messages() if each.media and each.direction != "inbound")
    name = message.media[0].url.rpartition("/")[2]
    number = int(name.split("-")[0])
    with world.database.write() as session:
        session.get_one(Outbox, number).state = "sent"
    return world, name, number


def opens(world: World, name: str, after: dt.timedelta = dt.timedelta()) -> bool:
    with world.database.read() as session:
        found = fetch(session, world.services.identity.key, name, world.services.clock.real() + after)
    return found is not None and found.content_type == "image/jpeg" and found.data.startswith(b"\xff\xd8\xff")


def test_a_link_opens_while_the_carrier_has_the_text_in_hand(link: tuple[World, str, int]) -> None:
    world, name, number = link
    assert opens(world, name)
    for state in ("queued", "done", "failed", "cancelled", "dropped"):
        with world.database.write() as session:
            session.get_one(Outbox, number).state = state
        assert not opens(world, name), state


def test_a_link_is_dead_within_a_day(link: tuple[World, str, int]) -> None:
    world, name, _ = link
    assert dt.timedelta(days=1) > LIVES
    assert opens(world, name, LIVES - dt.timedelta(minutes=5))
    assert not opens(world, name, LIVES)


def test_a_link_is_for_one_photo_of_one_text_and_cannot_be_changed(link: tuple[World, str, int]) -> None:
    world, name, number = link
    text, media, until, mark = name.removesuffix(".jpg").split("-")
    send_photo(world, "sol")
    others = [
        f"{number + 1}-{media}-{until}-{mark}.jpg",
        f"{text}-{int(media) + 1}-{until}-{mark}.jpg",
        f"{text}-{media}-{int(until) + 9}-{mark}.jpg",
        f"{text}-{media}-{until}-{'0' * 32}.jpg",
        f"{text}-{media}.jpg",
        "",
    ]
    assert not any(opens(world, other) for other in others)


def test_a_link_to_what_was_taken_back_is_dead(link: tuple[World, str, int]) -> None:
    world, name, _ = link
    world.text("ana", "DELETE")
    assert not opens(world, name)
