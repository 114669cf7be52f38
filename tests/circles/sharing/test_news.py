"""What is shared reaches each of the others once: in a text at their hour, or by READ; nothing is lost."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from assistant.circles.actions.effects import Tell
from assistant.circles.people.weekly_texts import NEWS_A_WEEK
from assistant.circles.sharing.given_words import erase, last_given
from assistant.circles.sharing.news_planning import due_at, replan_news, spread
from assistant.circles.sharing.news_reading import who_has
from assistant.circles.sharing.read_command import READABLE
from assistant.circles.sharing.second_halves import HALF
from assistant.conversations.news.news_texts import WORK, tell_some
from assistant.delivery.outbox import Draft, put
from assistant.engine.book import FlowBook
from assistant.language.sms.segments import measure
from assistant.runtime import read_flows
from assistant.schedule.local_time import Hours
from assistant.schedule.planning import LocalClock
from assistant.store.looks import any_due
from assistant.store.tables import Address, Apart, Circle, Member, News, Outbox, Person, Share
from tests.circles.town import IDENTITY, Town

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NAMES = ("Ana", "Bea", "Cid", "Dee", "Eli")


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def circle(town: Town) -> Circle:
    return town.circle(state="running")


@pytest.fixture
def seats(town: Town, circle: Circle) -> dict[str, Member]:
    return {name: town.seat(town.person(name), circle) for name in NAMES}


def sweep(town: Town, book: FlowBook) -> None:
    """What a worker's sweep does, until nothing is due."""
    services: Any = SimpleNamespace(book=book, identity=IDENTITY)
    while any_due(town.session, town.now, *WORK):
        spread(town.session, town.now)
        tell_some(town.session, services, town.now)


def pass_time(town: Town, book: FlowBook, time: dt.timedelta, step: dt.timedelta = HOUR) -> None:
    until = town.now + time
    while town.now < until:
        town.now += step
        sweep(town, book)


def texts_to(town: Town, seat: Member) -> list[Outbox]:
    rows = select(Outbox).where(Outbox.member_id == seat.id, Outbox.state != "cancelled").order_by(Outbox.id)
    return list(town.session.scalars(rows))


def bodies(town: Town, seat: Member) -> list[str]:
    return [text.body or "" for text in texts_to(town, seat)]


def person(town: Town, seat: Member) -> Person:
    return town.session.get_one(Person, seat.person_id)


