"""Knows the phones on the page: which channels reach them, and which of their addresses are one."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.twilio_rules import channel_of, number_of


class PhoneBook:
    """The phones by their numbers. A number that is not in it is a plain phone that gets SMS."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._numbers: dict[str, str] = {}  # a WhatsApp user's id → the phone's number

    @property
    def phones(self) -> list[Phone]:
        """Every phone, in the order they were added."""
        return list(self._phones.values())

    def get(self, number: str) -> Phone | None:
        """Find a phone by its number, or by any other of its addresses."""
        return self._phones.get(self.thread_of(number))

    def put(self, phone: Phone) -> None:
        """Add a phone, or take what is new of one that is there."""
        self._phones[phone.number] = phone
        self._numbers[user_id_of(phone)] = phone.number

    def thread_of(self, address: str) -> str:
        """Return under which number a conversation is kept: SMS and RCS are one, an id and its number."""
        if address.startswith("rcs:"):
            return number_of(address)
        return self._numbers.get(address, address)

    def has_rcs(self, number: str) -> bool:
        """Whether RCS reaches a number."""
        phone = self._phones.get(number_of(number))
        return phone is not None and phone.rcs


def user_id_of(phone: Phone) -> str:
    """Return a WhatsApp user's id: two letters for the country, a dot, letters and digits."""
    if phone.user_id:
        return phone.user_id
    if not number_of(phone.number).startswith("+"):
        return phone.number
    made = hashlib.sha256(number_of(phone.number).encode()).hexdigest()[:10].upper()
    return f"whatsapp:{country_of(phone.number) or 'US'}.{made}"


def address_of(phone: Phone) -> str:
    """Return the address that a phone shows when it writes."""
    if phone.hides and channel_of(phone.number) == "whatsapp":
        return user_id_of(phone)
    return f"rcs:{phone.number}" if phone.rcs else phone.number


@lru_cache(maxsize=20_000)
def country_of(address: str) -> str:
    """Name the country of a number or of a WhatsApp user's id ("US"); "" where it is not known."""
    number = number_of(address)
    if not number.startswith("+"):
        return number.partition(".")[0]
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


@lru_cache(maxsize=20_000)
def zone_of(address: str) -> str:
    """Name the time zone of a number ("America/Denver"); "" where its like are found in several."""
    number = number_of(address)
    if not number.startswith("+"):
        return ""
    try:
        zones = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ""
    return zones[0] if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE else ""
