"""Dies after each commit and send of a short conversation, one by one: it must end as if nothing happened.

A process that has read the flows forks for each death, so that hundreds of them take a minute. The phones and
the carrier's log are a file: they outlive whoever dies.

    python -m tests.soak.deaths sqlite|SERVER_URL FOLDER EVERY
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, or_, select

from assistant.carriers.carrier import Accepted, CarrierError, Content, LoggedText, Trouble
from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.hosts.circle_setup import Plan, create_circle
from assistant.conversations import inbox, timers
from assistant.delivery import reconciliation, sender
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.engine.book import FlowBook
from assistant.language.places.cities import load_atlas
from assistant.runtime import read_flows
from assistant.safety import danger_reader
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store import migrate
from assistant.store.database import Database
from assistant.store.tables import Inbox, Outbox
from tests.servers import create_database, drop_database

DIED = 9
NUMBER, SENDER = "+14155550100", "MG00000000000000000000000000000001"
IDENTITY = ServiceIdentity(
    service="Circle", contact="help@example.org", country="US", sender=SENDER, number=NUMBER
)
LUZ, ANA = "+14155550101", "+14155550102"
MONDAY = dt.datetime(2027, 3, 1, 16, tzinfo=dt.UTC)
"""10:00 in Chicago."""
TYPING = dt.timedelta(seconds=20)
STOP = "please stop texting me"
CONVERSATION = (
    (LUZ, "HOST MAPLE"),
    (LUZ, "Luz"),
    (ANA, "JOIN MAPLE"),
    (ANA, "I'm Ana"),
    (ANA, "1"),
    (ANA, "Chicago, evenings"),
    (ANA, "no, just me"),
    (ANA, "OK"),
    (ANA, "my bread turned out well"),
    (ANA, "the whole circle"),
    (ANA, "yes"),
    (ANA, "no name"),
    (ANA, "goal"),
    (ANA, "Two job interviews"),
    (ANA, "If I am tired, then ten minutes"),
    (ANA, STOP),
)
TO_THE_END = 6
"""After one death in so many the whole rest is played, after the others the same text and the next."""
CONFIRMED = "You are opted out"
"""The confirmation of an opt-out: a minute late it is dropped, as it must be."""
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d")


class Place(Protocol):
    """Where a conversation's database is kept, so that it can be begun again from where it stood."""

    def url(self) -> str: ...

    def save(self, name: str) -> None: ...

    def load(self, name: str) -> None: ...


@dataclass
class Files:
    """A database on SQLite, in one folder."""

    folder: Path

    def url(self) -> str:
        """Where the one that is being played with is."""
        return f"sqlite:///{self.folder / 'now.db'}"

    def save(self, name: str) -> None:
        """Keep it as it is."""
        shutil.copy(self.folder / "now.db", self.folder / f"{name}.db")

    def load(self, name: str) -> None:
        """Bring back what was kept."""
        for left in self.folder.glob("now.db*"):
            left.unlink()
        shutil.copy(self.folder / f"{name}.db", self.folder / "now.db")


@dataclass
class Copies:
    """A database on a PostgreSQL server; what is kept are databases, too."""

    server: str

    def url(self) -> str:
        """Where the one that is being played with is."""
        return f"{self.server}now"

    def save(self, name: str) -> None:
        """Keep it as it is; nobody may be connected to it."""
        create_database(self.server, name, template="now")

    def load(self, name: str) -> None:
        """Bring back what was kept."""
        drop_database(self.server, "now")
        create_database(self.server, "now", template=name)


@dataclass
class Death:
    """Ends the process after so many commits and sends; counts them."""

    after: int = 0
    """0: never."""
    happened: int = 0

    def strike(self) -> None:
        """One more has happened."""
        self.happened += 1
        if self.happened == self.after:
            os._exit(DIED)

    def watch(self, database: Database) -> None:
        """Count this database's commits, once they are done."""
        dialect: Any = database.engine.dialect
        commit: Callable[[Any], None] = dialect.do_commit

        def do_commit(connection: Any) -> None:
            commit(connection)
            self.strike()

        dialect.do_commit = do_commit


