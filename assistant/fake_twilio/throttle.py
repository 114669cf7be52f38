"""Holds senders back as a carrier does: requests a second, segments a second, and a queue that fills."""

from __future__ import annotations

from datetime import datetime, timedelta

from assistant.fake_twilio.faults import Faults


class Throttle:
    """The limits of one account, as its faults set them at this moment."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._second = 0
        self._requests = 0
        self._queue_ends: datetime | None = None

    def admits(self, now: datetime) -> bool:
        """Count one API request; whether this second still had room for it."""
        limit = self._faults.requests_per_second
        if not limit:
            return True
        second = int(now.timestamp())
        if second != self._second:
            self._second, self._requests = second, 0
        self._requests += 1
        return self._requests <= limit

    def take_turn(self, now: datetime, segments: int) -> datetime | None:
        """Queue a message behind the others; returns when it may leave, None when nothing holds it back.

        The rate counts segments, not messages: https://help.twilio.com/articles/115002943027
        """
        rate = self._faults.segments_per_second
        if not rate:
            return None
        start = max(now, self._queue_ends or now)
        self._queue_ends = start + timedelta(seconds=segments / rate)
        return start

    def is_full(self, now: datetime) -> bool:
        """Whether the queue is longer than `queue_hours`."""
        if not self._faults.segments_per_second or self._queue_ends is None:
            return False
        return self._queue_ends - now > timedelta(hours=self._faults.queue_hours)