def test_what_is_shared_arrives_at_the_readers_hour_in_one_text(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    person(town, seats["Bea"]).hour = 18
    town.share(seats["Ana"], "a new job")
    town.share(seats["Cid"], "a hard week", named=False)
    pass_time(town, book, HOUR)
    assert bodies(town, seats["Bea"]) == []
    pass_time(town, book, DAY)
    assert bodies(town, seats["Bea"]) == ["New in Bold Moves:\nAna: a new job\nSomeone: a hard week"]
    at = texts_to(town, seats["Bea"])[0].created_at.astimezone(ZoneInfo("America/Chicago"))
    assert (at.hour, bodies(town, seats["Ana"])) == (18, ["New in Bold Moves:\nSomeone: a hard week"])
    pass_time(town, book, 3 * DAY)
    assert len(bodies(town, seats["Bea"])) == 1


def test_half_a_thought_waits_and_what_is_taken_back_does_not_come(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    town.share(seats["Ana"], "a new")
    town.now += HALF / 2
    sweep(town, book)
    assert town.session.scalars(select(News)).all() == []
    town.share(seats["Cid"], "stays")
    given = last_given(town.session, seats["Ana"].person_id, private=False)
    assert given is not None
    erase(town.session, given, town.now)
    pass_time(town, book, DAY)
    assert bodies(town, seats["Bea"]) == ["New in Bold Moves:\nCid: stays"]


def test_what_stood_beside_words_taken_back_is_told_again(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    town.share(seats["Cid"], "stays")
    town.now += HOUR
    town.share(seats["Ana"], "goes")
    pass_time(town, book, DAY)
    assert "goes" in bodies(town, seats["Bea"])[0]
    given = last_given(town.session, seats["Ana"].person_id, private=False)
    assert given is not None
    erase(town.session, given, town.now)
    pass_time(town, book, HOUR)
    assert bodies(town, seats["Bea"]) == ["New in Bold Moves:\nCid: stays"]


def test_on_a_shared_phone_it_is_said_once_that_something_came(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    person(town, seats["Bea"]).plain = True
    for words in ("one", "two"):
        share = town.share(seats["Ana"], words)
        pass_time(town, book, DAY)
    assert bodies(town, seats["Bea"]) == [
        "Something came in for you. When it's a good moment to read it here, text READ."
    ]
    done = town.do("read_circle", person(town, seats["Bea"]), seats["Bea"])
    shown = [effect.placeholders["words"] for effect in done.effects if isinstance(effect, Tell)]
    assert shown == ["two", "one"]
    [how] = [state for who, state, _ in who_has(town.session, share.id) if who.name == "Bea"]
    assert how == "read"


def test_what_has_no_room_waits_for_read(town: Town, book: FlowBook, seats: dict[str, Member]) -> None:
    for number in range(7):
        town.share(seats["Ana"], f"{number} " + "word " * 14)
        town.now += HALF
    pass_time(town, book, DAY)
    [body] = bodies(town, seats["Bea"])
    assert measure(body).segments == 2
    assert body.endswith("4 more: text READ.")
    seen = [town.do("read_circle", person(town, seats["Bea"]), seats["Bea"]) for _ in range(2)]
    numbers = [
        effect.placeholders["words"][0]
        for done in seen
        for effect in done.effects
        if isinstance(effect, Tell)
    ]
    assert numbers == ["6", "5", "4", "3"]


def test_of_one_long_share_the_beginning_comes(town: Town, book: FlowBook, seats: dict[str, Member]) -> None:
    town.share(seats["Ana"], "once upon a time " * 40)
    pass_time(town, book, DAY)
    [body] = bodies(town, seats["Bea"])
    assert measure(body).segments == 2
    assert body.startswith("New in Bold Moves:\nAna: once upon a time")
    assert body.endswith("...\n1 more: text READ.")


def test_whoever_is_away_apart_or_gone_hears_nothing(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    one, other = sorted((seats["Ana"].person_id, seats["Bea"].person_id))
    town.session.add(Apart(one_id=one, other_id=other, since=town.now))
    town.share(seats["Ana"], "hello")
    town.now += HALF
    sweep(town, book)
    seats["Cid"].state = "paused"
    seats["Dee"].state = "left"
    town.say_stop(person(town, seats["Eli"]))
    pass_time(town, book, 2 * DAY)
    assert [bodies(town, seats[name]) for name in NAMES] == [[]] * 5


@pytest.mark.parametrize(
    ("mode", "days", "hour"), [("daily", 1, 9), ("weekly", 7, 9), ("each", 0, 15), ("read", None, 0)]
)
def test_each_mode_has_its_moment(mode: str, days: int | None, hour: int) -> None:
    zone = ZoneInfo("America/Chicago")
    now = dt.datetime(2026, 6, 1, 15, 0, tzinfo=zone).astimezone(dt.UTC)
    at = due_at(mode, LocalClock(zone, Hours(9, 20, 9)), now)
    expected = dt.datetime(2026, 6, 1, hour, 0, tzinfo=zone) + dt.timedelta(days=days or 0)
    assert at == (None if days is None else expected)
    assert due_at("daily", LocalClock(zone, Hours(9, 20, 9)), now, [(now.date(), now.date() + DAY)]) == (
        dt.datetime(2026, 6, 3, 9, 0, tzinfo=zone)
    )


def test_digests_come_three_times_in_seven_days_and_what_waits_comes_with_the_next(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    seats["Dee"].news = "each"
    for day in range(10):
        town.share(seats["Ana"], f"w{day}")
        pass_time(town, book, DAY)
    at = [text.created_at for text in texts_to(town, seats["Bea"])]
    # The third waits for the second half of the week, the fourth until the first is a week old.
    assert [(each - at[0]) / DAY for each in at] == [0, 1, 4, 7, 8]
    assert all(later - earlier > 6 * DAY for earlier, later in zip(at, at[NEWS_A_WEEK:], strict=False))
    waited = [[word for word in body.split() if is_one(word)] for body in bodies(town, seats["Bea"])]
    assert waited == [["w0"], ["w1"], ["w2", "w3", "w4"], ["w5", "w6", "w7"], ["w8"]]
    assert len(bodies(town, seats["Dee"])) == 10


def test_what_waits_for_the_next_digest_is_read_at_once(
    town: Town, book: FlowBook, seats: dict[str, Member]
) -> None:
    for day in range(NEWS_A_WEEK + 1):
        town.share(seats["Ana"], f"w{day}")
        pass_time(town, book, DAY)
    done = town.do("read_circle", person(town, seats["Bea"]), seats["Bea"])
    shown = [effect.placeholders["words"] for effect in done.effects if isinstance(effect, Tell)]
    assert shown == [f"w{NEWS_A_WEEK}", f"w{NEWS_A_WEEK - 1}"]
    pass_time(town, book, 7 * DAY)
    assert len(bodies(town, seats["Bea"])) == NEWS_A_WEEK - 1


@pytest.mark.parametrize(("state", "digests"), [("sent", NEWS_A_WEEK - 1), ("cancelled", NEWS_A_WEEK)])
def test_a_change_of_buddies_is_one_of_the_three_unless_it_never_left(
    town: Town, book: FlowBook, seats: dict[str, Member], state: str, digests: int
) -> None:
    bea = person(town, seats["Bea"])
    address = town.session.scalars(select(Address).where(Address.person_id == bea.id)).one()
    told = Draft(bea.id, address.id, address.uri, "A change", "notice", member_id=seats["Bea"].id)
    [change] = put(
        town.session, [replace(told, wording="notices/buddy_left_one/full")], IDENTITY.sender, town.now
    )
    town.session.get_one(Outbox, change).state = state
    for day in range(6):
        town.share(seats["Ana"], f"w{day}")
        pass_time(town, book, DAY)
    texts = texts_to(town, seats["Bea"])
    assert sum(text.id != change for text in texts) == digests


@pytest.mark.parametrize(
    ("backend", "seed"),
    [(("sqlite", "postgresql")[seed % 2], seed) for seed in range(6)],
    indirect=["backend"],
)
def test_nothing_is_lost_and_nothing_comes_twice(
    town: Town, book: FlowBook, seats: dict[str, Member], seed: int
) -> None:
    chance = random.Random(seed)
    person(town, seats["Eli"]).plain = True
    person(town, seats["Dee"]).zone = "Europe/Madrid"
    began, read = town.now, Counter[tuple[str, str]]()
    members = list(seats.values())

    def reads(name: str) -> None:
        done = town.do("read_circle", person(town, seats[name]), seats[name])
        for effect in done.effects:
            if isinstance(effect, Tell):
                read[name, effect.placeholders["words"].split()[0]] += 1
        person(town, seats[name]).heard_at = town.now

    bodies_said: dict[int, str] = {}

    def note_texts() -> None:
        # As they were written: words taken back are erased from texts that had gone, too.
        for text in town.session.scalars(select(Outbox)):
            bodies_said.setdefault(text.id, text.body or "")

    count = 0
    while town.now < began + 6 * DAY:
        for _ in range(chance.randrange(3)):
            act, name = (
                chance.choice(["share", "share", "share", "read", "mode", "away", "delete"]),
                chance.choice(NAMES),
            )
            if act == "share" and seats[name].state == "active":
                count += 1
                town.share(seats[name], f"w{count} " + "and so on " * chance.choice([1, 2, 9, 40]))
            elif act == "read":
                reads(name)
            elif act == "mode":
                seats[name].news = chance.choice(["each", "daily", "daily", "weekly", "read"])
                replan_news(town.session, seats[name], town.now)
            elif act == "away":
                seats[name].state = "active" if seats[name].state == "paused" else "paused"
            elif act == "delete" and (
                given := last_given(town.session, seats[name].person_id, private=False)
            ):
                erase(town.session, given, town.now)
        for text in town.session.scalars(select(Outbox).where(Outbox.state == "queued")):
            if chance.random() < 0.8:
                text.state, text.sent_at = "sent", town.now
        for _ in range(chance.choice([1, 3, 5])):
            pass_time(town, book, HOUR)
            note_texts()
    for member in members:
        member.state, member.news = "active", "daily"
        replan_news(town.session, member, town.now)
    town.session.flush()
    pass_time(town, book, 2 * DAY - HOUR)
    note_texts()
    living = town.session.scalars(select(Share).where(Share.words.is_not(None))).all()
    for name, seat in seats.items():
        texts = [bodies_said[text.id] for text in texts_to(town, seat)]
        told = Counter(word for text in texts for word in text.replace(":", " ").split() if is_one(word))
        assert max(told.values(), default=1) == 1, (name, told)
        assert all(measure(text).segments <= 2 for text in texts)
        if name == "Eli":
            assert not told
        for _ in range(20):
            reads(name)
        mine = {share.words.split()[0] for share in living if share.member_id == seat.id and share.words}
        others = {
            share.words.split()[0]
            for share in living
            if share.member_id != seat.id and share.words and share.at > town.now - READABLE
        }
        got = set(told) | {word for who, word in read if who == name}
        assert others <= got, (name, others - got)
        assert not mine & got


def is_one(word: str) -> bool:
    return word[0] == "w" and word[1:].isdigit()


@pytest.fixture
def statements(town: Town) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = town.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_ten_circles_cost_no_more_statements_than_one(
    town: Town, book: FlowBook, statements: list[str]
) -> None:
    costs = []
    for many in (1, 10):
        for _ in range(many):
            number = len(town.session.scalars(select(Circle)).all())
            circle = town.circle(code=f"C{number}", state="running")
            for name in NAMES:
                town.share(town.seat(town.person(name), circle), "hello there")
        town.session.flush()
        statements.clear()
        pass_time(town, book, 2 * DAY, step=DAY)
        costs.append(len(statements))
        assert town.session.scalars(select(News).where(News.state == "waiting")).all() == []
    assert costs[1] <= costs[0] + 3
