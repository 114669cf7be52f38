"""Chooses the channel that a message takes as it leaves, and writes it as that channel shows it."""

from __future__ import annotations

import random

from assistant.fake_twilio.channel_windows import Windows
from assistant.fake_twilio.content.content_book import ContentBook
from assistant.fake_twilio.content.content_filling import Filled, fill
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.phone_book import PhoneBook
from assistant.fake_twilio.records import Message
from assistant.fake_twilio.twilio_rules import number_of
from assistant.language.sms.segments import measure


class Couriers:
    """What happens between a message's being taken and its being sent.

    A messaging service with an RCS sender tries RCS first and falls back to SMS by itself:
    https://www.twilio.com/docs/rcs/send-an-rcs-message
    """

    def __init__(
        self,
        number: str,
        rcs_sender: str,
        *,
        phones: PhoneBook,
        contents: ContentBook,
        windows: Windows,
        faults: Faults,
        chance: random.Random,
    ) -> None:
        self._number = number
        self._rcs_sender = rcs_sender
        self._phones = phones
        self._contents = contents
        self._windows = windows
        self._faults = faults
        self._chance = chance

    def choose(self, message: Message) -> None:
        """Let a message that came through the messaging service go by RCS where that reaches its phone."""
        if message.messaging_service_sid and not message.channel and self._by_rcs(message):
            message.from_, message.to = self._rcs_sender, f"rcs:{message.to}"
            self._write(message)

    def look(self, message: Message) -> None:
        """Decide the fate of a message that leaves now: its channel's, unless one was decided before."""
        if message.fate is not None:
            return
        if message.channel == "rcs":
            self._look_at_rcs(message)
        message.fate = message.fate or self._windows.fate_of(message)

    def _by_rcs(self, message: Message) -> bool:
        return bool(self._rcs_sender) and self._phones.has_rcs(message.to)

    def _look_at_rcs(self, message: Message) -> None:
        if message.from_ == self._rcs_sender and not self._phones.has_rcs(message.to):
            message.fate = 63003
        elif self._faults.rcs_fails_rate and self._chance.random() < self._faults.rcs_fails_rate:
            if not message.messaging_service_sid:
                message.fate = 63003
                return
            message.from_, message.to = self._number, number_of(message.to)
            self._write(message)

    def _write(self, message: Message) -> None:
        """Write a template as the channel shows it that the message now goes by."""
        if message.content_sid and (template := self._contents.get(message.content_sid)) is not None:
            show(message, fill(template, message.content_variables, message.channel))
        message.num_segments = segments_of(message)


def show(message: Message, filled: Filled) -> None:
    """Give a message what its channel shows of a template."""
    message.body, message.content_type = filled.body, filled.kind
    message.buttons, message.list_button = filled.buttons, filled.list_button


def segments_of(message: Message) -> int:
    """Count a message's segments: only an SMS has more than one."""
    return 1 if message.media or message.channel else measure(message.body).segments
