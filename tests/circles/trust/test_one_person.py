"""Two people become one: whatever they hold, nothing is lost, nothing comes twice, and no key is broken."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from assistant.circles.people.reachability import address_of
from assistant.circles.trust import one_person
from assistant.circles.trust.erasing import erase_person
from assistant.circles.trust.kept_two import who_is_asked, why_two
from assistant.circles.trust.one_person import PERSON_COLUMNS, STAYS, make_one_person, move_rows, stays_of
from assistant.circles.trust.one_seat import SEAT_COLUMNS
from assistant.circles.trust.own_words import to_copy
from assistant.circles.trust.traces import names_of
from assistant.store.database import Database
from assistant.store.tables import (
    Alert,
    Apart,
    Approach,
    Base,
    CallWish,
    CircleHour,
    Conversation,
    HourSeat,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Member,
    News,
    Note,
    Outbox,
    Pair,
    PairMember,
    PendingAction,
    Person,
    Question,
    Receipt,
    Report,
    Role,
    Round,
    Survey,
    SurveyAnswer,
    Talk,
    Timer,
)
from tests.circles.town import NOW, SENDER, Town

LATER = NOW + dt.timedelta(days=1)


class Two:
    """Two people in one circle, or each in a circle of their own as well, and two others they know."""

    def __init__(self, town: Town) -> None:
        self.town, self.session = town, town.session
        self.circle = town.circle("MAPLE")
        self.other_circle = town.circle("OAK")
        self.people = [town.person("Ana"), town.person("Anita")]
        self.seats = [town.seat(each, self.circle) for each in self.people]
        self.others = [town.person("Rosa"), town.person("Eva")]
        self.their_seats = [town.seat(each, self.circle) for each in self.others]
        self.shares = [town.share(each, "a share") for each in self.their_seats]
        self.round = self.add(Round(circle_id=self.circle.id, week=1, made_at=NOW))
        self.hours = [
            self.add(
                CircleHour(circle_id=self.circle.id, state="set", starts_at=LATER, created_at=NOW, key=key)
            )
            for key in ("week 1", "week 2")
        ]
        self.listings = [
            self.add(
                Listing(
                    kind="ask",
                    circle_id=self.circle.id,
                    member_id=each.id,
                    words="x",
                    state="open",
                    created_at=NOW,
                )
            )
            for each in self.their_seats
        ]

    def add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row


Fact = Callable[[Two, int, int], None]


def _make_room(two: Two, who: int) -> None:
    """Whatever is asked already waits, as when another flow asks something."""
    asked = select(Question).where(Question.person_id == two.people[who].id, Question.state == "open")
    for question in two.session.scalars(asked):
        question.state = "waiting"
    two.session.flush()


def _answer(two: Two, who: int, n: int) -> None:
    _make_room(two, who)
    two.town.answer(two.town.question(two.people[who], two.seats[who]), f"words {who}{n}")


def _question(two: Two, who: int, _n: int) -> None:
    _make_room(two, who)
    two.town.question(two.people[who], two.seats[who])


def _waits(two: Two, who: int, n: int) -> None:
    place = two.town.conversation(two.people[who], two.seats[who] if n else None, "ask", x=n)
    two.add(Timer(kind="wait", person_id=two.people[who].id, conversation_id=place.id, due_at=LATER))


def _planned(two: Two, who: int, n: int) -> None:
    once(
        two,
        Timer,
        {"member_id": two.seats[who].id, "key": f"week {n} open"},
        kind="prompt",
        flow="weekly_reflection",
        person_id=two.people[who].id,
        due_at=LATER,
        done_at=NOW if n else None,
    )


def _promised(two: Two, who: int, n: int) -> None:
    two.add(
        Timer(
            kind="prompt",
            flow="ask_end",
            values={"listing": n},
            person_id=two.people[who].id,
            member_id=two.seats[who].id,
            due_at=LATER,
        )
    )


def _news(two: Two, who: int, n: int) -> None:
    state = ("waiting", "told", "signed")[n]
    share = two.shares[n % 2]
    once(
        two,
        News,
        {"member_id": two.seats[who].id, "share_id": share.id},
        from_member_id=share.member_id,
        kind="share",
        state=state,
        at=NOW,
        due_at=LATER if state == "waiting" else None,
    )


def _own_news(two: Two, who: int, _n: int) -> None:
    _make_room(two, who)
    share = two.town.share(two.seats[who], f"share {who}")
    once(
        two,
        News,
        {"member_id": two.seats[1 - who].id, "share_id": share.id},
        from_member_id=two.seats[who].id,
        kind="share",
        state="waiting",
        at=NOW,
        due_at=LATER,
    )


def _goal(two: Two, who: int, n: int) -> None:
    two.town.goal(two.seats[who], f"goal {who}{n}")


def _note(two: Two, who: int, n: int) -> None:
    note = Note(
        circle_id=two.circle.id,
        from_member_id=two.seats[who].id,
        to_member_id=two.their_seats[n % 2].id,
        kind="kind",
        words=f"line {who}{n}",
        at=NOW + dt.timedelta(minutes=3 * who + n),
    )
    two.add(note)
    two.add(
        Receipt(
            person_id=two.people[who].id,
            kind="note",
            ref_id=note.id,
            reader_id=two.others[n % 2].id,
            way="page",
            at=NOW,
        )
    )


def _read(two: Two, who: int, n: int) -> None:
    of = (*two.others, two.people[1 - who])[n]
    two.add(
        Receipt(
            person_id=of.id,
            kind="share",
            ref_id=two.shares[0].id,
            reader_id=two.people[who].id,
            way="page",
            at=NOW,
        )
    )


def _survey(two: Two, who: int, n: int) -> None:
    state = ("asked", "yes", "never")[n]
    made = once(
        two,
        Survey,
        {"member_id": two.seats[who].id, "point": ("joining", "middle", "joining")[n]},
        state=state,
        asked_at=NOW,
        settled_at=NOW if n else None,
    )
    if made is not None and state == "yes":
        two.add(SurveyAnswer(survey_id=made.id, item="hope", score="4", at=NOW))


def _hour(two: Two, who: int, n: int) -> None:
    once(
        two,
        HourSeat,
        {"hour_id": two.hours[n % 2].id, "member_id": two.seats[who].id},
        reply=("coming", None, "not")[n],
        replied_at=NOW if n != 1 else None,
        told_for=LATER,
    )


def _pair(two: Two, who: int, n: int) -> None:
    pair = two.add(Pair(round_id=two.round.id, why="gathered", made_at=NOW))
    two.add(PairMember(pair_id=pair.id, member_id=two.seats[who].id, told_at=NOW))
    if n < 2:
        two.add(PairMember(pair_id=pair.id, member_id=two.their_seats[n].id, told_at=NOW))


def _asked(two: Two, who: int, n: int) -> None:
    made = once(
        two,
        Approach,
        {"listing_id": two.listings[n % 2].id, "member_id": two.seats[who].id},
        wave="circle",
        due_at=NOW,
        asked_at=NOW,
        reply=(None, "no", "can")[n],
        replied_at=NOW if n else None,
    )
    if made is not None and n == 2:
        two.listings[0].proposed_id = made.id
        two.session.flush()


def _role(two: Two, who: int, n: int) -> None:
    once(
        two,
        Role,
        {
            "person_id": two.people[who].id,
            "kind": ("host", "backup", "host")[n],
            "ended_at": None,
            "circle_id": (two.circle.id, two.circle.id, two.other_circle.id)[n],
        },
        offered_at=NOW,
        accepted_at=NOW if (who + n) % 2 else None,
    )


def _calls(two: Two, who: int, n: int) -> None:
    once(two, CallWish, {"person_id": two.people[who].id}, asked_at=NOW, agreed=(None, True, False)[n])


def _apart(two: Two, who: int, n: int) -> None:
    one, other = sorted((two.people[who].id, two.others[n % 2].id))
    once(two, Apart, {"one_id": one, "other_id": other}, since=NOW)


def _text(two: Two, who: int, n: int) -> None:
    address = address_of(two.session, two.people[who].id)
    assert address is not None
    two.add(
        Outbox(
            person_id=two.people[who].id,
            circle_id=two.circle.id,
            address_id=address.id,
            to_uri=address.uri,
            sender=SENDER,
            body=f"news {n}",
            segments=1,
            purpose=("notice", "relay", "reply")[n],
            priority=2,
            wording="notices/news",
            created_at=NOW,
            not_before=LATER,
        )
    )


def _came(two: Two, who: int, n: int) -> None:
    address = address_of(two.session, two.people[who].id)
    assert address is not None
    count = two.session.scalar(select(func.count()).select_from(Inbox))
    two.add(
        Inbox(
            carrier_id=f"SM{count}",
            from_uri=address.uri,
            to_uri=SENDER,
            body=f"text {n}",
            params={},
            received_at=NOW,
            person_id=two.people[who].id,
            state=("new", "done", "ignored")[n],
        )
    )


def _elsewhere(two: Two, who: int, n: int) -> None:
    """A seat in another circle: of one, it moves; of both, it is one seat."""
    states = ("active", "left", "paused")
    seat = once(
        two,
        Member,
        {"circle_id": two.other_circle.id, "person_id": two.people[who].id},
        state=states[n],
        state_at=NOW,
        joined_at=NOW,
        promised_at=NOW + dt.timedelta(hours=who),
    )
    if seat is not None:
        _make_room(two, who)
        two.town.share(seat, f"elsewhere {who}")


def _asked_all(two: Two, who: int, n: int) -> None:
    seats = [seat.id for seat in two.seats[: n + 1]]
    two.add(
        PendingAction(
            kind="say",
            circle_id=two.circle.id,
            by_person_id=two.people[who].id,
            words=f"said {who}{n}",
            details={"members": seats},
            state="done",
            created_at=NOW,
            held_until=NOW,
            settled_at=NOW,
        )
    )


def _alert(two: Two, who: int, _n: int) -> None:
    two.add(Alert(kind="set_aside", circle_id=two.circle.id, person_id=two.people[who].id, opened_at=NOW))


FACTS: list[Fact] = [
    *(
        _answer,
        _question,
        _waits,
        _planned,
        _promised,
        _news,
        _own_news,
        _goal,
        _note,
        _read,
        _survey,
        _hour,
        _pair,
    ),
    *(_asked, _role, _calls, _apart, _text, _came, _elsewhere, _asked_all, _alert),
]


def once(two: Two, table: type[Any], key: dict[str, Any], **more: Any) -> Any:
    """A row, where the database lets there be one more with this key."""
    where = [
        getattr(table, name).is_(None) if value is None else getattr(table, name) == value
        for name, value in key.items()
    ]
    if two.session.scalars(select(table).where(*where)).first() is not None:
        return None
    return two.add(table(**key, **more))


@pytest.fixture(scope="module")
def grounds(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("two") / "circle.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@contextmanager
def a_town(grounds: Database) -> Iterator[Two]:
    """Two, in a transaction that is taken back."""

    class OverError(Exception):
        pass

    try:
        with grounds.write() as session:
            yield Two(Town(session))
            raise OverError
    except OverError:
        pass


def rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in Base.metadata.sorted_tables:
        found[table.name] = [tuple(map(repr, row)) for row in session.connection().execute(table.select())]
    return found


def held_by(session: Session, person: Person, seats: set[int]) -> Counter[str]:
    """How many rows stand in somebody's name, by column."""
    whose = [(column, {person.id}) for column in PERSON_COLUMNS] + [
        (column, seats) for column in SEAT_COLUMNS
    ]
    return Counter(
        {
            str(column): session.scalar(select(func.count()).where(column.in_(ids))) or 0
            for column, ids in whose
        }
    )


