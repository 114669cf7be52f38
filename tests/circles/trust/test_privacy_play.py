"""A week in which words go every way there is: who received each is whom its writer chose, and WHO says so.

Every phrase holds one word that stands nowhere else, so that each can be looked for: on phones, in receipts,
and in every file once its writer has been forgotten.
"""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import redis
from sqlalchemy import select

from assistant.channels.showing import Tap
from assistant.circles.actions.effects import OWN, Line, Tell
from assistant.circles.people import receipts
from assistant.circles.people.consent import fingerprint
from assistant.circles.trust.own_words import own_words
from assistant.circles.trust.traces import forgotten_uris
from assistant.delivery import outbox
from assistant.delivery.spool import Spool
from assistant.engine.book import FlowBook
from assistant.logs import set_up_logs
from assistant.queues import Queues
from assistant.runtime import read_flows
from assistant.simulation.transcript import BEGINNING, play_line
from assistant.simulation.world import World
from assistant.store.tables import (
    Address,
    Answer,
    Consent,
    Erasure,
    Inbox,
    Introduced,
    Listing,
    Note,
    Outbox,
    PendingAction,
    Person,
    Receipt,
    ReportWord,
    Share,
)
from tests.case_tables import each_case

SCRIPT: Final = """
circle MAPLE "Bold Moves" host luz backup eva running
member xochitlana MAPLE
member rosa MAPLE
member mia MAPLE plain
member luz MAPLE
... Monday 9:00
start weekly_reflection for xochitlana with week=1 theme=1 weeks=8
xochitlana: my rose is a marigold on the sill
xochitlana: with my name
xochitlana: I can share tamarind recipes
start weekly_reflection for rosa with week=1 theme=1 weeks=8
rosa: my bud is an oboe lesson
rosa: no name
rosa: skip
... 2 minutes pass
rosa: READ
... 10 minutes pass
xochitlana: READ
xochitlana: The zeppelin museum is open on Sunday
xochitlana: Luz
xochitlana: 1
rosa: I keep a yurt of worries to myself
rosa: just save it
luz: CHECKIN how did the quilt sale go?
luz: SEND
... 2 minutes pass
xochitlana: quite well, and the kazoo broke
rosa: skip
luz: STATUS
luz: 1
luz: SAY the lanterns are lit on Friday
luz: SEND
luz: NOTE rosa
luz: 2
luz: Your walnut cake was lovely
xochitlana: ABOUT ME
xochitlana: 1
xochitlana: saffron buns
... 3 minutes pass
... Tuesday 9:00
start buddy_meet for xochitlana with week=1 theme=1 weeks=8
start buddy_meet for rosa with week=1 theme=1 weeks=8
start buddy_meet for mia with week=1 theme=1 weeks=8
start buddy_meet for luz with week=1 theme=1 weeks=8
... 5 minutes pass
{buddies}
mia: READ
mia: 1
... 5 minutes pass
rosa: I want to end my life
luz: SHOW
luz: 1
luz: @rosa I am here and so is the heron
rosa: it helps, like the pelican did
luz: DONE
xochitlana: INTRODUCE Luz
xochitlana: kumquat jam
xochitlana: 1
luz: 1
luz: pangolin knitting
luz: 1
rosa: ASK a trellis for my balcony
rosa: 2
"""
BUDDY_LINE: Final = "@ shall we walk to the juniper tree?"


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


def play(world: World, script: str) -> None:
    speaker = ""
    for line in filter(None, map(str.strip, script.splitlines())):
        speaker = play_line(world, line, speaker)


@pytest.fixture(scope="module")
def played(book: FlowBook) -> Iterator[World]:
    with World(book, start=BEGINNING) as world:
        before, after = SCRIPT.split("{buddies}")
        play(world, before)
        play(world, f"xochitlana: {BUDDY_LINE}")
        play(world, after)
        yield world


TAGS: Final = (
    *("marigold", "tamarind", "oboe", "zeppelin", "yurt", "quilt", "kazoo", "lanterns", "walnut", "juniper"),
    *("saffron", "heron", "pelican", "kumquat", "pangolin", "trellis"),
)


