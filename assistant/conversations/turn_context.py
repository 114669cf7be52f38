"""One thing that happened to one person, while it is being acted on in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import HandOver, Line
from assistant.conversations.prefetch import Prefetched, prefetch, read_standing
from assistant.conversations.text_rendering import carried_in, speak
from assistant.delivery.outbox import Draft, put
from assistant.services import Services
from assistant.store.tables import Address, Circle, Conversation, Inbox, Member, Person, Question


@dataclass(slots=True)
class Progress:
    """What acting on an event has come to so far; the one part of a `Context` that changes.

    Attributes:
        quiet: Act, but say nothing to the person: they opted out, or a loop is suspected.
        again: The person asked for the question once more.
        handed: The person chose which question the held words answer.
        commanded: The person chose that the held words are a command.
        opted_out: Whether an opt-out is in force for the address that was written from.
        drafts: What is said to the person, in order; queued when the event is done.
        prefetched: What is known of the person; read when first needed, and again after an action.
    """

    quiet: bool = False
    again: bool = False
    handed: HandOver | None = None
    commanded: str | None = None
    opted_out: bool = False
    drafts: list[Draft] = field(default_factory=list)
    prefetched: Prefetched | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One event of one person, a text or a timer, acted on in one transaction."""

    session: Session
    services: Services
    person: Person
    address: Address
    now: dt.datetime
    inbox: Inbox | None = None
    """The person's text; None when time alone moves the conversation."""
    words: str = ""
    media: tuple[int, ...] = ()
    """Pictures and voice notes that go with the words."""
    progress: Progress = field(default_factory=Progress)

    @property
    def known(self) -> Prefetched:
        """What is known of the person as things stand now."""
        held = self.progress.prefetched
        if held is None:
            held = prefetch(self.session, [self.person.id], self.now)[self.person.id]
            self.progress.prefetched = held
        elif held.stale:
            read_standing(self.session, {self.person.id: held})
        return held

    @property
    def question(self) -> Question | None:
        """The question that the person is being asked now; there is never more than one."""
        asked = self.last_question
        return asked if asked is not None and asked.state == "open" else None

    @property
    def last_question(self) -> Question | None:
        """What the person was asked last, as far as this event knows: it may be closed by now."""
        # Actions open none, and what they close is this very row.
        return (self.progress.prefetched or self.known).question

    def ask(self, question: Question) -> None:
        """Make this the question that the person is being asked from now on."""
        (self.progress.prefetched or self.known).question = question

    def about(
        self, conversation: Conversation | None, values: Mapping[str, Any] | None = None
    ) -> ActionContext:
        """Return what actions and texts may look at.

        Args:
            conversation: What it is about; without one, the circle is the person's if they have just one.
            values: Instead of the conversation's own.
        """
        if conversation is None:
            seats = self.known.seats
            member, circle = seats[0] if len(seats) == 1 else (None, None)
        else:
            member, circle = self.seat(conversation)
        return ActionContext(
            session=self.session,
            now=self.now,
            identity=self.services.identity,
            person=self.person,
            address_id=self.address.id,
            member=member,
            circle=circle,
            values=dict(values if values is not None else conversation.values if conversation else {}),
            words=self.words,
            inbox_id=self.inbox.id if self.inbox else None,
        )

    def seat(self, conversation: Conversation) -> tuple[Member | None, Circle | None]:
        """Return the seat a conversation is about, and its circle; see `seat_of`."""
        return seat_of(self.session, conversation)

    def say(
        self,
        words: str,
        wording: str,
        *,
        purpose: str | None = None,
        conversation: Conversation | None = None,
        circle_id: int | None = None,
        carries: str | None = None,
    ) -> None:
        """Draft a text to the person: a reply when a text of theirs led here, else a prompt.

        Args:
            words: What the person will read.
            wording: flow/step/part (or notices/name) that the words come from.
            carries: The rows of other people whose words stand in it.
        """
        if self.progress.quiet:
            return
        self.progress.drafts.append(
            Draft(
                person_id=self.person.id,
                address_id=self.address.id,
                uri=self.address.uri,
                body=words,
                purpose=purpose or ("reply" if self.inbox else "prompt"),
                circle_id=circle_id,
                member_id=conversation.member_id if conversation else None,
                inbox_id=self.inbox.id if self.inbox else None,
                conversation_id=conversation.id if conversation else None,
                wording=wording,
                carries=carries,
            )
        )

    def notice(
        self,
        name: str,
        values: Mapping[str, Any] | None = None,
        *,
        purpose: str | None = None,
        verbatim: Collection[str] = (),
        circle_id: int | None = None,
        carries: str | None = None,
    ) -> None:
        """Say a notice of `flows/notices.toml` to the person.

        Args:
            values: Its placeholders, and what chooses its variant.
            verbatim: Names of placeholders that are another person's words: they arrive to the letter.
            circle_id: The circle it is about, with whose words it is erased; None: the person's only one.
            carries: The rows of other people whose words stand in it.
        """
        ctx = self.about(None, values)
        texts = self.services.book.notice(name)
        wording = f"notices/{name}"
        said = [draft.body for draft in self.progress.drafts if draft.wording == wording]
        words = speak(ctx, texts, uri=self.address.uri, verbatim=verbatim, wording=wording, said=said)
        own = ctx.circle.id if ctx.circle else None
        carried = carried_in(ctx, texts, verbatim, carries)
        self.say(words, wording, purpose=purpose, circle_id=circle_id or own, carries=carried)

    def lines(self, lines: Sequence[Line], conversation: Conversation | None) -> None:
        """Say several notices in one text, a line each."""
        if not lines:
            return
        spoken, carried = [], []
        for line in lines:
            ctx = self.about(conversation, line.placeholders)
            text = self.services.book.notice(line.notice)
            given = {name: value for name, value in line.placeholders.items() if isinstance(value, str)}
            spoken.append(speak(ctx, text, uri=self.address.uri, given=given, verbatim=line.verbatim))
            carried.append(carried_in(ctx, text, line.verbatim, line.carries))
        circle = self.about(conversation).circle
        self.say(
            "\n".join(spoken),
            f"notices/{lines[0].notice}",
            conversation=conversation,
            circle_id=circle.id if circle else None,
            carries=" ".join(each for each in carried if each) or None,
        )

    def hand_over(self) -> None:
        """Put every draft into the outbox, in order."""
        if self.progress.drafts:
            put(self.session, self.progress.drafts, self.services.identity.sender, self.now)
            self.progress.drafts = []


def seat_of(session: Session, conversation: Conversation) -> tuple[Member | None, Circle | None]:
    """Return the seat a conversation is about, and its circle; a host's may be about a circle alone."""
    member = None
    if conversation.member_id is not None:
        member = session.get_one(Member, conversation.member_id)
    if conversation.circle_id is not None:
        mine = member is not None and member.circle_id == conversation.circle_id
        return member if mine else None, session.get_one(Circle, conversation.circle_id)
    return member, session.get_one(Circle, member.circle_id) if member is not None else None