MADE_ONE = {
    str(column)
    for column in (
        *(Member.person_id, CallWish.person_id, News.member_id, Survey.member_id, HourSeat.member_id),
        *(Approach.member_id, Timer.member_id, Timer.person_id, Receipt.person_id, Receipt.reader_id),
    )
}
"""Of these rows the two may have had the same each; and one's own words need no receipt."""


@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(
    facts=st.lists(st.tuples(st.sampled_from(FACTS), st.integers(0, 1), st.integers(0, 2)), max_size=25),
    reverse=st.booleans(),
)
def test_all_of_the_one_is_found_at_the_other_and_nothing_twice(
    grounds: Database, facts: list[tuple[Fact, int, int]], reverse: bool
) -> None:
    with a_town(grounds) as two:
        session = two.session
        for fact, who, n in facts:
            fact(two, who, n)
        stays, goes = two.people[::-1] if reverse else two.people
        seats = {
            each.id
            for each in session.scalars(select(Member).where(Member.person_id.in_((stays.id, goes.id))))
        }
        before = held_by(session, stays, set()) + held_by(session, goes, seats)
        words = {own.words for each in two.people for own in to_copy(session, each.id)}
        met = {row for each in two.people for row in meanings(session, each.id)}
        make_one_person(session, stays, goes, SENDER, NOW)
        # The database's own keys held: nothing of it failed. Nothing stands in the name of who went.
        assert held_by(session, goes, seats - set(session.scalars(select(Member.id)))).total() == 0
        after = held_by(session, stays, seats)
        same = {name for name in before | after if before[name] == after[name]}
        assert {name for name in before if name not in same} <= MADE_ONE
        assert meanings(session, stays.id) == met
        assert {own.words for own in to_copy(session, stays.id)} == words
        assert_nothing_twice(session, stays.id)
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
        # What somebody left behind at that moment is looked for later: where nothing is, nothing changes.
        all_rows = rows(session)
        move_rows(session, stays.id, goes.id, NOW)
        assert rows(session) == all_rows


