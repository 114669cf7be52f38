"""A small town for tests of actions: circles, their hosts, and people who speak."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult, ServiceIdentity
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import (
    Address,
    Answer,
    Circle,
    Cohort,
    Consent,
    Conversation,
    Goal,
    Member,
    Person,
    Question,
    Role,
    Share,
)

NOW = dt.datetime(2026, 6, 1, 14, 0, tzinfo=dt.UTC)
IDENTITY = ServiceIdentity("Circle", "help@circle.example", "US", "sms:+14155550100", "+14155550100")


class Town:
    """Rows by name, in one open transaction; `do` runs an action as a conversation would."""

    def __init__(self, session: Session, now: dt.datetime = NOW) -> None:
        self.session = session
        self.now = now
        self._numbers = iter(range(1, 1000))

    def person(self, name: str | None = None, **columns: Any) -> Person:
        person = Person(name=name, created_at=self.now, **columns)
        self.session.add(person)
        self.session.flush()
        uri = f"sms:+1512555{next(self._numbers):04}"
        self.session.add(Address(person_id=person.id, uri=uri, created_at=self.now))
        self.session.flush()
        return person

    def circle(self, code: str = "MAPLE", name: str = "Bold Moves", **columns: Any) -> Circle:
        columns = {"zone": "America/Chicago", **columns}
        circle = Circle(code=code, name=name, created_at=self.now, **columns)
        self.session.add(circle)
        self.session.flush()
        return circle

    def cohort(self, name: str = "Spring") -> Cohort:
        cohort = Cohort(name=name, created_at=self.now)
        self.session.add(cohort)
        self.session.flush()
        return cohort

    def seat(self, person: Person, circle: Circle, state: str = "active") -> Member:
        promised = None if state in ("joining", "invited") else self.now
        member = Member(
            person_id=person.id, circle_id=circle.id, state=state, state_at=self.now, promised_at=promised
        )
        self.session.add(member)
        self.session.flush()
        return member

    def role(self, person: Person, kind: str, of: Circle | Cohort, *, accepted: bool = True) -> Role:
        role = Role(
            person_id=person.id,
            kind=kind,
            circle_id=of.id if isinstance(of, Circle) else None,
            cohort_id=of.id if isinstance(of, Cohort) else None,
            offered_at=self.now,
            accepted_at=self.now if accepted else None,
        )
        self.session.add(role)
        self.session.flush()
        return role

    def conversation(self, person: Person, member: Member | None, flow: str, **values: Any) -> Conversation:
        conversation = Conversation(
            person_id=person.id,
            member_id=member.id if member else None,
            flow=flow,
            version="0",
            step="ask",
            values=values,
            began_at=self.now,
        )
        self.session.add(conversation)
        self.session.flush()
        return conversation

    def question(
        self, person: Person, member: Member, step: str = "goal", visible_to: str = "us"
    ) -> Question:
        question = Question(
            conversation_id=self.conversation(person, member, "onboarding").id,
            person_id=person.id,
            member_id=member.id,
            flow="onboarding",
            step=step,
            visible_to=visible_to,
            state="open",
            opened_at=self.now,
        )
        self.session.add(question)
        self.session.flush()
        return question

    def answer(self, question: Question, words: str) -> Answer:
        question.state = "closed"
        answer = Answer(
            question_id=question.id,
            person_id=question.person_id,
            member_id=question.member_id,
            key=question.step,
            outcome="text",
            words=words,
            value={"value": words},
            visible_to=question.visible_to,
            at=self.now,
        )
        self.session.add(answer)
        self.session.flush()
        return answer

    def goal(self, member: Member, words: str) -> Goal:
        goal = Goal(member_id=member.id, words=words, set_at=self.now, state="open")
        self.session.add(goal)
        self.session.flush()
        return goal

    def share(self, member: Member, words: str, *, week: int = 1, named: bool = True) -> Share:
        """Words that a member shared with her circle, as the answer to a week's question."""
        person = self.session.get_one(Person, member.person_id)
        answer = self.answer(self.question(person, member, "open", "circle"), words)
        share = Share(
            circle_id=member.circle_id,
            member_id=member.id,
            answer_id=answer.id,
            week=week,
            words=words,
            named=named,
            at=self.now,
        )
        self.session.add(share)
        self.session.flush()
        return share

    def say_stop(self, person: Person) -> None:
        self.consent(person, "out", "STOP")

    def consent(self, person: Person, kind: str = "in", wording: str = "HOST MAPLE") -> None:
        ctx = self.ctx(person)
        row = Consent(
            address_id=ctx.address_id,
            sender=ctx.identity.sender,
            kind=kind,
            wording=wording,
            way="text",
            at=self.now,
        )
        self.session.add(row)
        self.session.flush()

    def hosting(
        self, action: str, person: Person, circle: Circle, words: str = "", **values: Any
    ) -> ActionResult:
        """Run an action in a host's conversation, which is about a circle and no seat of hers."""
        ctx = self.ctx(person, None, words, **values)
        ctx.circle = circle
        done = all_actions()[action].run(ctx)
        assert done.outcome in all_actions()[action].outcomes
        self.session.flush()
        return done

    def ctx(
        self, person: Person, /, member: Member | None = None, words: str = "", **values: Any
    ) -> ActionContext:
        address = self.session.query(Address).filter_by(person_id=person.id).first()
        assert address is not None
        circle = self.session.get(Circle, member.circle_id) if member else None
        return ActionContext(
            self.session, self.now, IDENTITY, person, address.id, member, circle, values, words
        )

    def do(
        self, action: str, person: Person, /, member: Member | None = None, words: str = "", **values: Any
    ) -> ActionResult:
        done = all_actions()[action].run(self.ctx(person, member, words, **values))
        assert done.outcome in all_actions()[action].outcomes
        self.session.flush()
        return done
