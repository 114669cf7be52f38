"""What a season left behind, row by row: questions that were asked, answers, pairs, goals and alarms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.store.tables import (
    Alert,
    AlertStep,
    Answer,
    Circle,
    Cohort,
    Goal,
    GoalStep,
    Member,
    Note,
    Outbox,
    Pair,
    PairMember,
    Person,
    Question,
    Round,
    Share,
    Timer,
)
from tests.circles.town import NOW, Town

MONDAY = NOW.date()
OPENING = "weekly_reflection"


def hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def after_weeks(count: int) -> dt.datetime:
    """Monday noon in Chicago, so many weeks after the first."""
    return NOW + dt.timedelta(weeks=count, hours=3)


class Played:
    """A circle whose season began on the town's Monday, and what happened in it."""

    def __init__(
        self, town: Town, code: str = "MAPLE", people: int = 12, cohort: Cohort | None = None, weeks: int = 8
    ) -> None:
        self.town, self.session = town, town.session
        self.circle: Circle = town.circle(
            code,
            f"Circle {code}",
            state="running",
            starts_on=MONDAY,
            ends_on=MONDAY + dt.timedelta(weeks=weeks, days=-1),
            cohort_id=cohort.id if cohort else None,
        )
        self.people = [town.person() for _ in range(people)]
        self.seats = [town.seat(person, self.circle) for person in self.people]

    def week(
        self, number: int, replies: Sequence[float | None], *, outcome: str = "text", state: str = "done"
    ) -> None:
        """Ask a week's question of the first so many; each replies after so many hours, or not (None)."""
        asked = NOW + dt.timedelta(weeks=number - 1)
        for seat, after in zip(self.seats, replies, strict=False):
            self.ask(seat, number, asked, None if after is None else asked + hours(after), outcome, state)

    def ask(
        self,
        seat: Member,
        number: int,
        asked: dt.datetime,
        replied: dt.datetime | None = None,
        outcome: str = "text",
        state: str = "done",
    ) -> Question:
        person = self.session.get_one(Person, seat.person_id)
        self.session.add(
            Timer(
                kind="prompt",
                person_id=person.id,
                member_id=seat.id,
                flow=OPENING,
                key=f"week {number} {OPENING}",
                due_at=asked,
                done_at=asked,
            )
        )
        talk = self.town.conversation(person, seat, OPENING, week=number)
        question = Question(
            conversation_id=talk.id,
            person_id=person.id,
            member_id=seat.id,
            flow=OPENING,
            step="open",
            visible_to="circle",
            state="closed",
            outcome="silence" if replied is None else outcome,
            opened_at=asked,
            closed_at=replied or asked + dt.timedelta(days=6),
        )
        self.session.add(question)
        self.session.add(
            Outbox(
                person_id=person.id,
                member_id=seat.id,
                circle_id=self.circle.id,
                address_id=person.id,
                to_uri="sms:+15125550001",
                sender="MG1",
                body="?",
                segments=1,
                purpose="prompt",
                priority=2,
                conversation_id=talk.id,
                wording=f"{OPENING}/open/say",
                created_at=asked,
                not_before=asked,
                state=state,
                sent_at=asked if state in ("sent", "done") else None,
            )
        )
        self.session.flush()
        if replied is not None:
            self.said(question, outcome, replied)
        return question

    def said(self, question: Question, outcome: str, at: dt.datetime, key: str = "open") -> Answer:
        answer = Answer(
            question_id=question.id,
            person_id=question.person_id,
            member_id=question.member_id,
            key=key,
            outcome=outcome,
            words="w",
            value={"value": "w"},
            visible_to="circle",
            at=at,
        )
        self.session.add(answer)
        self.session.flush()
        return answer

    def round(self, week: int, met: Sequence[tuple[str | None, ...]]) -> None:
        """Pair the members in order; each pair's answers to "did you connect?"."""
        made = Round(circle_id=self.circle.id, week=week, made_at=NOW)
        self.session.add(made)
        self.session.flush()
        seats = iter(self.seats)
        for answers in met:
            pair = Pair(round_id=made.id, why="new", made_at=NOW)
            self.session.add(pair)
            self.session.flush()
            for did in answers:
                self.session.add(PairMember(pair_id=pair.id, member_id=next(seats).id, did=did, told_at=NOW))
        self.session.flush()

    def goals(
        self, count: int, *, planned: int = 0, stepped: int = 0, did: int = 0, reached: int = 0
    ) -> None:
        """The first so many set a goal; of them so many made a plan, chose a step, did it, reached it."""
        for number, seat in enumerate(self.seats[:count]):
            goal = Goal(
                member_id=seat.id,
                words="g",
                plan="p" if number < planned else None,
                state="reached" if number < reached else "open",
                set_at=NOW,
            )
            self.session.add(goal)
            self.session.flush()
            question = self.town.question(self.people[number], seat)
            question.state = "closed"
            self.said(question, "text", NOW, "goal")
            if number < planned:
                self.said(question, "text", NOW, "plan")
            if number < stepped:
                self.session.add(
                    GoalStep(goal_id=goal.id, words="s", set_at=NOW, outcome="did" if number < did else None)
                )
        self.session.flush()

    def share(self, seat: Member, key: str = "open") -> None:
        question = self.town.question(self.session.get_one(Person, seat.person_id), seat)
        question.state = "closed"
        answer = self.said(question, "text", NOW, key)
        self.session.add(
            Share(
                circle_id=self.circle.id,
                member_id=seat.id,
                answer_id=answer.id,
                week=1,
                words="w",
                named=True,
                at=NOW,
            )
        )
        self.session.flush()

    def note(self, seat: Member, kind: str) -> None:
        to = self.seats[0]
        self.session.add(
            Note(
                circle_id=self.circle.id,
                from_member_id=seat.id,
                to_member_id=to.id,
                kind=kind,
                words="w",
                at=NOW,
            )
        )
        self.session.flush()

    def alarm(self, seat: Member, kind: str = "danger", *, looked_after: float | None = None) -> None:
        alert = Alert(kind=kind, circle_id=self.circle.id, person_id=seat.person_id, opened_at=NOW)
        self.session.add(alert)
        self.session.flush()
        if looked_after is not None:
            at = NOW + dt.timedelta(minutes=looked_after)
            self.session.add(AlertStep(alert_id=alert.id, at=at, what="shown"))
        self.session.flush()

    def close(self, at: dt.datetime) -> None:
        self.circle.state, self.circle.closed_at = "closed", at
        self.session.flush()
