"""Lets each person of a simulated season act: look at the phone in their own time, and answer, or not."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.people.consent import consent_of
from assistant.conversations.questions import open_of
from assistant.delivery.verdicts import OPENER
from assistant.simulation import season_partings
from assistant.simulation.exchange_checks import EXCHANGES, THANKED_IN
from assistant.simulation.habits import Habits, Written
from assistant.simulation.personas import IMAGE, PHOTO, Asked, Initiative, Persona, Voice, awake
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.time_travel import Agenda
from assistant.simulation.word_ledger import EXCHANGE, NOBODY, SURE, Meant
from assistant.simulation.world import World
from assistant.simulation.world_phones import shown_to, tap, tapped_for
from assistant.store.tables import Address, Circle, Conversation, Member, Question

IN_HAND: Final = (1, 9)
"""Minutes after which someone who is writing looks again."""
HELLOS, ANSWERS_TO_BUDDY, THANKS = 0.75, 0.6, 0.15
"""How often people say hi to a new buddy, write back to one, and say thanks for a kind line."""
RELAY, TO_ONE = "notices/relay", "notices/relay_to_one"
WRITER: Final = re.compile(r"^(?:[\w ]+: )?(?P<name>\w+)(?:, just to you|, solo a ti)?: ")
"""How words of a buddy begin, after the circle's name where the reader sits in two."""
BY_NAME: Final = 0.3
"""How often a buddy is answered by name, who may be one of two."""
MOST_TO_BUDDY: Final = 3
"""Lines by @ that someone writes in a week unasked."""
ASKS_AGAIN: Final = 0.5
"""How often someone who wrote of danger asks whether anyone is there."""
MORE_AFTER: Final = dt.timedelta(minutes=12)
NOW: Final = dt.timedelta(0)
IN_THE_HOUR: Final = "circle_hour/"
"""Wordings that come to whoever said they are there."""
TELLS_CIRCLE: Final = ("goal/tell", "win/tell")
"""Questions whose yes lets the circle hear what only a buddy, or nobody, would hear."""
LINKED: Final = re.compile(r"(?<!\w)@(?P<name>\w+)")
"""In a text that links two stands how to write to the other."""
HOLDS: Final = ("route", "for_which", "second_half")
"""Flows that hold words, and show them before they go anywhere."""
LAST_READ: Final = 8
"""Texts: what a question shows stands in one of them, and in no other words than it has now."""
HER_NUMBER: Final = "2105550147"
"""The one that Rosa writes to a buddy in personas.toml."""
JUST_NOW: Final = dt.timedelta(seconds=2)
"""A question that was asked no longer ago may cross with a text; later it may have been read."""


