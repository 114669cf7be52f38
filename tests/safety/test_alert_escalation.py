"""A page climbs from host to backup to organizer at its times, once each, until someone answers."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.people import consent
from assistant.conversations import maintenance
from assistant.conversations.action_catalogue import all_actions
from assistant.conversations.notices import tell
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.safety import alert_escalation
from assistant.safety.alert_holding import IN_HAND, TO_ANSWER, UNANSWERED, Hands, hands_of
from assistant.safety.alerts import LOOKED_AT_FOR, open_alert
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    Audit,
    Circle,
    Cohort,
    Member,
    Outbox,
    Person,
    Role,
)
from tests.delivery.fakes import IDENTITY, SENDER, FakeCarrier, services_of

MINUTE = dt.timedelta(minutes=1)
ANA, LUZ, EVA, MIA, OMAR = 1, 2, 3, 4, 5
NAMES = {ANA: "Ana", LUZ: "Luz", EVA: "Eva", MIA: "Mia", OMAR: "Omar"}
MAPLE, CEDAR = 1, 2


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


class Town:
    """Ana in MAPLE: Luz hosts, Eva stands in, Mia organizes its cohort. Omar hosts CEDAR, elsewhere."""

    def __init__(self, database: Database, clock: ManualClock, book: FlowBook) -> None:
        self.database, self.clock = database, clock
        self.services: Services = replace(services_of(database, clock, FakeCarrier(clock)), book=book)
        now = clock.now()
        with database.write() as session:
            session.add(Cohort(id=1, name="Spring", created_at=now))
            session.flush()
            for number, code, cohort in ((MAPLE, "MAPLE", 1), (CEDAR, "CEDAR", None)):
                session.add(
                    Circle(
                        id=number,
                        code=code,
                        name=code.title(),
                        zone="America/Chicago",
                        cohort_id=cohort,
                        created_at=now,
                    )
                )
            for number, name in NAMES.items():
                session.add(Person(id=number, name=name, zone="America/Chicago", created_at=now))
                session.flush()
                uri = f"sms:+1415555010{number}"
                session.add(Address(id=number, person_id=number, uri=uri, created_at=now))
                session.flush()
                consent.agree(session, number, SENDER, "JOIN", "text", now)
            session.add(Member(circle_id=MAPLE, person_id=ANA, state="active", state_at=now))
            for person, kind, circle, cohort in (
                (LUZ, "host", MAPLE, None),
                (EVA, "backup", MAPLE, None),
                (MIA, "organizer", None, 1),
                (OMAR, "host", CEDAR, None),
            ):
                session.add(
                    Role(
                        person_id=person,
                        kind=kind,
                        circle_id=circle,
                        cohort_id=cohort,
                        offered_at=now,
                        accepted_at=now,
                    )
                )

    def alarm(self, person: int = ANA, circle: int | None = MAPLE, kind: str = "danger") -> None:
        with self.database.write() as session:
            open_alert(session, kind, self.clock.now(), circle_id=circle, person_id=person)

    def change(self, what: Callable[[Role], None], person: int) -> None:
        with self.database.write() as session:
            what(session.scalars(select(Role).where(Role.person_id == person)).one())

    def page(self) -> int:
        return maintenance.page_due(self.services)

    def wait(self, minutes: float) -> None:
        """Let time pass a minute at a time, with a look at each."""
        for _ in range(int(minutes)):
            self.clock.move_to(self.clock.now() + MINUTE)
            self.page()

    def pages(self) -> list[tuple[float, str, str]]:
        """(minutes since the alert opened, who, which notice) of each page, in order."""
        with self.database.read() as session:
            opened = session.scalars(select(Alert.opened_at).order_by(Alert.id)).first()
            rows = session.scalars(
                select(Outbox).where(Outbox.purpose == "alert").order_by(Outbox.created_at, Outbox.person_id)
            ).all()
            assert opened is not None or not rows
            return [
                (
                    (row.created_at - opened).total_seconds() / 60 if opened else 0.0,
                    NAMES[row.person_id],
                    (row.wording or "").removeprefix("notices/"),
                )
                for row in rows
            ]

    def bodies(self) -> list[str]:
        with self.database.read() as session:
            return [body or "" for body in session.scalars(select(Outbox.body).order_by(Outbox.id))]

    def steps(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(AlertStep.what).order_by(AlertStep.id)))

    def do(self, action: str, person: int, **values: object) -> ActionResult:
        with self.database.write() as session:
            ctx = ActionContext(
                session,
                self.clock.now(),
                IDENTITY,
                session.get_one(Person, person),
                person,
                values=dict(values),
            )
            done = all_actions()[action].run(ctx)
            for effect in done.effects:
                if isinstance(effect, Tell):
                    tell(session, self.services, effect, self.clock.now())
            return done

    def told_member(self) -> list[str]:
        """What Ana was told, in order."""
        with self.database.read() as session:
            texts = session.scalars(select(Outbox.wording).where(Outbox.person_id == ANA).order_by(Outbox.id))
            return [(wording or "").removeprefix("notices/") for wording in texts]

    def hands(self) -> Hands:
        with self.database.read() as session:
            return hands_of(session, session.scalars(select(Alert).order_by(Alert.id.desc()).limit(1)).one())

    def alert(self) -> Alert:
        with self.database.read() as session:
            found = session.scalars(select(Alert).order_by(Alert.id.desc())).first()
            assert found is not None
            session.expunge(found)
            return found


@pytest.fixture
def town(database: Database, clock: ManualClock, book: FlowBook) -> Town:
    return Town(database, clock, book)


def test_a_page_climbs_every_quarter_of_an_hour_and_then_comes_to_all_every_half(town: Town) -> None:
    town.alarm()
    town.page()
    town.wait(95)
    everyone = ["Luz", "Eva", "Mia"]
    paged = [page for page in town.pages() if page[1] != "Ana"]
    assert paged == [
        (0, "Luz", "alert_page"),
        (15, "Eva", "alert_page"),
        (30, "Mia", "alert_page_last"),
        *((45, name, "alert_again") for name in everyone),
        *((75, name, "alert_again") for name in everyone),
    ]


def test_a_page_holds_no_name_and_says_who_comes_next(town: Town) -> None:
    town.alarm()
    town.page()
    town.wait(30)
    luz, eva, mia = town.bodies()
    assert "I text Eva" in luz
    assert "I text Mia" in eva
    assert "no one else" in mia
    assert not any("Ana" in body for body in (luz, eva, mia))


def test_nobody_is_paged_for_ever_and_all_hear_how_it_ended(town: Town) -> None:
    town.alarm()
    town.page()
    town.wait(45 + 30 * (alert_escalation.MOST_AGAIN + 3))
    notices = Counter(notice for _, _, notice in town.pages())
    assert notices["alert_again"] == 3 * alert_escalation.MOST_AGAIN
    assert notices["alert_unanswered"] == 3
    assert town.told_member() == ["nobody_yet", "nobody_answered"]
    assert UNANSWERED in town.steps()
    alert = town.alert()
    assert (alert.closed_at, alert.next_page_at) == (None, None)


def test_words_of_danger_after_the_end_page_everyone_anew(town: Town) -> None:
    town.alarm()
    town.page()
    town.wait(45 + 30 * (alert_escalation.MOST_AGAIN + 1))
    before = len(town.pages())
    town.alarm()
    town.page()
    assert [name for _, name, _ in town.pages()[before:]] == ["Luz", "Eva", "Mia"]
    town.wait(30 * (alert_escalation.MOST_AGAIN + 1))
    assert town.steps().count(UNANSWERED) == 2


def test_whoever_looked_and_says_nothing_is_asked_once_and_then_the_next_is_paged(town: Town) -> None:
    town.alarm()
    town.page()
    town.do("show_alerts", LUZ)
    town.wait(61)
    assert town.pages() == [
        (0, "Luz", "alert_page"),
        (30, "Luz", "alert_is_reached"),
        (60, "Luz", "alert_passed_on"),
        (60, "Eva", "alert_page"),
    ]


def test_whoever_took_it_is_left_to_it_for_hours_asked_and_then_the_next_is_paged(town: Town) -> None:
    town.alarm()
    town.page()
    values = town.do("show_alerts", LUZ).values
    assert town.do("hold_alert", LUZ, **values).outcome == "taken"
    hours = IN_HAND / MINUTE
    town.wait(hours - 1)
    assert len(town.pages()) == 1
    town.wait(1)
    assert town.pages()[-1] == (hours, "Luz", "alert_is_ok")
    town.wait(TO_ANSWER / MINUTE)
    assert [page[1:] for page in town.pages()[-2:]] == [("Luz", "alert_passed_on"), ("Eva", "alert_page")]


def test_an_alert_that_nobody_says_done_to_has_an_end(town: Town) -> None:
    town.alarm()
    town.page()
    town.do("hold_alert", LUZ, **town.do("show_alerts", LUZ).values)
    town.wait(24 * 60)
    notices = Counter(notice for _, _, notice in town.pages())
    assert notices["alert_again_looked"] == 2 * alert_escalation.MOST_AGAIN_TAKEN
    assert notices["alert_left_open"] == 3
    assert town.told_member() == ["paged_here", "paged_silent"]
    assert town.alert().closed_at is None


def test_whoever_gives_a_sign_is_asked_anew_only_hours_after_it(town: Town) -> None:
    town.alarm()
    town.page()
    values = town.do("show_alerts", LUZ).values
    town.do("hold_alert", LUZ, **values)
    town.wait(IN_HAND / MINUTE - 1)
    town.do("hold_alert", LUZ, **values)
    town.wait(IN_HAND / MINUTE - 1)
    assert len(town.pages()) == 1


def test_another_who_takes_it_is_the_one_and_the_first_hears_so(town: Town) -> None:
    town.alarm()
    town.page()
    values = town.do("show_alerts", LUZ).values
    town.do("hold_alert", LUZ, **values)
    town.do("show_alerts", EVA)
    assert town.hands() == Hands(LUZ, told=True)
    town.do("hold_alert", EVA, **values)
    assert town.hands() == Hands(EVA, told=True)
    assert town.pages()[-1][1:] == ("Luz", "alert_taken_over")
    assert town.do("find_to_close", LUZ).outcome == "held"
    assert town.do("find_to_close", EVA).outcome == "one"
    assert town.do("find_to_close", MIA).outcome == "not_shown"


def test_a_level_with_nobody_on_it_is_passed_at_once(town: Town) -> None:
    town.change(lambda role: setattr(role, "accepted_at", None), LUZ)
    town.alarm()
    town.page()
    assert town.pages() == [(0, "Eva", "alert_page")]
    assert town.steps() == ["no host", "backup paged"]


def test_whoever_is_away_is_not_paged_until_back(town: Town) -> None:
    until = town.clock.now() + 50 * MINUTE
    town.change(lambda role: setattr(role, "away_until", until), LUZ)
    town.alarm()
    town.page()
    town.wait(46)
    assert [(minute, name) for minute, name, _ in town.pages()] == [
        (0, "Eva"),
        (15, "Mia"),
        (30, "Eva"),
        (30, "Mia"),
    ]
    town.wait(30)
    assert "Luz" in {name for minute, name, _ in town.pages() if minute == 60}


def test_who_opted_out_is_not_on_call(town: Town) -> None:
    with town.database.write() as session:
        consent.refuse(session, LUZ, SENDER, "STOP", "text", town.clock.now())
    town.alarm()
    town.page()
    assert town.pages() == [(0, "Eva", "alert_page")]


def test_nobody_is_paged_about_their_own_alarm(town: Town) -> None:
    town.alarm(person=LUZ)
    town.page()
    assert town.pages() == [(0, "Eva", "alert_page")]
    assert town.do("show_alerts", LUZ).outcome == "none"


def test_with_nobody_on_call_it_is_on_record_and_looked_at_again(town: Town) -> None:
    for person in (LUZ, EVA, MIA):
        town.change(lambda role: setattr(role, "ended_at", role.offered_at), person)
    town.alarm()
    town.page()
    assert town.steps() == ["no host", "no backup", "no organizer", "nobody on call"]
    town.change(lambda role: setattr(role, "ended_at", None), EVA)
    town.wait(30)
    assert town.pages() == [(30, "Eva", "alert_again")]


def test_someone_in_no_circle_is_on_record_and_nobody_is_paged(town: Town) -> None:
    town.alarm(circle=None)
    assert town.page() == 0
    assert town.alert().kind == "danger"


def test_show_answers_the_page_and_says_who(town: Town) -> None:
    town.alarm()
    town.page()
    town.wait(14)
    done = town.do("show_alerts", LUZ)
    assert done.outcome == "one"
    assert (done.values["who"], done.values["circle"]) == ("Ana", "Maple")
    town.wait(29)
    assert town.pages() == [(0, "Luz", "alert_page")]
    alert = town.alert()
    assert (alert.answered_by, alert.closed_at) == (LUZ, None)
    with town.database.read() as session:
        audit = session.scalars(select(Audit)).one()
        assert (audit.person_id, audit.circle_id, audit.details) == (LUZ, MAPLE, {"alert": alert.id})


def test_only_alerts_of_the_hosts_own_circles_are_shown(town: Town) -> None:
    town.alarm()
    assert town.do("show_alerts", OMAR).outcome == "none"
    assert town.do("take_alert", OMAR, alert=str(town.alert().id)).outcome == "none"
    assert town.do("hold_alert", OMAR, alert=str(town.alert().id)).outcome == "none"
    assert town.do("close_alert", OMAR, alert=str(town.alert().id)).outcome == "closed"
    alert = town.alert()
    assert (alert.answered_by, alert.closed_at) == (None, None)
    assert town.do("show_alerts", MIA).outcome == "one"


def test_asking_for_the_backup_pages_the_backup_at_once(town: Town) -> None:
    town.alarm()
    town.page()
    values = town.do("show_alerts", LUZ).values
    assert town.do("call_backup", LUZ, **values).values == {"backup": "Eva"}
    town.page()
    assert town.pages()[-1] == (0, "Eva", "alert_page")
    town.do("show_alerts", EVA)
    assert town.do("close_alert", EVA, **values).outcome == "closed"
    town.wait(60)
    assert len(town.pages()) == 2
    assert town.alert().closed_at is not None
    assert town.steps() == ["host paged", "shown", "asked for the next", "backup paged", "shown", "reached"]


def test_more_of_the_same_pages_nobody_anew_while_someone_is_on_it(town: Town) -> None:
    town.alarm()
    town.page()
    town.alarm()
    town.page()
    town.do("show_alerts", LUZ)
    town.wait(29)
    town.alarm()
    town.page()
    assert len(town.pages()) == 1
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 1


def test_more_of_the_same_long_after_the_host_looked_pages_again(town: Town) -> None:
    town.alarm()
    town.page()
    town.do("show_alerts", LUZ)
    town.wait(LOOKED_AT_FOR / MINUTE + 1)
    town.alarm()
    town.page()
    assert town.pages()[-1][1:] == ("Eva", "alert_page")


def expected(looks: list[float]) -> list[tuple[float, str]]:
    """When each step is due, by the rule, if somebody looks at these minutes."""
    levels = [["Luz"], ["Eva"], ["Mia"]]
    taken: list[tuple[float, str]] = []
    due, level = 0.0, 0
    for look in looks:
        if look < due:
            continue
        names = levels[level] if level < len(levels) else ["Luz", "Eva", "Mia"]
        taken += [(look, name) for name in names]
        due = look + (15 if level < len(levels) else 30)
        level += 1
    return taken


@pytest.mark.parametrize("seed", range(4))
def test_workers_that_look_at_once_neither_skip_a_step_nor_take_one_twice(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    town.alarm()
    start, looks, minute = town.clock.now(), [], 0.0
    with ThreadPoolExecutor(3) as workers:
        for _ in range(12):
            looks.append(minute)
            ready = Barrier(3)

            def look(ready: Barrier = ready) -> int:
                ready.wait()
                return town.page()

            for done in [workers.submit(look) for _ in range(3)]:
                done.result()
            minute += chance.choice((1, 5, 7, 14, 15, 16, 29, 30, 45))
            town.clock.move_to(start + dt.timedelta(minutes=minute))
    assert [(at, name) for at, name, _ in town.pages()] == expected(looks)