def writers_of(world: World) -> dict[str, str]:
    with world.database.read() as session:
        names = {person.id: (person.name or "").lower() for person in session.scalars(select(Person))}
        texts = session.scalars(select(Inbox)).all()
        return {tag: names[text.person_id or 0] for tag in TAGS for text in texts if tag in (text.body or "")}


def on_phones(world: World) -> dict[str, set[str]]:
    """Return for each word the names of those, but its writer, whose phones it has reached."""
    writers, found = writers_of(world), defaultdict(set)
    for heard in world.heard:
        for tag in TAGS:
            if tag in heard.body and world.name(heard.to) != writers[tag]:
                found[tag].add(world.name(heard.to))
    return {tag: found[tag] for tag in TAGS}


def words_in(world: World) -> dict[receipts.Ref, str]:
    with world.database.read() as session:
        rows: dict[str, Any] = {
            "answer": Answer,
            "share": Share,
            "note": Note,
            "listing": Listing,
            "sentence": Introduced,
            "said": PendingAction,
            "evidence": ReportWord,
        }
        words = {
            (kind, row.id): row.words or ""
            for kind, table in rows.items()
            for row in session.scalars(select(table))
        }
        return words | {("text", row.id): row.body or "" for row in session.scalars(select(Inbox))}


def by_receipts(world: World, without: str = "") -> dict[str, set[str]]:
    """Return what receipts say; `without` is a kind of words for which none were written."""
    words, found = words_in(world), defaultdict(set)
    with world.database.read() as session:
        names = {person.id: (person.name or "").lower() for person in session.scalars(select(Person))}
        for writer in names:
            for read in receipts.reads_of(session, writer):
                for tag in TAGS:
                    if tag in words[read.ref] and read.ref[0] != without:
                        found[tag].add(names[read.reader_id or 0])
    return {tag: found[tag] for tag in TAGS}


def by_who(world: World) -> dict[str, set[str]]:
    """Return what WHO goes by: everything each writer wrote, each with its readers."""
    words, found = words_in(world), defaultdict(set)
    with world.database.read() as session:
        names = {person.id: (person.name or "").lower() for person in session.scalars(select(Person))}
        for writer in names:
            for own in own_words(session, writer):
                for tag in TAGS:
                    if any(tag in words[ref] for ref in own.refs):
                        found[tag] |= {names[read.reader_id or 0] for read in own.reads}
    return {tag: found[tag] for tag in TAGS}


def test_exactly_those_whom_the_writer_chose_received_each_word(played: World) -> None:
    assert on_phones(played) == {
        "marigold": {"rosa", "mia", "luz"},  # The circle, for READ; on a shared phone after a yes.
        "tamarind": set(),  # Just us.
        "oboe": {"xochitlana", "mia", "luz"},
        "zeppelin": {"luz"},  # The host alone.
        "yurt": set(),  # Just saved.
        "quilt": {"xochitlana", "rosa"},  # A host's question; the shared phone is asked without it.
        "kazoo": {"luz"},  # The answer to it.
        "lanterns": {"xochitlana", "rosa", "mia"},  # SAY; the shared phone has read it by READ.
        "walnut": {"rosa"},  # A note.
        "saffron": {"rosa", "mia", "luz"},  # What a member can share is for the circle, as ABOUT ME says.
        "juniper": {"rosa"},  # A line to the buddy.
        "heron": {"rosa"},  # From whoever took the alert, and back.
        "pelican": {"luz"},
        "kumquat": {"luz"},  # What two who were introduced heard of each other, and nobody else.
        "pangolin": {"xochitlana"},
        "trellis": {"xochitlana", "luz"},  # An ask; the shared phone is asked without it.
    }


def test_receipts_equal_what_the_phones_have_seen(played: World) -> None:
    assert by_receipts(played) == on_phones(played)