def meanings(session: Session, person_id: int) -> set[tuple[object, ...]]:
    """What somebody heard, was asked, agreed to and is kept from, whichever row says so."""
    seats = list(session.scalars(select(Member.id).where(Member.person_id == person_id)))
    apart = session.execute(select(Apart.one_id, Apart.other_id))
    return {
        *(("circle", each) for each in session.scalars(select(Member.circle_id).where(Member.id.in_(seats)))),
        *(("news", each) for each in session.scalars(select(News.share_id).where(News.member_id.in_(seats)))),
        *(
            ("point", each)
            for each in session.scalars(select(Survey.point).where(Survey.member_id.in_(seats)))
        ),
        *(
            ("hour", each)
            for each in session.scalars(select(HourSeat.hour_id).where(HourSeat.member_id.in_(seats)))
        ),
        *(
            ("ask", each)
            for each in session.scalars(select(Approach.listing_id).where(Approach.member_id.in_(seats)))
        ),
        *(
            ("role", *each)
            for each in session.execute(
                select(Role.kind, Role.circle_id).where(Role.person_id == person_id, Role.ended_at.is_(None))
            )
        ),
        *(("apart", *({one, other} - {person_id})) for one, other in apart if person_id in (one, other)),
        *(
            ("said", each.words)
            for each in session.scalars(select(PendingAction).where(PendingAction.by_person_id == person_id))
        ),
    }


