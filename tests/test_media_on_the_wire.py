"""A photo from phone to phone over real HTTP: webhook, login, fetch, send, link, and the phones page."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from PIL import Image
from werkzeug.serving import make_server

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.circles.people import consent
from assistant.conversations import inbox
from assistant.delivery import sender
from assistant.delivery.claims import is_due
from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_SERVICE_SID
from assistant.fake_twilio.records import Message, Phone
from assistant.fake_twilio.server import Running, running
from assistant.runtime import Runtime, build_runtime
from assistant.settings import load_settings
from assistant.store.tables import Address, Circle, Inbox, Media, Member, Pair, PairMember, Person, Round
from assistant.workers.jobs import JobContext, fetch_media
from tests.fake_twilio.our_side import wait_until
from tests.media.recordings import PLACE, photo, voice
from tests.servers import free_port
from tests.webhooks.twilio_side import Bell
from webhooks import media_door
from webhooks.app import create_app

ANA, MIA = "+14155550111", "+14155550112"
TOO_LARGE = 5 * 1024 * 1024


@dataclass
class Side:
    """Our side and the carrier's, each behind its own port."""

    runtime: Runtime
    carrier: Running
    url: str

    def send(self, data: bytes, kind: str, body: str) -> None:
        """Ana's phone sends a file; all that follows happens."""
        self.hold(data, kind, body)
        wait_until(self.heard)
        self.settle()

    def hold(self, data: bytes, kind: str, body: str) -> str:
        """Ana's phone sends a file that nobody has fetched yet; where the carrier has it."""
        params = {"from": ANA, "body": body}
        address = f"{self.carrier.url}/_phones/file"
        sent = requests.post(address, data, params=params, headers={"Content-Type": kind}, timeout=10)
        assert sent.status_code == 201
        return next(each for each in self.carrier.carrier.messages(from_=ANA) if each.media).media[0].url

    def heard(self) -> bool:
        """Whether the carrier has told us, which it does in its own time."""
        with self.runtime.database.read() as session:
            return session.query(Inbox).count() > 0

    def settle(self) -> None:
        """Let our workers do what is due."""
        job = JobContext(self.runtime, asyncio.run, lambda: False, lambda: None, lambda do: do())
        for _ in range(3):
            inbox.drain(self.runtime.services, time.monotonic() + 5)
            fetch_media(job)
            sender.drain(self.runtime.transport, until=time.monotonic() + 0.2)
            while self.has_due():  # The machine was busy with something else.
                sender.drain(self.runtime.transport, until=time.monotonic() + 0.2)

    def has_due(self) -> bool:
        now = self.runtime.clock.now()
        return is_due(self.runtime.database, now, now)

    def got(self, number: str) -> list[Message]:
        """What we sent there with a picture or a voice."""
        found = [each for each in self.carrier.carrier.messages(to=number) if each.media]
        wait_until(lambda: all(each.final for each in found))
        return found


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    url = f"http://127.0.0.1:{free_port()}"
    hook = f"{url}/webhooks/twilio/message"
    phones = [Phone("Ana", ANA), Phone("Mia", MIA)]
    with running(webhook_url=hook, phones=phones) as carrier:
        settings = {
            "CIRCLE_DATA": str(tmp_path),
            "PUBLIC_URL": url,
            "TWILIO_API_URL": carrier.url,
            "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": LOCAL_AUTH_TOKEN,
            "TWILIO_MESSAGING_SERVICE_SID": LOCAL_SERVICE_SID,
            "SUPPORT_CONTACT": "help@circle.example",
        }
        with build_runtime(load_settings(settings), queues=Bell()) as runtime:
            runtime.database.create_all()
            pair_up(runtime)
            app = create_app(runtime)
            server = make_server("127.0.0.1", int(url.rpartition(":")[2]), app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Side(runtime, carrier, url)
            server.shutdown()
            app.extensions["recorder"].close()


def pair_up(runtime: Runtime) -> None:
    """Ana and Mia are buddies, and know it."""
    now = runtime.clock.now()
    with runtime.database.write() as session:
        circle = Circle(code="MAPLE", name="Bold Moves", zone="UTC", created_at=now, state="running")
        session.add(circle)
        session.flush()
        round_ = Round(circle_id=circle.id, week=1, made_at=now)
        session.add(round_)
        session.flush()
        pair = Pair(round_id=round_.id, why="", made_at=now)
        session.add(pair)
        session.flush()
        for name, number in (("Ana", ANA), ("Mia", MIA)):
            # Her day is never over: what is relayed waits for daytime.
            person = Person(name=name, language="en", zone=daytime(now.hour), created_at=now, heard_at=now)
            session.add(person)
            session.flush()
            address = Address(person_id=person.id, uri=f"sms:{number}", created_at=now)
            seat = Member(
                circle_id=circle.id,
                person_id=person.id,
                state="active",
                state_at=now,
                joined_at=now,
                promised_at=now,
            )
            session.add_all([address, seat])
            session.flush()
            consent.agree(session, address.id, runtime.identity.sender, "form", "import", now)
            session.add(PairMember(pair_id=pair.id, member_id=seat.id, told_at=now))


def daytime(hour: int) -> str:
    """Return a zone in which it is noon at this hour in UTC."""
    east = 12 - hour
    return f"Etc/GMT{-east:+d}" if east else "UTC"


def test_a_photo_reaches_a_buddy_over_the_wire_and_its_link_is_dead_then(side: Side) -> None:
    side.send(photo(), "image/jpeg", "@ look at this")
    (message,) = side.got(MIA)
    assert message.body == "Ana: look at this (photo)"
    assert (message.status, message.error_code) == ("delivered", None)
    (media,) = message.media
    shown = requests.get(f"{side.carrier.url}/_media/{message.sid}/{media.sid}", timeout=5)
    image = Image.open(io.BytesIO(shown.content))
    assert (shown.headers["Content-Type"], image.size) == ("image/jpeg", (640, 480))
    assert PLACE not in shown.content
    phones = requests.get(f"{side.carrier.url}/_phones", timeout=5).json()["phones"]
    mia = next(phone for phone in phones if phone["number"] == MIA)
    assert [len(each["media"]) for each in mia["messages"] if not each["mine"]] == [1]
    assert media.url.startswith(f"{side.url}/webhooks/media/")
    wait_until(lambda: requests.get(media.url, timeout=5).status_code == 404)
    (theirs,) = side.carrier.carrier.messages(from_=ANA)
    assert theirs.media == ()
    assert requests.get(media.url.replace(".jpg", "x.jpg"), timeout=5).status_code == 404


def test_words_go_without_a_photo_that_the_carrier_cannot_fetch(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_door, "fetch", lambda *_args: None)
    side.send(photo(), "image/jpeg", "@ look at this")
    (lost,) = side.got(MIA)
    assert (lost.status, lost.error_code) == ("failed", 30019)

    def anew() -> bool:
        side.settle()
        return any(each.status == "delivered" for each in side.carrier.carrier.messages(to=MIA))

    wait_until(anew)
    (arrived,) = [each for each in side.carrier.carrier.messages(to=MIA) if each.status == "delivered"]
    assert (arrived.body, arrived.media) == ("Ana: look at this (photo)", ())


def test_a_header_that_lies_is_not_believed(side: Side) -> None:
    side.send(b"MZ this is a program", "image/jpeg", "@ look at this")
    assert side.got(MIA) == []
    with side.runtime.database.read() as session:
        (row,) = session.query(Media).all()
        assert (row.state, row.reason) == ("refused", "kind")


def test_a_voice_that_mms_does_not_carry_goes_as_its_words_alone(side: Side) -> None:
    side.send(voice(), "audio/ogg", "@ listen")
    assert side.got(MIA) == []
    wait_until(lambda: any("(voice note)" in each.body for each in side.carrier.carrier.messages(to=MIA)))
    told = [each.body for each in side.carrier.carrier.messages(to=ANA)]
    assert any("can't get photos or voice notes" in each for each in told)


def fetched(side: Side, url: str, most: int = TOO_LARGE) -> bytes:
    carrier = side.runtime.carrier
    assert isinstance(carrier, TwilioCarrier)

    async def go() -> bytes:
        try:
            return await carrier.fetch_media(url, most)
        finally:
            await carrier.close()

    return asyncio.run(go())


def test_the_login_goes_to_our_own_account_and_nowhere_else(side: Side) -> None:
    ours = side.hold(photo(), "image/jpeg", "hello")
    assert PLACE in fetched(side, ours)
    assert len(fetched(side, ours, 100)) == 101
    another = ours.replace(LOCAL_ACCOUNT_SID, "AC" + "0" * 32)
    for url in (another, f"{side.url}/health", "https://elsewhere.example/a.jpg", ours + "0"):
        with pytest.raises(CarrierError) as refused:
            fetched(side, url)
        assert refused.value.trouble is Trouble.FIX