@dataclass
class FilePhones:
    """A carrier with its phones, in a file: one line for each text that it took."""

    path: Path
    clock: ManualClock
    death: Death

    async def fetch_media(self, url: str, most: int) -> bytes:
        raise CarrierError(Trouble.FIX)

    async def drop_media(self, url: str) -> None:
        pass

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        sid = f"SM{sum(1 for _ in self.lines()):032d}"
        with self.path.open("a") as file:
            file.write(json.dumps([sid, to_uri, body, self.clock.real().isoformat()]) + "\n")
        self.death.strike()
        return Accepted(sid, "queued")

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        return [
            LoggedText(sid, SENDER, to, body, False, "sent", dt.datetime.fromisoformat(at))
            for sid, to, body, at in self.lines()
            if to == to_uri and dt.datetime.fromisoformat(at) >= since
        ]

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        return []

    async def close(self) -> None:
        return

    def lines(self) -> Iterable[list[str]]:
        """Each text that it took: its id, to whom, the words, when."""
        return map(json.loads, self.path.read_text().splitlines()) if self.path.exists() else ()


@dataclass
class Walk:
    """A conversation that is played again and again, each time with another death."""

    place: Place
    folder: Path
    book: FlowBook
    death: Death = field(default_factory=Death)
    database: Database = field(init=False)
    """One for all, so that each child finds its statements compiled."""
    kept: dict[int, tuple[dt.datetime, int]] = field(default_factory=dict)
    """By the text before which it was kept: the time, and how many commits and sends had happened."""

    @property
    def phones(self) -> Path:
        """The file of what phones received."""
        return self.folder / "phones.jsonl"

    def prepare(self) -> None:
        """Make the circle that is joined, and read what every child would have to."""
        danger_reader.read_ahead()
        load_atlas()
        self.database = Database(self.place.url(), durable=False)
        self.death.watch(self.database)
        migrate.upgrade(self.database)
        with self.database.write() as session:
            plan = Plan(name="Maple", code="MAPLE", host=LUZ, zone="America/Chicago")
            create_circle(session, plan, country="US", now=MONDAY)
        self.database.close()

    def undisturbed(self) -> None:
        """Play it without a death, keeping how it stood before each text, and at the end."""
        clock = ManualClock(MONDAY)
        self.death.happened = 0
        self.phones.touch()
        for number in range(len(CONVERSATION) + 1):
            self.place.save(f"at{number}")
            shutil.copy(self.phones, self._phones_at(number))
            self.kept[number] = clock.now(), self.death.happened
            self._play(range(number, min(number + 1, len(CONVERSATION))), clock)
            self.database.close()

    def with_death(self, after: int, texts: int = len(CONVERSATION)) -> str | None:
        """Play it with a death after so many commits and sends, and so many texts after it.

        Returns:
            How what phones received differs from the run without a death: "" when it does not. None when
            there are not so many commits and sends.
        """
        number = max(each for each, (_, happened) in self.kept.items() if happened < after)
        if number == len(CONVERSATION):
            return None
        now, happened = self.kept[number]
        self.place.load(f"at{number}")
        shutil.copy(self._phones_at(number), self.phones)
        ended = self._fork([number], now, after - happened)
        assert ended == DIED, f"the death after {after} did not come ({ended})"
        # Whoever comes after: the carrier had no answer for the text, perhaps, and brings it again.
        end = min(number + texts, len(CONVERSATION))
        ended = self._fork(range(number, end), now, 0)
        assert ended == 0, f"after the death after {after} it could not go on ({ended})"
        return difference(heard_in(self._phones_at(end)), heard_in(self.phones)) or ""

    def _phones_at(self, number: int) -> Path:
        return self.folder / f"at{number}.jsonl"

    def _fork(self, texts: Iterable[int], now: dt.datetime, death: int) -> int:
        """Play texts in a child that dies after so many commits and sends; return how it ended."""
        child = os.fork()
        if child == 0:
            try:
                self.death.after, self.death.happened = death, 0
                self._play(texts, ManualClock(now))
            except BaseException as error:
                sys.stderr.write(f"{error!r}\n")
                os._exit(1)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _play(self, texts: Iterable[int], clock: ManualClock) -> None:
        services = Services(
            database=self.database,
            book=self.book,
            carrier=FilePhones(self.phones, clock, self.death),
            clock=clock,
            identity=IDENTITY,
            wake=lambda _queue: None,
        )
        for number in texts:
            phone, body = CONVERSATION[number]
            came = IncomingText(f"SMin{number:030d}", f"sms:{phone}", f"sms:{NUMBER}", body, {}, clock.now())
            with self.database.write() as session:
                insert_texts(session, [came])
            _work_until_quiet(services, clock)
            clock.forward(TYPING)