def test_who_says_the_same(played: World) -> None:
    assert by_who(played) == on_phones(played)
    index = len(played.heard)
    play(played, "xochitlana: WHO")
    told = "\n".join(heard.body for heard in played.heard_since(index))
    assert "Nobody else." in told
    assert "Luz, June 1" in told


@each_case("kind", ["answer", "share", "note", "said", "text", "sentence"])
def test_the_lack_of_any_kind_of_receipt_is_seen(played: World, kind: str) -> None:
    assert by_receipts(played, without=kind) != on_phones(played)


def test_a_text_that_says_not_whose_words_it_carries_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="say whose they are"):
        Tell(1, "relay", {"words": "hello"}, verbatim=("words",))
    with pytest.raises(ValueError, match="say whose they are"):
        Line("shared_by", {"words": "hello"}, verbatim=("words",))
    assert Tell(1, "copy_words", {"words": "hello"}, verbatim=("words",), carries=OWN).carries == OWN


def test_a_text_that_never_left_is_no_reading(book: FlowBook) -> None:
    with World(book, start=BEGINNING) as world:
        play(
            world,
            """
            circle MAPLE "Bold Moves" host luz running
            member ana MAPLE
            ... Monday 9:00
            ana: The zeppelin museum is open on Sunday
            ana: Luz
            ana: 1
            """,
        )
        with world.database.write() as session:
            receipt = session.scalars(select(Receipt)).one()
            text = session.get_one(Outbox, receipt.outbox_id)
            for state, counts in (
                ("done", 1),
                ("failed", 0),
                ("cancelled", 0),
                ("dropped", 0),
                ("queued", 0),
            ):
                text.state = state
                session.flush()
                assert len(receipts.reads_of(session, receipt.person_id)) == counts, state


def files_with(world: World, words: str) -> list[str]:
    """Return which files of this world hold the words: the database, its log, the spool."""
    return [
        path.name
        for path in sorted(Path(world.folder).rglob("*"))
        if path.is_file() and words.encode() in path.read_bytes()
    ]


def name_on_a_button(world: World, name: str, title: str) -> None:
    """Let a text have reached someone in whose words nobody is named, but on what can be tapped."""
    with world.database.write() as session:
        address = session.scalars(select(Address).where(Address.uri == f"sms:{world.number(name)}")).one()
        draft = outbox.Draft(
            address.person_id,
            address.id,
            address.uri,
            "Who is that for?",
            "reply",
            taps=(Tap("ask:1:buddy", title),),
        )
        (number,) = outbox.put(session, [draft], world.services.identity.sender, world.clock.now())
        session.get_one(Outbox, number).state = "sent"


def test_whoever_asks_to_be_forgotten_leaves_nothing_behind(book: FlowBook) -> None:
    logs = io.StringIO()
    set_up_logs("test", stream=logs)
    with World(book, start=BEGINNING) as world:
        before, after = SCRIPT.split("{buddies}")
        play(world, f"{before}\nxochitlana: {BUDDY_LINE}\n{after}")
        mine = [tag for tag, writer in writers_of(world).items() if writer == "xochitlana"]
        assert {"marigold", "tamarind", "zeppelin", "kazoo", "juniper"} <= set(mine)
        number = world.number("xochitlana")
        spool = Spool(Path(world.folder) / "spool")
        at = world.clock.now().isoformat()
        late = (world.clock.now() + dt.timedelta(days=9)).isoformat()
        spool.set_aside([{"text": {"from_uri": f"sms:{number}", "body": "marigold", "received_at": at}}])
        spool.append([{"text": {"from_uri": f"sms:{number}", "body": "later", "received_at": late}}])
        traces = [*mine, "Xochitlana"]
        for trace in [*traces, number]:
            assert files_with(world, trace), trace
        name_on_a_button(world, "rosa", "Xochitlana, Luz")
        read = next(heard.body for heard in world.heard if "marigold" in heard.body)
        world.text("rosa", f"Liked “{read}”")
        index = len(world.heard)
        play(world, "xochitlana: ERASE ME\nxochitlana: 1\n... 2 minutes pass")
        told = [(world.name(heard.to), heard.body) for heard in world.heard_since(index)]
        left = [who for who, body in told if "Xochitlana is no longer in" in body]
        assert left == ["luz"], "the circle hears of it with its next news"
        with world.database.read() as session:
            forgotten = forgotten_uris(session)
        assert set(forgotten) == {f"sms:{number}"}
        spool.forget(forgotten)
        play(world, "... 58 minutes pass")
        with world.database.read() as session:
            assert session.scalars(select(Erasure)).one().done_at is not None
            assert session.scalars(select(Address.uri).where(Address.uri == f"sms:{number}")).all() == []
            kept = session.scalars(select(Consent).where(Consent.fingerprint.is_not(None))).one()
            assert kept.fingerprint == fingerprint(f"sms:{number}", world.services.identity.key)
        for trace in traces:
            assert files_with(world, trace) == [], trace
        # Only what came after it waits.
        assert files_with(world, number) == ["waiting.jsonl"]
        assert not any(trace in logs.getvalue() for trace in [*traces, number])
        # What others wrote is still there, and who of the forgotten read it has no name any more.
        assert files_with(world, "oboe")
        index = len(world.heard)
        play(world, "rosa: WHO")
        said = "\n".join(heard.body for heard in world.heard_since(index))
        assert "What you shared" in said or "Your answer" in said
        assert "Xochitlana" not in said


