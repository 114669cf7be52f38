"""Holds the newest messages of a carrier, and finds them by id, by phone and by date, newest first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime

from assistant.fake_twilio.records import Message


class MessageLog:
    """What was said, as far as it is remembered: the newest `keep` messages."""

    def __init__(self, keep: int, thread_of: Callable[[str], str] = str) -> None:
        """Open an empty log.

        Args:
            keep: How many messages it holds; the oldest are forgotten.
            thread_of: Gives the number under which the conversation with an address is kept.
        """
        self._keep = keep
        self._thread_of = thread_of
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._by_phone: dict[str, list[Message]] = {}
        self._threads: dict[str, str] = {}  # message → the conversation it stands in

    def __contains__(self, sid: str) -> bool:
        return sid in self._messages

    def __iter__(self) -> Iterator[Message]:
        """Every message, oldest first."""
        return iter(self._messages.values())

    def get(self, sid: str) -> Message | None:
        """Find one message."""
        return self._messages.get(sid)

    def put(self, message: Message) -> None:
        """Add a message, or take a newer state of one that is known; the oldest are forgotten for it."""
        known = self._messages.get(message.sid)
        # A newer state stands where the older one stood: the log's order is the order of creation.
        if known is not None:
            theirs = self._by_phone[self._threads[message.sid]]
            theirs[_place_of(known, theirs)] = message
        else:
            thread = self._threads[message.sid] = self._thread_of(message.phone)
            self._by_phone.setdefault(thread, []).append(message)
        self._messages[message.sid] = message
        while len(self._messages) > self._keep:
            self.drop(next(iter(self._messages)))

    def drop(self, sid: str) -> None:
        """Forget a message, if it is known."""
        message = self._messages.pop(sid, None)
        if message is None:
            return
        thread = self._threads.pop(sid)
        theirs = self._by_phone[thread]
        theirs.pop(_place_of(message, theirs))
        if not theirs:
            del self._by_phone[thread]

    def join(self, address: str, number: str) -> None:
        """Put what was said with an address into a number's conversation: they are one phone."""
        moved = self._by_phone.pop(address, []) if address != number else []
        if not moved:
            return
        self._threads |= {message.sid: number for message in moved}
        theirs = [*self._by_phone.get(number, []), *moved]
        self._by_phone[number] = sorted(theirs, key=lambda message: message.created)

    def conversation(self, phone: str, last: int) -> list[Message]:
        """The newest messages of one phone, oldest first."""
        return self._by_phone.get(self._thread_of(phone), [])[-last:]

    def search(
        self,
        *,
        phone: str | None,
        to: str | None,
        from_: str | None,
        sent_from: datetime | None,
        sent_until: datetime | None,
        after_sid: str | None,
    ) -> Iterator[Message]:
        """Go through the log, newest first; see `LocalCarrier.messages`.

        Args:
            phone: Look at this phone's messages only, which is quick.
        """
        found = (
            reversed(self._messages.values())
            if phone is None
            else reversed(self._by_phone.get(self._thread_of(phone), []))
        )
        if after_sid is not None:
            for message in found:
                if message.sid == after_sid:
                    break
        for message in found:
            if (to and message.to != to) or (from_ and message.from_ != from_):
                continue
            if _was_sent_between(message, sent_from, sent_until):
                yield message


def _place_of(message: Message, messages: list[Message]) -> int:
    return next(place for place, each in enumerate(messages) if each is message)


def _was_sent_between(message: Message, sent_from: datetime | None, sent_until: datetime | None) -> bool:
    if sent_from is None and sent_until is None:
        return True
    if message.sent is None:
        return False
    sent = message.sent.replace(microsecond=0)
    return (sent_from is None or sent >= sent_from) and (sent_until is None or sent <= sent_until)
