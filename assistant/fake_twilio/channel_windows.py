"""Decides what becomes of a message on WhatsApp: the 24-hour window, templates and their categories.

https://www.twilio.com/docs/whatsapp/key-concepts and the pages of the error codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from assistant.fake_twilio.carrier_clock import CarrierClock
from assistant.fake_twilio.content.content_book import ContentBook
from assistant.fake_twilio.content.content_filling import breaks_a_template
from assistant.fake_twilio.content.content_rules import IN_SESSION_ONLY, LONGEST_BODY
from assistant.fake_twilio.phone_book import PhoneBook, country_of
from assistant.fake_twilio.records import Heard, Message

WINDOW = timedelta(hours=24)
MOST_BUTTONS_IN_SESSION = 3
# A template that was decided against fails with a code of its own.
_STANDING = {"rejected": 63040, "paused": 63041, "disabled": 63042}


class Windows:
    """When each WhatsApp user last wrote to each of our numbers, and what may be sent to them for it."""

    def __init__(self, clock: CarrierClock, contents: ContentBook, phones: PhoneBook) -> None:
        self._clock = clock
        self._contents = contents
        self._phones = phones
        self._heard: dict[tuple[str, str], Heard] = {}

    def open(self, inbound: Message) -> Heard | None:
        """Note that a WhatsApp user wrote; None for anybody else."""
        if inbound.channel != "whatsapp":
            return None
        heard = Heard(self._phones.thread_of(inbound.from_), inbound.to, inbound.created)
        self.restore(heard)
        return heard

    def left(self, phone: str, sender: str) -> timedelta | None:
        """Return how long what we like may still be said to a WhatsApp user; None when nothing may."""
        heard = self._heard.get((self._phones.thread_of(phone), sender))
        if heard is None:
            return None
        left = WINDOW - self._clock.since(heard.at)
        return left if left > timedelta() else None

    def fate_of(self, message: Message) -> int | None:
        """Return the error code that a channel gives a message that leaves now; None lets it through."""
        if message.content_sid is not None and not message.content_type:
            return 63005  # the channel shows none of the template's types
        if message.channel != "whatsapp":
            return None
        open_ = self.left(message.to, message.from_) is not None
        if message.content_sid is None:
            return None if open_ else 63016
        if len(message.body) > LONGEST_BODY:
            return 63021
        template = self._contents.get(message.content_sid)
        if template is None:
            return 63027
        review = self._contents.review_of(template)
        if review.status == "approved":
            if review.category == "MARKETING" and country_of(message.to) == "US":
                return 63049
            return 63013 if breaks_a_template(message.content_variables, template) else None
        if not open_:
            return _STANDING.get(review.status, 63016)
        if message.content_type in IN_SESSION_ONLY:
            return None
        return 63021 if len(message.buttons) > MOST_BUTTONS_IN_SESSION else None

    def restore(self, heard: Heard) -> None:
        """Take back what an earlier process told of."""
        self._heard[heard.phone, heard.sender] = heard

    def snapshot(self) -> Iterator[Heard]:
        """Yield when each user last wrote."""
        yield from self._heard.values()