def test_within_the_hour_of_an_evening_too_nothing_is_left_though_others_hear_in_the_morning(
    book: FlowBook,
) -> None:
    with World(book, start=BEGINNING) as world:
        play(
            world,
            """
            circle MAPLE "Bold Moves" host luz running
            circle CEDAR "New Ground" host eva running language es
            member xochitlana MAPLE
            member xochitlana CEDAR
            member rosa MAPLE
            ... Monday 9:00
            xochitlana: GOAL
            xochitlana: a marigold garden
            ... Monday 21:40
            xochitlana: ERASE ME
            xochitlana: 1
            ... 62 minutes pass
            """,
        )
        with world.database.read() as session:
            erasure = session.scalars(select(Erasure)).one()
        assert erasure.done_at is not None
        assert erasure.traces == {}
        for trace in ("marigold", "Xochitlana", "xochitlana", world.number("xochitlana")):
            assert files_with(world, trace) == [], trace
        index = len(world.heard)
        play(world, "... Tuesday 12:00")
        told = {world.name(heard.to): heard.body for heard in world.heard_since(index)}
        assert "A small change: someone is no longer in Bold Moves." in told["luz"]
        assert "alguien" in told["eva"].lower() or "someone" in told["eva"].lower()


def test_put_writes_receipts_whoever_calls_it() -> None:
    assert vars(outbox)["note_reads"] is receipts.note_reads
    known: Mapping[str, object] = receipts.OWNERS
    assert set(known) >= {"share", "note", "answer", "goal", "step", "said", "text", "evidence"}
    with pytest.raises(ValueError, match="nobody could say whose words"):
        receipts.shown_in("poem:3")


def test_redis_never_holds_a_word_a_name_or_a_number(book: FlowBook, redis_url: str) -> None:
    def everything() -> bytes:
        with redis.Redis.from_url(redis_url) as client:
            return b" ".join(key + (client.dump(key) or b"") for key in client.scan_iter())

    with World(book, start=BEGINNING) as world, redis.Redis.from_url(redis_url) as client:
        queues = Queues(redis_url)
        world.services = replace(world.services, wake=queues.wake)
        play(world, 'circle MAPLE "Bold Moves" host luz running\nmember xochitlana MAPLE\n... Monday 9:00')
        for queue in ("inbox", "delivery"):
            queues.wake(queue)
        play(world, "xochitlana: the marigold is mine\nxochitlana: 1\nxochitlana: 1")
        held = everything()
        assert b"circle:waking:" in held
        for trace in ("marigold", "ochitlana", world.number("xochitlana").removeprefix("+")):
            assert trace.encode() not in held
        client.set("planted", "the marigold is mine")
        assert b"marigold" in everything()
        queues.close()