@dataclass(slots=True)
class Actor:
    """A persona who plays: what there is in mind."""

    who: Persona
    codes: list[str] = field(default_factory=list)
    person_id: int = 0
    looks_at: dt.datetime | None = None
    unread: list[Passed] = field(default_factory=list)
    last: str = ""
    """The words that were read last."""
    stops: bool = False
    """Whether the actor has made up their mind to text STOP at the next question."""
    erases: bool = False
    """Whether the actor is to say yes when asked whether everything is to be erased."""
    gone: bool = False
    hellos: dict[int, int] = field(default_factory=dict)
    """By week: how many lines by @ were written."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.who.zone)


@dataclass(slots=True)
class Company:
    """Everyone who acts, and what they share."""

    world: World
    watcher: Watcher
    voice: Voice
    habits: Habits
    chance: random.Random
    actors: Mapping[str, Actor]
    agenda: Agenda
    moment: Callable[[float], dt.datetime]
    """When a part (0 to 1) of the season has passed."""

    def hear(self, text: Passed) -> None:
        """A text reached someone, who will look at the phone in due time."""
        actor = self.actors[text.name]
        actor.unread.append(text)
        actor.last = text.body
        if text.row is not None and text.row.purpose == "prompt" and text.name not in self.watcher.stopped:
            crossing = self.habits.crosses(actor.who)
            if crossing is not None:
                self.agenda.add(text.at, lambda: self._cross(actor, crossing))
        answers = text.row is not None and (
            text.row.purpose == "reply" or text.row.wording.startswith(IN_THE_HOUR)
        )
        low, high = IN_HAND if answers else actor.who.minutes
        wait = dt.timedelta(minutes=low + (high - low) * self.chance.random() ** 2)
        self.look_up(actor, text.at + wait)

    def join(self, name: str, code: str) -> None:
        """Have someone text JOIN and the circle's word, in some way."""
        actor = self.actors[name]
        actor.codes.append(code)
        self.watcher.ledger.seats[name].add(code)
        self._write(actor, Written(*self.voice.say(actor.who, "join", code=code)))

    def say(self, name: str, words: str, meant: str = "answer") -> None:
        """Have someone text just that."""
        self._write(self.actors[name], Written(words, meant=meant))

    def cry(self, name: str, words: str) -> None:
        """Have someone write of danger, and perhaps ask soon after whether anyone is there."""
        actor = self.actors[name]
        self._write(actor, Written(words, words, NOBODY, meant="danger"))
        if self.chance.random() < ASKS_AGAIN:
            more, _ = self.voice.say(actor.who, "still there")
            self._write_after(MORE_AFTER, actor, Written(more, meant="more"))

    def do(self, name: str, initiative: Initiative) -> None:
        """Do something unasked, unless the actor has gone."""
        actor = self.actors[name]
        if initiative.stops:
            actor.stops = True
            self.look_up(actor, self.world.clock.now())
            return
        if actor.gone or (actor.who.name in self.watcher.stopped and initiative.says != "START"):
            return
        mate = self._mate(actor, actor.codes[0] if actor.codes else "")
        words, image = self.voice.fill(actor.who, initiative.says, mate=mate)
        self._write(actor, Written(words, image, "relay" if words.startswith("@") else "us"))
        if initiative.zone:
            actor.who = replace(actor.who, zone=initiative.zone, lives="Madrid")
            self.watcher.walls[actor.who.name] = initiative.zone
        if words.upper() in ("LEAVE", "SALIR"):
            actor.gone = True

    def exchange(self, name: str, what: str) -> None:
        """Have someone ask the circle, offer it something, or want to meet someone, unless they have gone."""
        actor = self.actors[name]
        if actor.gone or name in self.watcher.stopped or not actor.codes:
            return
        code = actor.codes[0]
        mate, other = self._mate(actor, code), self._mate(actor, code)
        words, image = self.voice.say(actor.who, what, mate=mate, other=other)
        self._write(actor, Written(words, image, EXCHANGE))

    def _is_out(self, actor: Actor) -> bool:
        """Return whether nothing may be said to the actor: out, in whatever words."""
        with self.world.database.read() as session:
            uri = to_uri(self.world.number(actor.who.name))
            address_id = session.scalar(select(Address.id).where(Address.uri == uri))
            sender = self.world.services.identity.sender
            return bool(address_id) and consent_of(session, address_id or 0, sender) == "out"

    def look_up(self, actor: Actor, moment: dt.datetime) -> None:
        """Have the actor look at the phone then, if not before; in a silent spell, when that is over."""
        spell = actor.who.silent
        if spell is not None and self.moment(spell[0]) <= moment < self.moment(spell[1]):
            moment = self.moment(spell[1])
        moment = awake(moment, actor.zone, self.chance)
        if actor.looks_at is None or moment < actor.looks_at:
            actor.looks_at = moment
            self.agenda.add(moment, lambda: self._take_up(actor, moment))

    def _take_up(self, actor: Actor, moment: dt.datetime) -> None:
        """Have the actor look: answer what is asked, or what a buddy wrote, or put the phone away."""
        if actor.looks_at != moment:
            return  # The actor has looked since.
        actor.looks_at = None
        unread, actor.unread = actor.unread, []
        if actor.who.name in self.watcher.stopped or actor.who.name in self.watcher.forgotten:
            return
        asked, visible_to, code = self._asked(actor)
        if asked is not None and actor.erases:
            season_partings.say_yes_to_erasing(self, actor, asked.flow)
        elif asked is not None and actor.stops:
            actor.stops = False
            self._write(actor, Written("STOP"))
        elif unread and unread[-1].row is not None and unread[-1].row.wording == OPENER:
            # What is asked was not said yet.
            if self.chance.random() < actor.who.answers:
                self._write(actor, Written(shown_to(self.world, actor.who.name)[0], meant="opens"))
        elif asked is not None:
            if self.chance.random() < actor.who.answers:
                self._answer(actor, asked, visible_to, code)
        else:
            self._react(actor, unread)

    def _asked(self, actor: Actor) -> tuple[Asked | None, str, str]:
        """Return what stands open on the phone, who it says will see the answer, and its circle."""
        with self.world.database.read() as session:
            if not actor.person_id:
                uri = to_uri(self.world.number(actor.who.name))
                actor.person_id = session.scalar(select(Address.person_id).where(Address.uri == uri)) or 0
            question = open_of(session, actor.person_id)
            if question is None:
                return None, "us", ""
            conversation = session.get_one(Conversation, question.conversation_id)
            step = self.world.services.book.today(question.flow, question.step)
            assert step is not None
            listed = conversation.values.get(step.choices_from or "", ())
            code = session.scalar(
                select(Circle.code)
                .join(Member, Member.circle_id == Circle.id)
                .where(Member.id == question.member_id)
            )
            asked = Asked(
                question.flow,
                question.step,
                (step.expect or "text").split()[0],
                tuple(option.key for option in step.options),
                tuple(each["label"] for each in listed),
                question.unclear,
                tuple(each["key"] for each in listed),
                question.id,
                "" if conversation.values.get("many") else conversation.values.get("other_name", ""),
            )
            return asked, question.visible_to, code or ""

    def _answer(self, actor: Actor, asked: Asked, visible_to: str, code: str) -> None:
        who = actor.who
        mate = self._mate(actor, code)
        last_code = actor.codes[-1] if actor.codes else ""
        words, image = self.voice.answer(self.habits.speaker(who, asked), asked, mate, last_code, actor.last)
        to = mate if image and visible_to == "buddy" and mate in words else ""
        if asked.flow == "kind_note":
            visible_to, to = "circle", asked.about
        if asked.flow in EXCHANGES and asked.kind == "text":
            visible_to = EXCHANGE
        if asked.step == "thanks" and asked.flow in THANKED_IN:
            visible_to, to = "buddy", asked.about
        if asked.flow == "kind_line" and asked.step == "line":
            visible_to, to = "buddy", asked.about
        texts = self.habits.bend(who, asked, Written(words, image, visible_to, code, to))
        if any(text.words == words for text in texts):
            # A habit may have written something else in place of what was to be said.
            self._let_read(actor, asked, words, mate, code)
        shows = asked.flow in HOLDS and asked.step.startswith(SURE)
        for text in texts:
            if shows and text.meant == "aside":
                continue  # Asked whether these are the words, any others are the words anew.
            self._reply(actor, asked, text)

    def _let_read(self, actor: Actor, asked: Asked, words: str, mate: str, code: str) -> None:
        """Remember who may read what was held until now, by these words of its writer."""
        name, ledger = actor.who.name, self.watcher.ledger
        about = f"{asked.flow}/{asked.step}"
        chosen = int(words) if words.isdigit() else 0
        if about == "kind_line/who":
            ledger.readdress(name, mate)
        if asked.flow == "for_which" and 0 < chosen <= len(asked.labels):
            ledger.reassign(name, self._code(asked.labels[chosen - 1]))
        if asked.step == "which" and asked.flow in ("relay", "link_words") and words.isdigit():
            ledger.release(name)
        if about in ("relay/number", "link_words/number", "answer_writer/number") and words == "1":
            self.watcher.given.add(HER_NUMBER)
        if about == "route/ask" and 0 < chosen <= len(asked.keys):
            ledger.give(name, asked.question, asked.keys[chosen - 1], code)
        # Whoever they are for may have been chosen by a reply that was meant for something else.
        sure = asked.flow in HOLDS and asked.step.startswith(SURE) and self.voice.says_yes(words)
        if sure or (about == "number_meant/which" and chosen == 1):
            ledger.agree(name, asked.question, code, read=self._read_by(actor), plain=actor.who.shared)
        # Of a draft that is shown, 2 sends it without a name.
        if words == "1" or (asked.step == "show" and words == "2"):
            ledger.says_yes_to(name, self._read_by(actor, 1))
        if about == "alert_to_paged/answer" and self.voice.says_yes(words):
            ledger.answer_too(name, asked.question)

    def _read_by(self, actor: Actor, texts: int = LAST_READ) -> str:
        """Return the texts that came to someone last, the newest first: a question, and what it shows."""
        came = [text.body for text in self.watcher.passed if text.name == actor.who.name and not text.inbound]
        return " ".join(came[: -texts - 1 : -1])

    def _reply(self, actor: Actor, asked: Asked, text: Written) -> None:
        """Write this to a question; a yes may let the circle hear what was not for it before."""
        if f"{asked.flow}/{asked.step}" in TELLS_CIRCLE and self.voice.says_yes(text.words):
            self.watcher.ledger.tell_circle(actor.who.name, asked.question)
        self._write_after(text.after, actor, text, asked.question)

    def _code(self, name: str) -> str:
        """The code of the circle of this name."""
        with self.world.database.read() as session:
            circles = session.execute(select(Circle.code, Circle.name))
            return next(code for code, named in circles if named == name)

    def _react(self, actor: Actor, unread: list[Passed]) -> None:
        """Nothing is asked: see to an alert, say hi to a new buddy, write back to one, or leave it."""
        if any(text.row is not None and text.row.purpose == "alert" for text in unread):
            self._write(actor, Written(*self.voice.say(actor.who, "alert")))
            return
        wordings = [text.row.wording for text in unread if text.row is not None]
        week = (self.world.clock.now() - self.moment(0)).days // 7
        about = ""
        if any(wording.startswith(("buddy_meet/", "buddy_middle/")) for wording in wordings):
            about = "hello" if self.chance.random() < HELLOS else ""
        elif linked := next(
            (text for text in unread if text.row is not None and LINKED.search(text.body)), None
        ):
            self._write_to_linked(actor, linked)
            return
        elif any(wording in (RELAY, TO_ONE) for wording in wordings):
            about = "answer" if self.chance.random() < ANSWERS_TO_BUDDY else ""
        elif any(wording.startswith(("notices/kind", "notices/thanks")) for wording in wordings):
            about = "thanks" if self.chance.random() < THANKS else ""
        if not about or (about != "thanks" and actor.hellos.get(week, 0) >= MOST_TO_BUDDY):
            return
        words, image = self.voice.say(actor.who, about)
        if about != "thanks":
            actor.hellos[week] = actor.hellos.get(week, 0) + 1
        to = self._answered_by_name(unread) if about == "answer" else ""
        if to:
            words = words.replace("@", f"@{to}", 1)
        self._write(actor, Written(words, image, "us" if about == "thanks" else "relay", to=to))

    def _answered_by_name(self, unread: list[Passed]) -> str:
        """Return whose line is answered by the writer's name: sometimes, and where it was for one alone."""
        lines = [text for text in unread if text.row is not None and text.row.wording in (RELAY, TO_ONE)]
        found = WRITER.search(lines[-1].body) if lines else None
        if found is None or found["name"] not in self.actors:
            return ""
        alone = lines[-1].row.wording != RELAY
        return found["name"] if alone or self.chance.random() < BY_NAME else ""

    def _write_to_linked(self, actor: Actor, text: Passed) -> None:
        """Write to whoever an ask or an introduction linked the actor with, by the name in the text."""
        found = LINKED.search(text.body)
        if found is None or self.chance.random() >= ANSWERS_TO_BUDDY:
            return
        mate = found["name"]
        words, image = self.voice.say(actor.who, "linked", mate=mate)
        self._write(actor, Written(words, image, "relay", to=mate))

    def _mate(self, actor: Actor, code: str) -> str:
        """Return someone else of the circle."""
        mates = [
            name
            for name, other in self.actors.items()
            if code in other.codes
            and name != actor.who.name
            and not other.gone
            and name not in self.watcher.stopped
        ]
        return self.chance.choice(mates) if mates else "someone"

    def _cross(self, actor: Actor, text: Written) -> None:
        """Have the actor's text cross with our question, which it does not answer."""
        asked, _, _ = self._asked(actor)
        if asked is not None and self._was_just_asked(asked.question):
            self._write(actor, text, asked.question)

    def _was_just_asked(self, question: int) -> bool:
        """Whether a question came this very moment: one of yesterday, any words may answer."""
        with self.world.database.read() as session:
            opened_at = session.get_one(Question, question).opened_at
        return opened_at > self.world.clock.now() - JUST_NOW

    def _write_after(self, wait: dt.timedelta, actor: Actor, text: Written, question: int = 0) -> None:
        # Whoever writes in halves goes on at once, whatever others do meanwhile.
        if wait and text.meant != "half":
            self.agenda.add(self.world.clock.now() + wait, lambda: self._write(actor, text, question))
        else:
            self._write(actor, text, question)

    def _write(self, actor: Actor, text: Written, question: int = 0) -> None:
        """Text for the actor; what is unique in it is remembered with who may see it."""
        name, words = actor.who.name, text.words
        if text.meant == "takes_back":
            self.watcher.ledger.take_back(name)
        self.watcher.ledger.note(name, text)
        actor.unread = []
        out = self._is_out(actor)
        if words == PHOTO:
            sid = self.world.text(name, "", media=[("", "image/jpeg")])
        elif text.meant in ("crossing", "again"):
            sid = self.world.crossing_text(name, words)
        elif (
            not text.after and text.meant in ("", "opens") and (title := tapped_for(self.world, name, words))
        ):
            sid = tap(self.world, name, title)
        else:
            waits = {"after": text.after if text.meant == "half" else NOW} if text.after else {}
            sid = self.world.text(name, words.replace(IMAGE, ""), **waits)
        self.watcher.ledger.meant[sid] = Meant(name, words, self.world.clock.now(), text.meant, question, out)