def _work_until_quiet(services: Services, clock: ManualClock) -> None:
    """Do what the workers do, letting time pass, until nothing is on its way."""
    with asyncio.Runner() as loop:
        for _ in range(200):
            inbox.drain(services, float("inf"))
            timers.fire_due(services, time.monotonic() + 1)
            reconciliation.settle_unsure(services, loop.run)
            sender.drain(services, until=time.monotonic() + 0.2, run=loop.run)
            if not _busy(services.database, clock.now()):
                return
            clock.forward(dt.timedelta(seconds=5))
    raise AssertionError("it never comes to rest")


def _busy(database: Database, now: dt.datetime) -> bool:
    under_way = or_(
        Outbox.state.in_(("claimed", "unsure")), (Outbox.state == "queued") & (Outbox.not_before <= now)
    )
    with database.read() as session:
        return bool(
            session.scalar(select(func.count()).select_from(Inbox).where(Inbox.state == "new"))
            or session.scalar(select(func.count()).select_from(Outbox).where(under_way))
        )


def heard_in(phones: Path) -> list[tuple[str, str]]:
    """What each phone received, in order, with the time of day left out of the words."""
    lines = [json.loads(line) for line in phones.read_text().splitlines()]
    return sorted(
        ((to, _TIME_OF_DAY.sub("H:MM", body)) for _, to, body, _ in lines), key=lambda each: each[0]
    )


def difference(undisturbed: list[tuple[str, str]], heard: list[tuple[str, str]]) -> str | None:
    """Say how what was heard differs from the undisturbed run; None when it does not."""
    if heard == undisturbed or heard == [each for each in undisturbed if CONFIRMED not in each[1]]:
        return None
    missing, more = Counter(undisturbed) - Counter(heard), Counter(heard) - Counter(undisturbed)
    return (
        f"missing {list(missing.elements())}, too many {list(more.elements())}"
        if missing or more
        else "order"
    )


def walk(place: Place, folder: Path, every: int = 1) -> tuple[int, list[str]]:
    """Die after every so many-th commit or send; returns how many deaths there were and what went wrong."""
    all_of_it = Walk(place, folder, read_flows())
    all_of_it.prepare()
    all_of_it.undisturbed()
    wrong, deaths, after = [], 0, 1
    while (
        told := all_of_it.with_death(after, len(CONVERSATION) if deaths % TO_THE_END == 0 else 2)
    ) is not None:
        deaths += 1
        if told:
            wrong.append(f"death after {after}: {told}")
        after += every
    return deaths, wrong


def main(arguments: Sequence[str]) -> int:
    """Walk, and print a line for each death that left a trace. Exit code 1: one did."""
    where, folder, every = arguments[0], Path(arguments[1]), int(arguments[2])
    place: Place = Files(folder) if where == "sqlite" else Copies(where)
    deaths, wrong = walk(place, folder, every)
    print("\n".join([f"{deaths} deaths", *wrong]))
    return 1 if wrong or not deaths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
