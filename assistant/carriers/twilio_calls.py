"""Twilio Voice behind the `Calls` interface: rings phones, and reads the calls back from its log."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

from twilio.base.exceptions import TwilioException

from assistant.carriers.carrier import Accepted
from assistant.carriers.checkup import Finding, examine_voice
from assistant.carriers.ringing import LONGEST, RINGS, LoggedCall
from assistant.carriers.twilio_addresses import from_uri
from assistant.carriers.twilio_http import LoopHttp, reading, refusal, sending

OVER = 21220
"""Twilio's code for a call that is over already."""
GONE = 404
MOST_TO_ONE = 50


class TwilioCalls:
    """Made once; used from any event loop.

    Args:
        number: Ours, E.164; it must be able to call.
        voice_url: Where Twilio asks what to say; the call's token is added to it.
        api_url: Where the REST API is.
        timeout: Seconds for a whole request.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        number: str,
        voice_url: str,
        api_url: str,
        timeout: float = 10.0,
    ) -> None:
        self._number, self._voice_url = number, voice_url
        self._http = LoopHttp(api_url, timeout)
        self._login = (account_sid, auth_token)

    @cached_property
    def _client(self) -> Any:
        # Late: it takes 6 MB, and few processes ever ring.
        from twilio.rest import Client

        return Client(*self._login, http_client=self._http)

    async def ring(self, to_uri: str, token: str, *, longest: int = LONGEST) -> Accepted:
        """Begin one call; see `Calls.ring`."""
        with sending():
            try:
                call = await self._client.calls.create_async(
                    to=from_uri(to_uri),
                    from_=self._number,
                    url=f"{self._voice_url}?call={token}",
                    method="POST",
                    status_callback=f"{self._voice_url}/status?call={token}",
                    status_callback_method="POST",
                    status_callback_event=["completed"],
                    # Told before anything is said: a voicemail must not seem to have heard a page.
                    machine_detection="Enable",
                    timeout=RINGS,
                    time_limit=longest,
                )
            except TwilioException as error:
                # Not chained: the exception's own message repeats the request, numbers and all.
                status, code = int(getattr(error, "status", 0) or 0), getattr(error, "code", None)
                raise refusal(status, code) from None
        return Accepted(str(call.sid), str(call.status))

    async def rung_since(self, to_uri: str, since: dt.datetime) -> list[LoggedCall]:
        """Return calls of ours to this address; see `Calls.rung_since`."""
        # The log keeps whole seconds.
        since = since.astimezone(dt.UTC).replace(microsecond=0)
        with reading():
            rows = await self._client.calls.list_async(to=from_uri(to_uri), limit=MOST_TO_ONE)
        return [
            LoggedCall(
                str(row.sid),
                str(row.status),
                row.date_created,
                str(row.answered_by) if row.answered_by else None,
                int(row.duration) if row.duration is not None else None,
            )
            for row in rows
            if row.direction == "outbound-api" and row.date_created and row.date_created >= since
        ]

    async def hang_up(self, carrier_id: str) -> None:
        """End a call; see `Calls.hang_up`."""
        with sending():
            try:
                await self._client.calls(carrier_id).update_async(status="completed")
            except TwilioException as error:
                status, code = int(getattr(error, "status", 0) or 0), getattr(error, "code", None)
                if code != OVER and status != GONE:
                    raise refusal(status, code) from None

    async def check(self) -> list[Finding]:
        """Return whether our number can call, and what its callers hear. Never raises."""
        return await examine_voice(self._client, self._number, self._voice_url)

    async def close(self) -> None:
        """Let go of this loop's connections."""
        await self._http.close()
