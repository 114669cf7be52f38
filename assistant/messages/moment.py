"""One thing that happened to one person, while it is being acted on in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.scene import Scene
from assistant.messages.desk import Desk
from assistant.messages.outbox import Draft, put
from assistant.messages.speech import speak
from assistant.store.tables import Address, Circle, Conversation, Inbox, Member, Person


@dataclass(slots=True)
class Moment:
    """One thing that happened to one person, a text of hers or a timer, being acted on in one transaction."""

    session: Session
    desk: Desk
    person: Person
    address: Address
    now: dt.datetime
    inbox: Inbox | None = None
    """Her text; None when time alone moves her."""
    words: str = ""
    quiet: bool = False
    """Act, but say nothing to her: she opted out, or a loop is suspected."""
    drafts: list[Draft] = field(default_factory=list)

    def say(
        self,
        words: str,
        wording: str,
        *,
        purpose: str | None = None,
        conversation: Conversation | None = None,
        circle_id: int | None = None,
    ) -> None:
        """Draft a text to her: a reply when a text of hers led here, else a prompt.

        Args:
            words: What she will read.
            wording: flow/step/part (or notices/name) that the words come from.
        """
        if self.quiet:
            return
        self.drafts.append(
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
            )
        )

    def notice(
        self, name: str, values: Mapping[str, Any] | None = None, *, purpose: str | None = None
    ) -> None:
        """Say a notice of `flows/notices.toml` to her."""
        scene = scene_of(self, None, values)
        words = speak(scene, self.desk.book.notice(name), uri=self.address.uri)
        self.say(
            words, f"notices/{name}", purpose=purpose, circle_id=scene.circle.id if scene.circle else None
        )

    def hand_over(self) -> list[int]:
        """Put every draft into the outbox, in order; gives the rows' ids."""
        rows = put(self.session, self.drafts, self.desk.house.sender, self.now) if self.drafts else []
        self.drafts = []
        return [row.id for row in rows]


def scene_of(
    moment: Moment, conversation: Conversation | None, values: Mapping[str, Any] | None = None
) -> Scene:
    """What actions and texts may look at; without a conversation, the circle is hers if she has just one."""
    member = (
        moment.session.get(Member, conversation.member_id)
        if conversation and conversation.member_id
        else None
    )
    if conversation is None:
        seats = moment.session.scalars(
            select(Member).where(
                Member.person_id == moment.person.id,
                Member.state.not_in(("left", "declined")),
            )
        ).all()
        member = seats[0] if len(seats) == 1 else None
    circle = moment.session.get(Circle, member.circle_id) if member else None
    return Scene(
        session=moment.session,
        now=moment.now,
        house=moment.desk.house,
        person=moment.person,
        address_id=moment.address.id,
        member=member,
        circle=circle,
        values=dict(values if values is not None else conversation.values if conversation else {}),
        words=moment.words,
        inbox_id=moment.inbox.id if moment.inbox else None,
    )
