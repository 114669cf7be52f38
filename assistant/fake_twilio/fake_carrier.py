"""Decides as Twilio decides: what it takes and refuses, who has opted out, what becomes of a message.

No network and no clock of its own: `now` is passed in, so that a season can be played in a minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from assistant.fake_twilio.admission import Order, check_content, check_sender
from assistant.fake_twilio.blocked_phones import OptOuts
from assistant.fake_twilio.carrier_clock import CarrierClock
from assistant.fake_twilio.channel_windows import Windows
from assistant.fake_twilio.content.content_book import ContentBook
from assistant.fake_twilio.content.content_filling import fill, read_variables
from assistant.fake_twilio.couriers import Couriers, segments_of, show
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.message_log import MessageLog
from assistant.fake_twilio.message_making import MessageMaker
from assistant.fake_twilio.phone_book import PhoneBook
from assistant.fake_twilio.phone_side import PhoneSide, Stats
from assistant.fake_twilio.records import Block, Event, Gone, Heard, Message, Template
from assistant.fake_twilio.throttle import Throttle
from assistant.fake_twilio.twilio_rules import Refusal as Refusal  # callers of a carrier catch it
from assistant.fake_twilio.twilio_rules import (
    check_replies,
    fails_unsent,
    number_of,
)

LOCAL_ACCOUNT_SID = "AC" + "0" * 31 + "1"
LOCAL_AUTH_TOKEN = "local-carrier-token"  # noqa: S105 - opens nothing but this machine's own carrier
LOCAL_NUMBER = "+14155550100"
LOCAL_SERVICE_SID = "MG" + "0" * 31 + "1"
LOCAL_RCS_SENDER = "rcs:circle_agent"


class LocalCarrier(PhoneSide):
    """One account with one number in one messaging service, and everything that was said.

    The number is a WhatsApp sender, too; the messaging service also has an RCS sender, which it tries first.

    Attributes:
        watchers: Called with every message, block, template or deletion as it happens.
        phones: The phones it knows more of than a number.
        contents: The account's content templates.
        windows: Who may be written what they like on WhatsApp.
        clock: The time, also that of the service where it lets time pass.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        account_sid: str = LOCAL_ACCOUNT_SID,
        auth_token: str = LOCAL_AUTH_TOKEN,
        number: str = LOCAL_NUMBER,
        messaging_service: str = LOCAL_SERVICE_SID,
        rcs_sender: str = LOCAL_RCS_SENDER,
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
            rcs_sender: The service's RCS sender; "" when it has none.
            replies: Keywords the carrier answers itself: of stop, start, help.
            seed: Makes ids and chances repeat; None for real randomness.
            keep: How many messages the log holds; older ones are forgotten.
        """
        self.now = now
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.messaging_service = messaging_service
        self.rcs_sender = rcs_sender if messaging_service else ""
        self.replies = check_replies(frozenset(replies))
        self.faults = faults if faults is not None else Faults()
        self.chance = random.Random(seed)  # noqa: S311 - ids that repeat under a seed, not secrets
        self.stats = Stats()
        self.watchers: list[Callable[[Event], None]] = []
        self.clock = CarrierClock(now)
        self.phones = PhoneBook()
        self.contents = ContentBook(self.clock, self.faults, self.chance, self._tell)
        self.windows = Windows(self.clock, self.contents, self.phones)
        self._log = MessageLog(keep, self.phones.thread_of)
        self._couriers = Couriers(
            number,
            self.rcs_sender,
            phones=self.phones,
            contents=self.contents,
            windows=self.windows,
            faults=self.faults,
            chance=self.chance,
        )
        # A block holds for the whole messaging service a number belongs to, not for the number alone.
        self._opt_outs = OptOuts(messaging_service or number)
        self._pace = Throttle(self.faults)
        self._maker = MessageMaker(
            account_sid, number, messaging_service, media_host.rstrip("/"), rcs_sender, self.chance, self._log
        )

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
        content_sid: str = "",
        content_variables: str = "",
    ) -> Message:
        """Take a message for delivery, as POST Messages.json does.

        Args:
            content_sid: A template, whose words stand in the place of `body`.
            content_variables: What its variables are, a JSON object as text.

        Returns:
            The message: queued, accepted (through a messaging service) or scheduled.

        Raises:
            Refusal: It was not taken; the code says why.
        """
        order = Order(to, body, from_, messaging_service_sid, media_urls, send_at, content_sid)
        try:
            fate = self._admitted(order)
            message = self._maker.outbound(order, self.now())
            if content_sid or content_variables:
                self._fill(message, content_sid, content_variables)
        except Refusal as refusal:
            self.stats.refused += 1
            self._note_refusal(to, refusal.code)
            raise
        self.stats.taken += 1
        message.status_callback, message.fate, message.due = status_callback, fate, send_at
        # What fails before it is sent takes nobody's turn.
        if send_at is None and not (fate and fails_unsent(fate)):
            message.due = self._pace.take_turn(message.created, message.num_segments)
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
            self._couriers.choose(message)
        elif message.status == "queued":
            self._couriers.look(message)
            if message.fate and fails_unsent(message.fate):
                message.status, message.error_code = "failed", message.fate
            else:
                message.status, message.sent = "sent", now
        elif message.fate == 0:
            return None
        elif message.fate:
            message.status, message.error_code = "undelivered", message.fate
        else:
            message.status = "delivered"
        message.updated = now
        self._tell(message)
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

    def drop_media(self, sid: str, media_sid: str) -> None:
        """Take a picture or voice note off a message.

        Raises:
            Refusal: 20404 unknown.
        """
        message = self.fetch(sid)
        message.media = tuple(media for media in message.media if media.sid != media_sid)
        self._tell(message)

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
        ours = (self.number, number_of(self.rcs_sender))
        phone = next((one for one in (to, from_) if one and number_of(one) not in ours), None)
        return self._log.search(
            phone=phone, to=to, from_=from_, sent_from=sent_from, sent_until=sent_until, after_sid=after_sid
        )

    # What a journal brings back

    def restore(self, event: Event) -> None:
        """Take back what an earlier process told its watchers."""
        if isinstance(event, Message):
            self._log.put(event)
        elif isinstance(event, Block):
            self._opt_outs.restore(event)
        elif isinstance(event, Gone):
            self._log.drop(event.sid)
            self.contents.restore(event)
        elif isinstance(event, Template):
            self.contents.restore(event)
        elif isinstance(event, Heard):
            self.windows.restore(event)
        else:
            self.put_phone(event)

    def snapshot(self) -> Iterator[Event]:
        """Yield everything it remembers, oldest first; `restore` in that order gives the same carrier."""
        yield from self.phones.phones
        yield from self._opt_outs.snapshot()
        yield from self.windows.snapshot()
        yield from self.contents.snapshot()
        yield from self._log

    def unfinished(self) -> list[Message]:
        """Return the messages on their way, which a new process must carry on."""
        return [message for message in self._log if not message.final]

    # How it decides

    def strikes(self, what: str) -> bool:
        """Return whether a fault ("refuse", "lose") hits this request: the next n, or by chance."""
        left: int = getattr(self.faults, f"{what}_next")
        if left:
            setattr(self.faults, f"{what}_next", left - 1)
            return True
        rate: float = getattr(self.faults, f"{what}_rate")
        return rate > 0 and self.chance.random() < rate

    def _admitted(self, order: Order) -> int | None:
        """Raise what Twilio would refuse; else return the error code the message will end with, if any."""
        check_sender(order, self.number, self.messaging_service, self.rcs_sender)
        check_content(order, self.now())
        if self.blocked(order.to):
            if not (order.service and self.faults.opt_out_late):
                raise Refusal(21610)
            return 21610
        if self._pace.is_full(self.now()):
            # https://www.twilio.com/docs/api/errors/21611 and 30001: a service takes it and fails it later.
            if not order.service:
                raise Refusal(21611)
            return 30001
        return next((code for end, code in self.faults.fail_endings.items() if order.to.endswith(end)), None)

    def _fill(self, message: Message, content_sid: str, variables: str) -> None:
        """Give a message the words of a template, as far as is known before its channel is chosen."""
        if not content_sid:
            raise Refusal(21654)
        template = self.contents.get(content_sid)
        if template is None:
            raise Refusal(21655)
        message.content_sid, message.content_variables = content_sid, read_variables(variables, template)
        show(message, fill(template, message.content_variables, message.channel))
        message.num_segments = segments_of(message)

    def _note_refusal(self, to: str, code: int) -> None:
        """Remember with which code an answer to a phone was refused: its page says so."""
        asked = next((each for each in reversed(self.conversation(to)) if each.inbound), None)
        if asked is not None:
            asked.refused = code
            self._tell(asked)
