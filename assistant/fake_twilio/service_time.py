"""Asks the service what time it is there, and to let time pass: for the clock on the page with the phones."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from assistant.fake_twilio.carrier_clock import CarrierClock
from assistant.fake_twilio.wire import sign

LONGEST_JOURNEY: Final = 600.0
"""Seconds of real time; a season passes in a minute or two."""
SHORT: Final = 5.0


class ServiceClock:
    """The clock of the service whose webhooks we call; it moves only where TIME_TRAVEL=1 lets it."""

    def __init__(self, webhook_url: str, account_sid: str, auth_token: str) -> None:
        """Find the service by its webhook; "" is nobody, who has no clock."""
        parts = urlsplit(webhook_url)
        self._url = f"{parts.scheme}://{parts.netloc}/clock" if parts.netloc else ""
        self._account_sid = account_sid
        self._auth_token = auth_token

    async def show(self) -> tuple[int, dict[str, Any]]:
        """What the service answers: the HTTP status, and {now, zone, moves} or {error}."""
        return await self._ask("GET", None, SHORT)

    async def move(self, to: str) -> tuple[int, dict[str, Any]]:
        """Let time pass until `to`, such as "to monday 9:00"; answers when it is there."""
        return await self._ask("POST", {"AccountSid": self._account_sid, "To": to}, LONGEST_JOURNEY)

    async def teach(self, clock: CarrierClock) -> None:
        """Tell the carrier's clock how far ahead the service is; where it says nothing, all stays."""
        status, shown = await self.show()
        if status == 200 and isinstance(shown.get("moves"), list):
            clock.learn(shown["moves"])

    async def _ask(
        self, method: str, form: dict[str, str] | None, patience: float
    ) -> tuple[int, dict[str, Any]]:
        if not self._url:
            return 404, {"error": "No service is behind this carrier."}
        # Signed as every webhook is, so that nobody else on this machine moves the time.
        headers = {"X-Twilio-Signature": sign(self._url, form, self._auth_token)} if form else None
        limits = aiohttp.ClientTimeout(total=patience)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits) as session,
                session.request(method, self._url, data=form, headers=headers) as answer,
            ):
                if answer.content_type != "application/json":
                    return 404, {"error": "The clock cannot be moved here: that needs TIME_TRAVEL=1."}
                return answer.status, await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return 502, {"error": "The service does not answer. Is it still running?"}
