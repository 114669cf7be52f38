"""Who may come in: a token that holds, with the rights that are asked for, and not too often."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from assistant.api.api_problems import Refused
from assistant.api.asking import Caller
from assistant.circles.tools.api_tokens import is_noted, note_use, standing_of, token_of

if TYPE_CHECKING:
    from assistant.runtime import Runtime

A_MINUTE: Final = 120
"""Requests of one token that one process answers."""
WITHOUT_TOKEN: Final = 60
"""Of one address, which may be a proxy's: whoever has a token is never counted among them."""
LONGEST_TOKEN: Final = 200
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
_OF_TOKEN: Final = RateLimitItemPerMinute(A_MINUTE)
_OF_NOBODY: Final = RateLimitItemPerMinute(WITHOUT_TOKEN)
_SAID: Final = {
    "revoked": "This token was revoked. Make another: circle api token add COHORT",
    "expired": "This token is expired. Make another: circle api token add COHORT",
}


class TokenDoor:
    """Looks at tokens; counts in this process's memory, as the pages do."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._limits = MovingWindowRateLimiter(MemoryStorage())

    def let_in(self, header: str | None, address: str) -> Caller:
        """Return who asks.

        Args:
            header: `Authorization`, as it came.
            address: Whence.

        Raises:
            Refused: 401, or 429.
        """
        scheme, _, secret = (header or "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret or len(secret) > LONGEST_TOKEN:
            self._count(_OF_NOBODY, f"from {address}")
            raise Refused(401, headers=_CHALLENGE)
        runtime = self._runtime
        now = runtime.clock.now()
        with runtime.database.read() as session:
            token = token_of(session, secret)
        if token is None or (standing := standing_of(token, now)) != "good":
            self._count(_OF_NOBODY, f"from {address}")
            said = None if token is None else _SAID[standing]
            raise Refused(401, said, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        self._count(_OF_TOKEN, f"token {token.id}")
        if not is_noted(token, now):
            with runtime.database.write() as session:
                note_use(session, token.id, now)
        return Caller(token.id, token.cohort_id, token.rights)

    def _count(self, limit: RateLimitItem, who: str) -> None:
        if not self._limits.hit(limit, who):
            free_at = self._limits.get_window_stats(limit, who).reset_time
            raise Refused(429, headers={"Retry-After": str(max(1, math.ceil(free_at - time.time())))})
