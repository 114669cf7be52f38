"""Decides as Twilio decides: what it takes and refuses, who has opted out, what becomes of a message.

No network and no clock of its own: `now` is passed in, so that a season can be played in a minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.message_log import MessageLog
from assistant.fake_twilio.records import NOTHING_MORE, Block, Event, Gone, Media, Message
from assistant.fake_twilio.throttle import Throttle
from assistant.fake_twilio.twilio_rules import (
    MOST_CHARACTERS,
    MOST_MEDIA,
    TEST_SENDER,
    answer_to,
    can_exist,
    channel_of,
    check_replies,
    fails_unsent,
    in_channel_of,
    keyword_of,
    magic_refusal,
    number_of,
)
from assistant.fake_twilio.twilio_rules import Refusal as Refusal  # callers of a carrier catch it
from assistant.language.sms.segments import measure

LOCAL_ACCOUNT_SID = "AC" + "0" * 31 + "1"
LOCAL_AUTH_TOKEN = "local-carrier-token"  # noqa: S105 - opens nothing but this machine's own carrier
LOCAL_NUMBER = "+14155550100"
LOCAL_SERVICE_SID = "MG" + "0" * 31 + "1"

SOONEST_SCHEDULE = timedelta(seconds=300)  # https://www.twilio.com/docs/api/errors/35115
LATEST_SCHEDULE = timedelta(days=35)


@dataclass(slots=True)
class Stats:
    """What a benchmark asks the carrier afterwards."""

    taken: int = 0
    received: int = 0
    refused: int = 0
    throttled: int = 0


class LocalCarrier:
    """One account with one number in one messaging service, and everything that was said.

    Attributes:
        watchers: Called with every message, block or deletion as it happens.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        account_sid: str = LOCAL_ACCOUNT_SID,
        auth_token: str = LOCAL_AUTH_TOKEN,
        number: str = LOCAL_NUMBER,
        messaging_service: str = LOCAL_SERVICE_SID,
        replies: Sequence[str] = ("stop", "start"),
        faults: Faults | None = None,
        seed: int | None = None,
        keep: int = 100_000,
        media_host: str = "https://api.twilio.com",
    ) -> None:
        """Open an empty carrier.

        Args:
            now: Tells the time, aware UTC.
            messaging_service: The service our number belongs to; "" when it belongs to none, so that an
                opt-out holds for the number alone.
            replies: Keywords the carrier answers itself: of stop, start, help.
            seed: Makes ids and chances repeat; None for real randomness.
            keep: How many messages the log holds; older ones are forgotten.
        """
        self.now = now
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.messaging_service = messaging_service
        self.replies = check_replies(frozenset(replies))
        self.faults = faults if faults is not None else Faults()
        self.chance = random.Random(seed)  # noqa: S311 - ids that repeat under a seed, not secrets
        self.media_host = media_host.rstrip("/")
        self.stats = Stats()
        self.watchers: list[Callable[[Event], None]] = []
        self._log = MessageLog(keep)
        self._blocks: set[tuple[str, str]] = set()
        self._pace = Throttle(self.faults)

    # What we ask of it

    def admit(self) -> None:
        """Count one API request against `requests_per_second`.

        Raises:
            Refusal: 20429, nothing was done: https://www.twilio.com/docs/api/errors/20429
        """
        if not self._pace.admits(self.now()):
            self.stats.throttled += 1
            raise Refusal(20429)

    def create(
        self,
        *,
        to: str,
        body: str = "",
        from_: str = "",
        messaging_service_sid: str = "",
        media_urls: Sequence[str] = (),
        status_callback: str | None = None,
        send_at: datetime | None = None,
    ) -> Message:
        """Take a message for delivery, as POST Messages.json does.

        Returns:
            The message: queued, accepted (through a messaging service) or scheduled.

        Raises:
            Refusal: It was not taken; the code says why.
        """
        try:
            fate = self._check_create(to, body, from_, messaging_service_sid, media_urls, send_at)
        except Refusal:
            self.stats.refused += 1
            raise
        self.stats.taken += 1
        now = self.now()
        sid = self._new_sid("MM" if media_urls else "SM")
        segments = 1 if media_urls else measure(body).segments
        # What fails before it is sent takes nobody's turn.
        waits = send_at is None and not (fate and fails_unsent(fate))
        due = self._pace.take_turn(now, segments) if waits else send_at
        message = Message(
            sid=sid,
            account_sid=self.account_sid,
            from_=from_ or in_channel_of(to, self.number),
            to=to,
            body=body,
            direction="outbound-api",
            status="scheduled" if send_at else "accepted" if messaging_service_sid else "queued",
            num_segments=segments,
            created=now,
            updated=now,
            messaging_service_sid=messaging_service_sid or None,
            media=tuple(Media(self._new_sid("ME"), url, "image/jpeg") for url in media_urls),
            status_callback=status_callback,
            due=due,
            fate=fate,
        )
        self._remember(message)
        return message

    def advance(self, sid: str) -> Message | None:
        """Move a message to its next status: accepted, queued, sent, delivered (or failed, undelivered).

        Returns:
            The message, or None when it is unknown or has reached its end.
        """
        message = self._log.get(sid)
        if message is None or message.final:
            return None
        now = self.now()
        if message.status in ("accepted", "scheduled"):
            message.status = "queued"
        elif message.status == "queued":
            if message.fate and fails_unsent(message.fate):
                message.status, message.error_code = "failed", message.fate
            else:
                message.status, message.sent = "sent", now
        elif message.fate:
            message.status, message.error_code = "undelivered", message.fate
        else:
            message.status = "delivered"
        message.updated = now
        self._tell(message)
        return message

    def fetch(self, sid: str) -> Message:
        """Find one message.

        Raises:
            Refusal: 20404, there is none.
        """
        message = self._log.get(sid)
        if message is None:
            raise Refusal(20404, what=f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}.json")
        return message

    def cancel(self, sid: str) -> Message:
        """Cancel a scheduled message.

        Raises:
            Refusal: 20404 unknown; 30409 it has left already.
        """
        message = self.fetch(sid)
        if message.status != "scheduled":
            raise Refusal(30409)
        message.status, message.updated = "canceled", self.now()
        self._tell(message)
        return message

    def redact(self, sid: str) -> Message:
        """Empty a message's body, which is how Twilio erases words but keeps the record.

        Raises:
            Refusal: 20404 unknown.
        """
        message = self.fetch(sid)
        message.body, message.updated = "", self.now()
        self._tell(message)
        return message

    def delete(self, sid: str) -> None:
        """Remove a message from the log.

        Raises:
            Refusal: 20404 unknown.
        """
        self._log.drop(self.fetch(sid).sid)
        self._tell(Gone(sid))

    def messages(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        sent_from: datetime | None = None,
        sent_until: datetime | None = None,
        after_sid: str | None = None,
    ) -> Iterator[Message]:
        """Go through the log, newest first.

        Args:
            sent_from, sent_until: Bounds on the date sent, both included, in whole seconds as Twilio's.
                A message that has not left yet has no such date and matches neither.
            after_sid: Start behind this message (the last one of the page before).
        """
        phone = next((one for one in (to, from_) if one and number_of(one) != self.number), None)
        return self._log.search(
            phone=phone, to=to, from_=from_, sent_from=sent_from, sent_until=sent_until, after_sid=after_sid
        )

    # What phones do

    def receive(
        self,
        from_: str,
        body: str = "",
        *,
        media: Sequence[tuple[str, str]] = (),
        extras: Mapping[str, str] | None = None,
        to: str | None = None,
    ) -> tuple[Message, Message | None]:
        """Take a text that a phone sent to our number, and act on the carrier's keywords.

        Args:
            from_: The phone's address ("+1415…", "whatsapp:+1415…").
            media: (URL, MIME type) of each picture; an empty URL gets one that this carrier answers.
            extras: Further webhook parameters (Latitude, ProfileName, ...).

        Returns:
            The message, and the carrier's own answer to a keyword if it gave one.
        """
        now = self.now()
        to = to or in_channel_of(from_, self.number)
        sid = self._new_sid("MM" if media else "SM")
        message = Message(
            sid=sid,
            account_sid=self.account_sid,
            from_=from_,
            to=to,
            body=body,
            direction="inbound",
            status="received",
            num_segments=max(1, measure(body).segments) if not media and ":" not in from_ else 1,
            created=now,
            updated=now,
            sent=now,
            messaging_service_sid=self.messaging_service or None,
            media=tuple(self._new_media(sid, url, kind) for url, kind in media),
            extras=dict(extras) if extras else NOTHING_MORE,
        )
        kind = self.keyword(message)
        if kind and self.faults.advanced_opt_out:
            message.extras = {**message.extras, "OptOutType": kind.upper()}
        self.stats.received += 1
        self._remember(message)
        return message, self._act_on(kind, message)

    def reply(self, inbound: Message, body: str) -> Message | None:
        """Send what a webhook's TwiML answered; None, and nothing said, when the phone has opted out."""
        if self.blocked(inbound.from_):
            return None
        return self._answer(inbound, body, status="queued")

    def keyword(self, message: Message) -> str:
        """Name the keyword a text is (stop, start, help), or "": one word, in any case, SMS only."""
        # WhatsApp's keywords are only handled with Advanced Opt-Out.
        if ":" in message.from_ and not self.faults.advanced_opt_out:
            return ""
        return keyword_of(message.body)

    def blocked(self, phone: str) -> bool:
        """Whether this phone has opted out of our number, or of the whole messaging service it belongs to."""
        return (phone, self._sender()) in self._blocks

    def conversation(self, phone: str, last: int = 200) -> list[Message]:
        """The newest messages of one phone, oldest first."""
        return self._log.conversation(phone, last)

    def note_webhook(self, sid: str, *, error: int | None) -> None:
        """Note that an inbound message's webhook was answered, or Twilio's code for why not (11200 ...)."""
        message = self._log.get(sid)
        if message is not None:
            message.answered, message.webhook_error = error is None, error
            self._tell(message)

    # What a journal brings back

    def restore(self, event: Event) -> None:
        """Take back a message, block or deletion that an earlier process told its watchers."""
        if isinstance(event, Message):
            self._log.put(event)
        elif isinstance(event, Block):
            key = (event.phone, event.sender)
            (self._blocks.add if event.blocked else self._blocks.discard)(key)
        elif isinstance(event, Gone):
            self._log.drop(event.sid)

    def snapshot(self) -> Iterator[Event]:
        """Everything it remembers, oldest first, so that `restore` in that order gives the same carrier."""
        for phone, sender in sorted(self._blocks):
            yield Block(phone, sender, True)
        yield from self._log

    def unfinished(self) -> list[Message]:
        """Messages on their way, which a new process must carry on."""
        return [message for message in self._log if not message.final]

    # How it decides

    def _check_create(
        self,
        to: str,
        body: str,
        from_: str,
        service: str,
        media_urls: Sequence[str],
        send_at: datetime | None,
    ) -> int | None:
        """Raise what Twilio would refuse; else return the error code the message will end with, if any."""
        if not to:
            raise Refusal(21604)
        if not from_ and not service:
            raise Refusal(21603)
        if magic := magic_refusal(to, from_):
            raise Refusal(magic, to=to, from_=from_)
        self._check_sender(to, from_, service)
        if not can_exist(number_of(to)):
            raise Refusal(21211, to=to)
        if not body.strip() and not media_urls:
            raise Refusal(21602)
        if len(body.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
            raise Refusal(21617)
        if len(media_urls) > MOST_MEDIA:
            raise Refusal(21623)
        if send_at is not None:
            if not service:
                raise Refusal(35118)
            if not SOONEST_SCHEDULE < send_at - self.now() <= LATEST_SCHEDULE:
                raise Refusal(35115)
        if self.blocked(to):
            if not (service and self.faults.opt_out_late):
                raise Refusal(21610)
            return 21610
        if self._pace.is_full(self.now()):
            # https://www.twilio.com/docs/api/errors/21611 and 30001: a service takes it and fails it later.
            if not service:
                raise Refusal(21611)
            return 30001
        return next((code for end, code in self.faults.fail_endings.items() if to.endswith(end)), None)

    def _check_sender(self, to: str, from_: str, service: str) -> None:
        if service and service != self.messaging_service:
            raise Refusal(21701)
        if not from_:
            return
        if not can_exist(number_of(from_)):
            raise Refusal(21212, from_=from_)
        if channel_of(to) != channel_of(from_):
            raise Refusal(21910)
        if number_of(from_) not in (self.number, TEST_SENDER):
            raise Refusal(21606, from_=from_)

    def _sender(self) -> str:
        # A block holds for the whole messaging service a number belongs to, not for the number alone.
        return self.messaging_service or self.number

    def _act_on(self, kind: str, message: Message) -> Message | None:
        """Block or unblock; the carrier confirms a change, and HELP, in its own words."""
        key = (message.from_, self._sender())
        if kind == "stop":
            changed = key not in self._blocks
            self._blocks.add(key)
        elif kind == "start":
            changed = key in self._blocks
            self._blocks.discard(key)
        else:
            # HELP is not answered to a phone that opted out.
            changed = kind == "help" and key not in self._blocks
        if not changed:
            return None
        if kind != "help":
            self._tell(Block(*key, kind == "stop"))
        if kind not in self.replies:
            return None
        return self._answer(message, answer_to(kind), status="delivered")

    def _answer(self, inbound: Message, body: str, *, status: str) -> Message:
        now = self.now()
        message = Message(
            sid=self._new_sid("SM"),
            account_sid=self.account_sid,
            from_=inbound.to,
            to=inbound.from_,
            body=body,
            direction="outbound-reply",
            status=status,
            num_segments=measure(body).segments,
            created=now,
            updated=now,
            sent=now if status == "delivered" else None,
            messaging_service_sid=self.messaging_service or None,
        )
        self._remember(message)
        return message

    def _new_sid(self, prefix: str) -> str:
        # A carrier with a seed that was restored from its journal would draw the same ids once more.
        while (sid := f"{prefix}{self.chance.getrandbits(128):032x}") in self._log:
            pass
        return sid

    def _new_media(self, message_sid: str, url: str, content_type: str) -> Media:
        sid = self._new_sid("ME")
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{message_sid}/Media/{sid}"
        return Media(sid, url or self.media_host + path, content_type)

    def _remember(self, message: Message) -> None:
        self._log.put(message)
        self._tell(message)

    def _tell(self, event: Event) -> None:
        for watch in self.watchers:
            watch(event)
