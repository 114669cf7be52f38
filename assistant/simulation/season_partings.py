"""Lets people of a simulated season part: leave and think again, or have everything of theirs erased."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.simulation.privacy_checks import check_forgotten, check_name_forgotten
from assistant.store.tables import Address, Member

if TYPE_CHECKING:
    from assistant.simulation.acting import Actor, Company

GOES: Final = ("LEAVE", "SALIR")
SECOND_THOUGHT: Final = dt.timedelta(seconds=30)
"""After which someone who texted LEAVE takes it back."""
THOUGHT_OVER: Final = dt.timedelta(minutes=4)
"""After which a leaving that was not undone would have happened."""
READS_IN: Final = dt.timedelta(minutes=1)
ERASING: Final = "erase_me"
ERASED_IN: Final = dt.timedelta(minutes=2)
"""After the yes; within it the last text has come."""
LOOKED_FOR: Final = dt.timedelta(minutes=75)
NAME_LOOKED_FOR: Final = dt.timedelta(hours=26)
"""A text that names the person may wait for its reader's morning."""


def leave_and_stay(company: Company, actor: Actor) -> None:
    """Have someone leave, and undo it within the minute: then nothing has happened to the seat."""
    name, now = actor.who.name, company.world.clock.now()
    if not _is_seated(company, name) or name in company.watcher.stopped:
        return
    company.say(name, company.voice.say(actor.who, "go")[0], "changes")
    stays = company.voice.say(actor.who, "stay")[0]
    company.agenda.add(now + SECOND_THOUGHT, lambda: company.say(name, stays, "changes"))
    company.agenda.add(company.world.clock.now() + THOUGHT_OVER, lambda: _check_seat(company, name))


def ask_to_be_forgotten(company: Company, actor: Actor) -> None:
    """Have someone ask for everything to be erased, unless they have gone; the yes comes when asked."""
    name = actor.who.name
    if actor.gone or name in company.watcher.stopped or not actor.codes:
        return
    actor.erases = True
    company.say(name, company.voice.say(actor.who, "erase")[0])
    company.look_up(actor, company.world.clock.now() + READS_IN)


def say_yes_to_erasing(company: Company, actor: Actor, asked: str) -> None:
    """Have someone say yes to that question; whatever else is asked, they want it once more."""
    name = actor.who.name
    if asked != ERASING:
        company.say(name, company.voice.say(actor.who, "erase")[0])
        company.look_up(actor, company.world.clock.now() + READS_IN)
        return
    company.say(name, company.voice.say(actor.who, "yes")[0])
    actor.erases, actor.gone, person = False, True, actor.person_id
    since = company.world.clock.now() + ERASED_IN
    company.watcher.forgotten[name] = since
    company.agenda.add(since, lambda: company.watcher.ledger.forget(name))
    score, world, ledger = company.watcher.score, company.world, company.watcher.ledger
    company.agenda.add(since + LOOKED_FOR, lambda: check_forgotten(world, score, ledger, name))
    company.agenda.add(since + NAME_LOOKED_FOR, lambda: check_name_forgotten(world, score, name, person))


def _check_seat(company: Company, name: str) -> None:
    now, stays = company.world.clock.now(), _is_seated(company, name)
    company.watcher.score.hold("taken", stays, now, name, "left, though it was undone")


def _is_seated(company: Company, name: str) -> bool:
    with company.world.database.read() as session:
        seat = select(Member.id).join(Address, Address.person_id == Member.person_id)
        here = seat.where(Address.uri == to_uri(company.world.number(name)), Member.state == "active")
        return session.scalar(here.limit(1)) is not None
