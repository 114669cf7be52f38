"""What phones do with the local carrier: text, tap, read, opt out; and what it answers them itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.fake_twilio.blocked_phones import OptOuts
from assistant.fake_twilio.channel_windows import Windows
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.message_log import MessageLog
from assistant.fake_twilio.message_making import MessageMaker
from assistant.fake_twilio.phone_book import PhoneBook, user_id_of
from assistant.fake_twilio.records import Event, Message, Phone
from assistant.fake_twilio.taps import button_of, tap_fields
from assistant.fake_twilio.twilio_rules import Refusal, answer_to, channel_of, keyword_of, number_of


@dataclass(slots=True)
class Stats:
    """What a benchmark asks the carrier afterwards."""

    taken: int = 0
    received: int = 0
    refused: int = 0
    throttled: int = 0


class PhoneSide:
    """One half of a carrier: the phones'. The other half, `LocalCarrier`, is what we ask of it."""

    now: Callable[[], datetime]
    account_sid: str
    replies: frozenset[str]
    faults: Faults
    stats: Stats
    watchers: list[Callable[[Event], None]]
    phones: PhoneBook
    windows: Windows
    _log: MessageLog
    _opt_outs: OptOuts
    _maker: MessageMaker

    def fetch(self, sid: str) -> Message:
        """Find one message.

        Raises:
            Refusal: 20404, there is none.
        """
        message = self._log.get(sid)
        if message is None:
            raise Refusal(20404, what=f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}.json")
        return message

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
        to = to or self._maker.sender_for(from_)
        more = {**self._known_of(from_), **(extras or {})}
        message = self._maker.inbound(from_, body, to, media, more, self.now())
        kind = self.keyword(message)
        if kind and self.faults.advanced_opt_out:
            message.extras = {**message.extras, "OptOutType": kind.upper()}
        self.stats.received += 1
        self._remember(message)
        if (heard := self.windows.open(message)) is not None:
            self._tell(heard)
        return message, self._act_on(kind, message)

    def tap(self, from_: str, sid: str, index: int) -> tuple[Message, Message | None]:
        """Take a tap on a button under one of our messages: a text of its own, with what the button carries.

        Args:
            from_: The phone's address.
            sid: The message with the button, however old.
            index: Which of its buttons, from 0.

        Raises:
            Refusal: 20404, there is no such message.
            NoTapError: It has no such button.
        """
        message = self.fetch(sid)
        button = button_of(message, index)
        # A tap answers on the channel that the message came by.
        from_ = f"rcs:{number_of(from_)}" if message.channel == "rcs" else from_
        return self.receive(from_, button.title, extras=tap_fields(message, button), to=message.from_)

    def read(self, phone: str) -> list[Message]:
        """Mark what a phone got on WhatsApp or by RCS as read; returns what was not before."""
        fresh = [
            message
            for message in self.conversation(phone)
            if message.status == "delivered" and message.channel and not message.inbound
        ]
        for message in fresh:
            message.status, message.updated = "read", self.now()
            self._tell(message)
        return fresh

    def put_phone(self, phone: Phone) -> None:
        """Learn more of a phone; what was said with any of its addresses is one conversation."""
        self.phones.put(phone)
        self._log.join(user_id_of(phone), phone.number)

    def reply(self, inbound: Message, body: str) -> Message | None:
        """Send what a webhook's TwiML answered; None, and nothing said, when the phone has opted out."""
        if self.blocked(inbound.from_):
            return None
        return self._answer(inbound, body, status="queued")

    def keyword(self, message: Message) -> str:
        """Name the keyword a text is (stop, start, help), or "": one word, in any case, SMS only."""
        # WhatsApp's keywords are only handled with Advanced Opt-Out; RCS's are SMS's.
        if message.channel not in ("", "rcs") and not self.faults.advanced_opt_out:
            return ""
        return keyword_of(message.body)

    def blocked(self, phone: str) -> bool:
        """Return whether this phone has opted out of our number, or of the service it belongs to."""
        return self._opt_outs.blocked(self.phones.thread_of(phone))

    def conversation(self, phone: str, last: int = 200) -> list[Message]:
        """Return the newest messages of one phone, oldest first."""
        return self._log.conversation(phone, last)

    def note_webhook(self, sid: str, *, error: int | None, trouble: str = "") -> None:
        """Note that an inbound message's webhook was answered, or Twilio's code for why not (11200 ...)."""
        message = self._log.get(sid)
        if message is not None:
            message.answered, message.webhook_error = error is None, error
            message.webhook_trouble = trouble
            self._tell(message)

    def _act_on(self, kind: str, message: Message) -> Message | None:
        """Block or unblock; the carrier confirms a change, and HELP, in its own words."""
        change = self._opt_outs.apply(kind, self.phones.thread_of(message.from_))
        if change is not None:
            self._tell(change)
        # HELP is not answered to a phone that opted out.
        elif kind != "help" or self.blocked(message.from_):
            return None
        if kind not in self.replies:
            return None
        return self._answer(message, answer_to(kind), status="delivered")

    def _known_of(self, address: str) -> dict[str, str]:
        """Return what WhatsApp tells of a user with every message."""
        if channel_of(address) != "whatsapp":
            return {}
        phone = self.phones.get(address) or Phone("", address)
        return {"ProfileName": phone.name, "ExternalUserId": user_id_of(phone)}

    def _answer(self, inbound: Message, body: str, *, status: str) -> Message:
        message = self._maker.answer(inbound, body, status, self.now())
        self._remember(message)
        return message

    def _remember(self, message: Message) -> None:
        self._log.put(message)
        self._tell(message)

    def _tell(self, event: Event) -> None:
        for watch in self.watchers:
            watch(event)
