"""Knows who may ever read what a persona wrote, by what the question said or what its writer chose."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.language.folding import fold
from assistant.safety.alert_holding import TOLD
from assistant.simulation.habits import Service, Written
from assistant.simulation.world import World
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    Answer,
    Approach,
    Circle,
    Conversation,
    Goal,
    GoalStep,
    Introduced,
    Listing,
    Member,
    Pair,
    PairMember,
    Question,
)

BUDDIES_FOR: Final = dt.timedelta(days=15)
"""Words by @ may reach whoever was a buddy of the writer's so lately."""
EXCHANGE: Final = "exchange"
"""Of words that ask, offer or introduce: whoever was asked, the circle's lists and its host may read them."""
NOBODY: Final = "nobody"
"""Of words of danger: whatever is chosen later, they go nowhere."""
_TOLD: Final[Mapping[str, type[Goal] | type[GoalStep]]] = {"goal": Goal, "step": GoalStep}
"""What a yes may let the whole circle hear, by the name that `share` knows it by."""
SURE: Final = "sure_"
"""Steps in which words that were held are shown once more before they go anywhere."""
SHOWN_FIRST: Final = ("circle", "host")
"""Readers whom held words reach only after they were shown."""
_BETWEEN_WORDS: Final = re.compile(r"\W+")
_QUOTED: Final = re.compile(r"'(.+)'")
STILL_GIVEN: Final = "notices/still_given"
"""The wording that says of words that they stay."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Two words that stand in one text of a writer only, and who may ever read them."""

    words: str
    writer: str
    visible_to: str
    """us, host, buddy, circle, exchange, nobody; relay: the buddy, or the `to` alone; released: both."""
    code: str = ""
    """The circle that the question was about."""
    to: str = ""
    at: dt.datetime | None = None
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text that somebody wrote was meant as; `kind` as in `habits.Written.meant`."""

    name: str
    words: str
    at: dt.datetime
    kind: str
    question: int = 0
    """The row of the question that it was written to; 0: none."""
    opted_out: bool = False


@dataclass(slots=True)
class WordLedger:
    """Every text that a persona wrote: what was unique in it, who may read that, what it was meant as."""

    world: World
    hosts: Mapping[str, str]
    """By the circle's word."""
    service: Service = field(default_factory=Service)
    """What it is held to."""
    seats: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The circles that each has joined."""
    secrets: list[Secret] = field(default_factory=list)
    meant: dict[str, Meant] = field(default_factory=dict)
    """By the carrier's id."""

    def readdress(self, writer: str, to: str) -> None:
        """What was written last for one person is for another, as its writer says."""
        self._amend(self._is_for_one(writer), lambda secret: replace(secret, to=to))

    def release(self, writer: str) -> None:
        """What was written last for one may go to another who was shown and chosen, as its writer says."""
        self._amend(self._is_for_one(writer), lambda secret: replace(secret, visible_to="released"))

    def _is_for_one(self, writer: str) -> Callable[[Secret], bool]:
        """Return what tells words of late that were for one person: who may be asked again for three days."""
        lately = self.world.clock.now() - dt.timedelta(days=4)
        return lambda secret: (
            secret.writer == writer and bool(secret.to) and secret.at is not None and secret.at > lately
        )

    def reassign(self, writer: str, code: str) -> None:
        """What was written last was held, and is for this circle, as its writer says."""
        self._amend(
            lambda secret: secret.writer == writer and secret.visible_to != "us",
            lambda secret: replace(secret, code=code),
        )

    def note(self, writer: str, text: Written) -> None:
        """Remember who may read what is about to be written; the same again is nothing new."""
        if text.image and text.meant != "again":
            words = plain_text(text.image)
            now = self.world.clock.now()
            self.secrets.append(Secret(words, writer, text.visible_to, text.code, text.to, now))

    def give(self, writer: str, question: int, reader: str, code: str) -> None:
        """Words that were held are for whoever their writer chose (`reader`) in answer to this question."""
        with self.world.database.read() as session:
            conversation = session.get_one(Conversation, session.get_one(Question, question).conversation_id)
            held = _plain(conversation.values.get("held"))
            grown = conversation.values.get("grown")
        if reader in (*SHOWN_FIRST, "answer") or (grown and reader != "save"):
            return  # They are shown once more, or answer what was asked after all, and go where that said.
        chosen, of, to = self.audience(reader, code)
        self.secrets = [
            replace(secret, visible_to=chosen, code=of, to=to)
            if secret.writer == writer
            and secret.visible_to not in (NOBODY, EXCHANGE)
            and f" {secret.words} " in held
            else secret
            for secret in self.secrets
        ]

    def agree(self, writer: str, question: int, code: str, *, read: str, plain: bool) -> None:
        """Words that were held and shown are for whoever was chosen before, as their writer says yes.

        Args:
            read: The texts that the writer read last; what was not shown there is not agreed to.
            plain: Whether the phone is shared, and shows nothing again.
        """
        with self.world.database.read() as session:
            asked = session.get_one(Question, question)
            values = session.get_one(Conversation, asked.conversation_id).values
            first = session.get(Answer, values.get("first", 0))
        held = _plain(values.get("held"))
        shown = held if asked.step.startswith(SURE) else _plain(values.get("said"))
        if not plain and fold(shown).strip() not in fold(_plain(read)):
            return
        reader = asked.step.removeprefix(SURE)
        if reader == "before" and first is not None:
            self._answer_with(writer, held, first.question_id)
        elif reader in SHOWN_FIRST or (reader == "one" and values["reader"] != "answer"):
            self._pass_on(writer, held, self.audience(values["reader"] if reader == "one" else reader, code))
        else:
            self._answer_with(writer, held, values["answers"] if asked.flow == "route" else values["meant"])

    def answer_too(self, writer: str, question: int) -> None:
        """Words that went to whoever looks after their writer answer what was asked, too: that was asked."""
        with self.world.database.read() as session:
            asked = session.get_one(Question, question)
            values = session.get_one(Conversation, asked.conversation_id).values
        self._answer_with(writer, _plain(values.get("held")), values["meant"])

    def _answer_with(self, writer: str, held: str, question: int) -> None:
        """What was held is an answer to this question, and for whom that said."""
        with self.world.database.read() as session:
            meant = session.get_one(Question, question)
            circle = select(Circle.code).join(Member, Member.circle_id == Circle.id)
            code = session.scalar(circle.where(Member.id == meant.member_id)) or ""
            about = session.get_one(Conversation, meant.conversation_id).values.get("other_name", "")
        named = next((each.to for each in self._in(writer, held) if each.to), about)
        self._pass_on(writer, held, (meant.visible_to, code, named if meant.visible_to == "buddy" else ""))

    def _in(self, writer: str, held: str) -> list[Secret]:
        return [each for each in self.secrets if each.writer == writer and f" {each.words} " in held]

    def _pass_on(self, writer: str, held: str, whom: tuple[str, str, str]) -> None:
        """What stands in held words of a writer is for these, if it may go anywhere."""
        chosen, of, to = whom
        these = {each.words for each in self._in(writer, held) if each.visible_to not in (NOBODY, EXCHANGE)}
        self.secrets = [
            replace(each, visible_to=chosen, code=of, to=to)
            if each.writer == writer and each.words in these
            else each
            for each in self.secrets
        ]

    def audience(self, reader: str, code: str) -> tuple[str, str, str]:
        """Return whom a chosen reader stands for: as `visible_to`, `code` and `to` of a secret."""
        kind, _, seat = reader.partition(":")
        if kind == "writer":
            with self.world.database.read() as session:
                address = select(Address.uri).join(Member, Member.person_id == Address.person_id)
                uri = session.scalars(address.where(Member.id == int(seat))).first() or ""
            return "relay", code, self.world.name(uri.partition(":")[2])
        # Which buddy, of several circles, may be asked after that.
        return ("relay", "", "") if kind == "buddy" else (kind, code, "")

    def tell_circle(self, writer: str, question: int) -> None:
        """The goal or step that this question is about is for the circle, too, as its writer says yes."""
        with self.world.database.read() as session:
            conversation = session.get_one(Conversation, session.get_one(Question, question).conversation_id)
            sharing = conversation.values.get("sharing") or {}
            rows = [session.get(kind, sharing[key]) for key, kind in _TOLD.items() if key in sharing]
            told = f" {plain_text(' '.join(row.words or '' for row in rows if row is not None))} "
        self.secrets = [
            replace(secret, visible_to="circle", to="")
            if secret.writer == writer
            and secret.visible_to in ("us", "buddy")
            and f" {secret.words} " in told
            else secret
            for secret in self.secrets
        ]

    def take_back(self, writer: str) -> None:
        """Let nobody read from now on what was given last; of private words that is nothing new.

        While someone looks after the writer, what they write goes to that person, and takes nothing back.
        """
        with self.world.database.read() as session:
            looked_after = session.scalar(
                select(AlertStep.id)
                .join(Alert, Alert.id == AlertStep.alert_id)
                .where(
                    Alert.person_id == self._person(session, writer),
                    Alert.closed_at.is_(None),
                    AlertStep.what == TOLD,
                )
                .limit(1)
            )
        if self.service.takes_back and looked_after is None and not self._gave_since(writer):
            self._amend(
                lambda secret: secret.writer == writer,
                lambda secret: replace(secret, taken_back=True),
            )

    def forget(self, writer: str) -> None:
        """Let nobody read anything of a writer's from now on."""
        self.secrets = [replace(s, taken_back=True) if s.writer == writer else s for s in self.secrets]

    def stays(self, writer: str, said: str) -> None:
        """Go by it where the service took nothing back, and said of which words that they stay."""
        quoted = _QUOTED.search(said)
        written = [plain_text(each.words) for each in self.meant.values() if each.name == writer]
        texts = [each for each in written if quoted and each.startswith(plain_text(quoted[1]))]
        self._amend(
            lambda secret: (
                secret.writer == writer
                and secret.taken_back
                and any(f" {secret.words} " in f" {text} " for text in texts)
            ),
            lambda secret: replace(secret, taken_back=False),
        )

    def says_yes_to(self, writer: str, shown: str) -> None:
        """What its writer took back before, and was shown once more, may be read again by their yes."""
        there = _plain(shown)
        self.secrets = [
            replace(each, taken_back=False) if each.writer == writer and f" {each.words} " in there else each
            for each in self.secrets
        ]

    def _gave_since(self, writer: str) -> bool:
        """Return whether something else was given after the newest secret: that is what goes."""
        newest = next((each for each in reversed(self.secrets) if each.writer == writer), None)
        if newest is None or newest.at is None:
            return False
        texts = [each for each in self.meant.values() if each.name == writer and each.at >= newest.at]
        return any(each.kind == "answer" for each in texts[1:])

    def wrote_twice(self, body: str) -> bool:
        """Return whether somebody wrote two texts whose words a text of ours may carry."""
        return sum(each.kind != "again" and each.words in body for each in self.meant.values()) > 1

    def _amend(self, chosen: Callable[[Secret], bool], change: Callable[[Secret], Secret]) -> None:
        """Change the newest secret that is chosen, if one is."""
        for index in range(len(self.secrets) - 1, -1, -1):
            if chosen(self.secrets[index]):
                self.secrets[index] = change(self.secrets[index])
                return

    def may_read(self, session: Session, secret: Secret, reader: str, at: dt.datetime) -> bool:
        """Return whether a reader may see the words of a secret at this moment."""
        if reader == secret.writer:
            return True
        if secret.to and (reader == secret.to or secret.visible_to != "released"):
            return reader == secret.to
        host = self.hosts.get(secret.code)
        if secret.visible_to == "circle":
            here = secret.code in self.seats[reader] or reader == host
            # What someone shares may be said of them to whoever they meet: they were shown it, and said yes.
            return here or self._were_to_meet(session, secret, reader)
        if secret.visible_to == "host":
            return reader == host
        if secret.visible_to == EXCHANGE:
            return reader in self.hosts.values() or self._was_asked(session, secret, reader)
        if secret.visible_to in ("buddy", "relay", "released"):
            lately = at - BUDDIES_FOR if secret.visible_to != "buddy" else None
            linked = secret.visible_to != "buddy" and self._were_linked(session, secret, reader)
            return linked or self._were_buddies(session, secret, reader, lately)
        return False

    def _were_linked(self, session: Session, secret: Secret, reader: str) -> bool:
        """Return whether an ask, a call or a meeting lets the two write to each other with @."""
        both = [
            select(Member.id).where(Member.person_id == self._person(session, name))
            for name in (secret.writer, reader)
        ]
        lines = (
            select(Approach.id)
            .join(Listing, Listing.id == Approach.listing_id)
            .where(Approach.linked_at.is_not(None))
        )
        either = or_(
            *(Listing.member_id.in_(one) & Approach.member_id.in_(other) for one, other in (both, both[::-1]))
        )
        linked = session.scalar(lines.where(either).limit(1)) is not None
        return linked or self._were_to_meet(session, secret, reader)

    def _was_asked(self, session: Session, secret: Secret, reader: str) -> bool:
        """Return whether a reader was asked by the writer, shares a circle, or was to meet them."""
        writer_id, reader_id = self._person(session, secret.writer), self._person(session, reader)
        if self.seats[secret.writer] & self.seats[reader]:
            return True
        writers, readers = (
            select(Member.id).where(Member.person_id == each) for each in (writer_id, reader_id)
        )
        asked = (
            select(Approach.id)
            .join(Listing, Listing.id == Approach.listing_id)
            .where(Listing.member_id.in_(writers), Approach.member_id.in_(readers))
        )
        return session.scalar(asked.limit(1)) is not None or self._were_to_meet(session, secret, reader)

    def _were_to_meet(self, session: Session, secret: Secret, reader: str) -> bool:
        """Return whether a reader was to be introduced to a secret's writer, or by them."""
        writer_id = self._person(session, secret.writer)
        of_reader = select(Member.id).where(Member.person_id == self._person(session, reader))
        of_writer = select(Member.id).where(Member.person_id == writer_id)
        theirs = select(Introduced.introduction_id).where(Introduced.member_id.in_(of_reader))
        met = select(Introduced.id).where(
            Introduced.introduction_id.in_(theirs),
            or_(Introduced.written_by == writer_id, Introduced.member_id.in_(of_writer)),
        )
        return session.scalar(met.limit(1)) is not None

    def was_told_of(self, session: Session, secret: Secret, reader: str) -> bool:
        """Return whether a secret's writer had been told that this reader gets their words."""
        told = (
            select(AlertStep.id)
            .join(Alert, Alert.id == AlertStep.alert_id)
            .where(
                Alert.person_id == self._person(session, secret.writer),
                AlertStep.person_id == self._person(session, reader),
                AlertStep.what == TOLD,
                AlertStep.at <= secret.at,
            )
        )
        return session.scalar(told.limit(1)) is not None

    def _person(self, session: Session, name: str) -> int | None:
        uri = to_uri(self.world.number(name))
        return session.scalar(select(Address.person_id).where(Address.uri == uri))

    def _were_buddies(self, session: Session, secret: Secret, reader: str, since: dt.datetime | None) -> bool:
        pairs = (
            select(PairMember.pair_id)
            .join(Member, Member.id == PairMember.member_id)
            .join(Address, Address.person_id == Member.person_id)
            .join(Circle, Circle.id == Member.circle_id)
        )
        if secret.code:
            pairs = pairs.where(Circle.code == secret.code)
        writers = pairs.where(Address.uri == to_uri(self.world.number(secret.writer)))
        readers = pairs.where(Address.uri == to_uri(self.world.number(reader)))
        found = select(Pair.id).where(Pair.id.in_(writers), Pair.id.in_(readers))
        if since is not None:
            found = found.where(Pair.made_at > since)
        return session.scalar(found.limit(1)) is not None


def _plain(held: object) -> str:
    return f" {plain_text(str(held or ''))} "


def plain_text(words: str) -> str:
    """Return the words alone, as they are looked for."""
    return _BETWEEN_WORDS.sub(" ", words.casefold()).strip()
