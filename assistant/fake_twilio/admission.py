"""Decides whether Twilio takes a message: what is refused, in which order, and with which code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.fake_twilio.twilio_rules import (
    MOST_CHARACTERS,
    MOST_MEDIA,
    TEST_SENDER,
    Refusal,
    can_exist,
    channel_of,
    magic_refusal,
    number_of,
)

SOONEST_SCHEDULE = timedelta(seconds=300)  # https://www.twilio.com/docs/api/errors/35115
LATEST_SCHEDULE = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Order:
    """What a request asks to be sent."""

    to: str
    body: str
    from_: str
    service: str
    media_urls: Sequence[str]
    send_at: datetime | None
    content_sid: str = ""


def check_sender(order: Order, number: str, service: str, rcs_sender: str = "") -> None:
    """Refuse what comes from anybody but an account's own number or messaging service.

    Raises:
        Refusal: There is no sender, or it is not ours, or not one that can text this recipient.
    """
    if not order.to:
        raise Refusal(21604)
    if not order.from_ and not order.service:
        raise Refusal(21603)
    if magic := magic_refusal(order.to, order.from_):
        raise Refusal(magic, to=order.to, from_=order.from_)
    if order.service and order.service != service:
        raise Refusal(21701)
    if not order.from_ or (order.from_ == rcs_sender and channel_of(order.to) == "rcs"):
        return
    if not can_exist(number_of(order.from_)):
        raise Refusal(21212, from_=order.from_)
    if channel_of(order.to) != channel_of(order.from_):
        raise Refusal(21910)
    if number_of(order.from_) not in (number, TEST_SENDER):
        raise Refusal(21606, from_=order.from_)


def check_content(order: Order, now: datetime) -> None:
    """Refuse a recipient that cannot be, a text that cannot be sent, and a time that cannot be scheduled.

    Raises:
        Refusal: The code says which.
    """
    if not can_exist(number_of(order.to)):
        raise Refusal(21211, to=order.to)
    if not order.body.strip() and not order.media_urls and not order.content_sid:
        raise Refusal(21602)
    if not order.content_sid and len(order.body.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        raise Refusal(21617)
    if len(order.media_urls) > MOST_MEDIA:
        raise Refusal(21623)
    if order.send_at is not None:
        if not order.service:
            raise Refusal(35118)
        if not SOONEST_SCHEDULE < order.send_at - now <= LATEST_SCHEDULE:
            raise Refusal(35115)
