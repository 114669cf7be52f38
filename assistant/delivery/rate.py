"""Keeps all workers together within the sender's rate, in segments per second, through one key in Redis."""

from __future__ import annotations

import threading
import time

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

BURST_SECONDS = 0.05
"""So much unused time may be made up for: what a worker loses between two claims, or to a busy machine, and
(a part of it, below) between the moment it was given room and the moment the text leaves."""
LATENESS = 0.015
"""Seconds of it that are kept for the latter."""
AT_ONCE = 0.02
"""So many seconds of the limit are taken from Redis with one question, and handed out here: with a high limit
the question would cost as much as the text. What is urgent waits so much longer at most."""
ASK_AGAIN_AFTER = 1.0
"""Seconds for which a Redis that is away is not asked again."""

# Each segment keeps the sender busy for 1/rate of a second, by the one clock all workers share: Redis's own.
# Room is only ever taken for now: a text that was given it for later, and then was late, would leave together
# with those that come next, and so over the limit.
_RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local start = math.max(free, now - tonumber(ARGV[2]))
if start <= now then
  local after = start + tonumber(ARGV[1])
  local keep = math.max(0, math.ceil((after - now) / 1000)) + 1000
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', keep)
end
return string.format('%.0f', start - now)
"""


def seconds_ahead(redis: Redis, sender: str) -> float:
    """Return how long the next text of this sender would wait.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    free = float(redis.get(_key(sender)) or 0)
    seconds, micros = redis.time()
    return max(0.0, free / 1e6 - seconds - micros / 1e6)


def _key(sender: str) -> str:
    return f"circle:rate:{sender}"


class Rate:
    """One sender's limit.

    Args:
        redis: Where the workers meet; with it away each keeps to the limit by itself.
        sender: Whose limit it is: Twilio counts per number or messaging service.
        segments_per_second: How much it may send.
    """

    def __init__(self, redis: Redis, sender: str, segments_per_second: float) -> None:
        self._redis = redis
        self._reserve = redis.register_script(_RESERVE)
        self._key = _key(sender)
        self._seconds = 1 / segments_per_second
        self._lock = threading.Lock()
        self._most = max(1, int(AT_ONCE / self._seconds))
        self._left = 0
        self._free_at = 0.0
        self._alone_free_at = 0.0
        self._away_until = 0.0

    def reserve(self, segments: int) -> float:
        """Take room for one text of so many segments, which leaves at once. Never raises.

        Returns:
            0 when there was room; else the seconds until it is worth asking again.
        """
        with self._lock:
            now = time.monotonic()
            if self._left < segments or self._free_at < now - (BURST_SECONDS - LATENESS):
                # What was taken before and not used in its time is lost.
                start = self._take(max(segments, self._most), now)
                if start > now:
                    return start - now
            if self._free_at > now:
                return self._free_at - now
            self._free_at += segments * self._seconds
            self._left -= segments
            return 0.0

    def _take(self, segments: int, now: float) -> float:
        """Take room for so many if there is any; return from when it counts, or when there will be some."""
        start = self._ask(segments, now) if now >= self._away_until else None
        if start is None:
            start = max(self._alone_free_at, now - (BURST_SECONDS - LATENESS))
            if start <= now:
                self._alone_free_at = start + segments * self._seconds
        self._left, self._free_at = (segments, start) if start <= now else (0, start)
        return start

    def _ask(self, segments: int, now: float) -> float | None:
        amounts = segments * self._seconds, BURST_SECONDS - LATENESS
        try:
            micros = self._reserve(keys=[self._key], args=[round(each * 1e6) for each in amounts])
            return now + int(micros) / 1e6
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + ASK_AGAIN_AFTER
            log.warning("rate kept without Redis", error=type(error).__name__)
            return None