def assert_nothing_twice(session: Session, person_id: int) -> None:
    asked = select(Question).where(Question.person_id == person_id)
    assert len(session.scalars(asked.where(Question.state == "open")).all()) <= 1
    seats = session.scalars(select(Member).where(Member.person_id == person_id)).all()
    assert len({each.circle_id for each in seats}) == len(seats)
    for seat in seats:
        waiting = select(News).where(News.member_id == seat.id, News.state == "waiting")
        assert seat.id not in {each.from_member_id for each in session.scalars(waiting)}
        pairs = (
            select(Pair.id).join(PairMember).where(PairMember.member_id == seat.id, Pair.ended_at.is_(None))
        )
        groups = [
            frozenset(session.scalars(select(PairMember.member_id).where(PairMember.pair_id == each)))
            for each in session.scalars(pairs)
        ]
        assert len(set(groups)) == len(groups)
    # A flow that waits still has its timer; one that was ended has none.
    ended = select(Timer.id).join(Conversation, Conversation.id == Timer.conversation_id)
    assert (
        session.scalars(ended.where(Timer.done_at.is_(None), Conversation.ended_at.is_not(None))).all() == []
    )


def test_a_text_that_waits_for_both_goes_once(grounds: Database) -> None:
    with a_town(grounds) as two:
        for who in (0, 1):
            _text(two, who, 0)
            _promised(two, who, 1)
        stays, goes = stays_of(*two.people, two.session)
        assert (stays, goes) == tuple(two.people)
        make_one_person(two.session, stays, goes, SENDER, NOW)
        states = two.session.scalars(select(Outbox.state).order_by(Outbox.id)).all()
        assert states == ["queued", "cancelled"]
        assert (
            len(
                two.session.scalars(
                    select(Timer).where(Timer.flow == "ask_end", Timer.done_at.is_(None))
                ).all()
            )
            == 1
        )


def test_what_gives_away_less_holds_for_both(grounds: Database) -> None:
    with a_town(grounds) as two:
        (stays, goes), (kept, gone) = two.people, two.seats
        goes.plain, goes.language, gone.named, gone.weekly_only, kept.findable, gone.findable = (
            True,
            "es",
            False,
            True,
            True,
            False,
        )
        _calls(two, 0, 1)
        _calls(two, 1, 2)
        make_one_person(two.session, stays, goes, SENDER, NOW)
        assert (stays.plain, stays.language, stays.name) == (True, "es", "Ana")
        assert (kept.named, kept.weekly_only, kept.findable) == (False, True, False)
        assert two.session.scalars(select(CallWish.agreed)).all() == [False]
        assert goes.merged_into_id == stays.id


def _kept_apart(two: Two) -> None:
    two.add(Apart(one_id=two.people[0].id, other_id=two.people[1].id, since=NOW))


def _reported(two: Two) -> None:
    two.add(
        Report(
            circle_id=two.circle.id,
            by_person_id=two.people[1].id,
            about_person_id=two.people[0].id,
            state="closed",
            opened_at=NOW,
        )
    )


def _buddies(two: Two) -> None:
    pair = two.add(Pair(round_id=two.round.id, why="gathered", made_at=NOW, ended_at=NOW))
    for seat in two.seats:
        two.add(PairMember(pair_id=pair.id, member_id=seat.id))


def _introduced(two: Two) -> None:
    row = two.add(
        Introduction(
            kind="two", circle_id=two.circle.id, by_person_id=two.others[0].id, began_at=NOW, ends_at=LATER
        )
    )
    for seat in two.seats:
        two.add(Introduced(introduction_id=row.id, member_id=seat.id))


def _wrote(two: Two) -> None:
    two.add(
        Note(
            circle_id=two.circle.id,
            from_member_id=two.seats[1].id,
            to_member_id=two.seats[0].id,
            kind="kind",
            at=NOW,
        )
    )


def _helped(two: Two) -> None:
    listing = two.add(
        Listing(kind="ask", circle_id=two.circle.id, member_id=two.seats[0].id, state="open", created_at=NOW)
    )
    two.add(Approach(listing_id=listing.id, member_id=two.seats[1].id, wave="quiet", due_at=NOW, reply="can"))


def _talked(two: Two) -> None:
    two.add(
        Talk(
            first_id=two.people[0].id,
            second_id=two.people[1].id,
            asked_by_id=two.people[0].id,
            asked_at=NOW,
            state="over",
        )
    )


def _barred(two: Two) -> None:
    two.seats[1].barred_at = NOW


def _operates(two: Two) -> None:
    two.add(Role(person_id=two.people[1].id, kind="operator", offered_at=NOW, accepted_at=NOW))


def _in_alert(two: Two) -> None:
    two.add(Alert(kind="danger", circle_id=two.circle.id, person_id=two.people[1].id, opened_at=NOW))


def _on_call(two: Two) -> None:
    two.town.role(two.people[0], "host", two.circle)
    two.add(Alert(kind="not_ok", circle_id=two.circle.id, person_id=two.others[0].id, opened_at=NOW))


def _joining(two: Two) -> None:
    two.town.seat(two.people[0], two.other_circle, "joining")


def _leaving(two: Two) -> None:
    two.add(
        PendingAction(
            kind="leave",
            circle_id=two.circle.id,
            by_person_id=two.people[0].id,
            details={},
            state="held",
            created_at=NOW,
            held_until=LATER,
        )
    )


def _called(two: Two) -> None:
    two.add(
        Listing(kind="now", circle_id=two.circle.id, member_id=two.seats[0].id, state="open", created_at=NOW)
    )


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (None, ()),
        (
            "human",
            (_kept_apart, _reported, _buddies, _introduced, _wrote, _helped, _talked, _barred, _operates),
        ),
        ("later", (_in_alert, _on_call, _joining, _leaving, _called)),
    ],
)
def test_some_are_left_to_a_person_and_some_to_another_day(
    grounds: Database, reason: str | None, facts: tuple[Callable[[Two], None], ...]
) -> None:
    for fact in facts or (lambda _two: None,):
        for first, second in ((0, 1), (1, 0)):
            with a_town(grounds) as two:
                fact(two)
                assert why_two(two.session, two.people[first], two.people[second], NOW) == reason, fact


def test_hosts_of_the_circle_that_both_sit_in_are_asked_and_never_the_two_themselves(
    grounds: Database,
) -> None:
    with a_town(grounds) as two:
        for person in (two.people[0], two.others[0]):
            two.town.role(person, "host", two.circle)
        asked = who_is_asked(two.session, *two.people, NOW)
        assert [(host.id, member.id) for host, member in asked] == [(two.others[0].id, two.seats[0].id)]


def test_every_column_that_says_whose_a_row_is_is_moved() -> None:
    """A new table that belongs to people or seats is named here, or its rows would be left behind."""
    known = {str(column.property.columns[0]) for column in (*PERSON_COLUMNS, *SEAT_COLUMNS)}
    known |= {*STAYS, "apart.one_id", "apart.other_id"}
    names = (
        "person_id",
        "member_id",
        "reader_id",
        "settled_by",
        "answered_by",
        "said_by",
        "looked_by",
        "set_by",
    )
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            points = {key.column.table.name for key in column.foreign_keys} & {"person", "member"}
            if points or column.name.endswith(names) or column.name == "merged_into_id":
                assert f"{table.name}.{column.name}" in known


def test_killed_half_way_nothing_has_happened(grounds: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one transaction: whatever it has moved when the machine stops is not moved."""
    with grounds.write() as session:
        two = Two(Town(session))
        for fact in FACTS:
            for who in (0, 1):
                fact(two, who, 0)
        ids = [each.id for each in two.people]
    with grounds.read() as session:
        before = rows(session)

    class Killed(BaseException):
        pass

    def killed(*_given: object) -> None:
        raise Killed

    monkeypatch.setattr(one_person, "_keep_settings", killed)
    with pytest.raises(Killed), grounds.write() as session:
        make_one_person(
            session, session.get_one(Person, ids[0]), session.get_one(Person, ids[1]), SENDER, NOW
        )
    with grounds.read() as session:
        assert rows(session) == before
    monkeypatch.undo()
    with grounds.write() as session:
        make_one_person(
            session, session.get_one(Person, ids[0]), session.get_one(Person, ids[1]), SENDER, NOW
        )
        assert inspect(session.get_one(Person, ids[1])).persistent
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


def test_both_names_are_forgotten_with_the_one_they_were(grounds: Database) -> None:
    with a_town(grounds) as two:
        stays, goes = two.people
        make_one_person(two.session, stays, goes, SENDER, NOW)
        assert names_of(two.session, stays) == ["ana", "anita"]
        erase_person(two.town.ctx(stays))
        assert {stays.name, goes.name} == {None}
