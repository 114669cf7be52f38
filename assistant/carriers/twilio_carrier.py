"""Twilio behind the `Carrier` interface: sends texts, and reads them back from its log."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from assistant.carriers.carrier import Accepted, CarrierError, Content, LoggedText, Trouble
from assistant.carriers.checkup import Finding, examine
from assistant.carriers.twilio_addresses import from_uri, to_uri
from assistant.carriers.twilio_contents import TwilioContents
from assistant.carriers.twilio_http import TWILIO_HOST, Answer, LoopHttp, reading, refusal, sending

TIMEOUT = 10.0
"""Seconds; Twilio's client has none of its own and would wait for ever."""
RCS = "rcs"
SERVICES = "https://messaging.twilio.com/v1/Services"
LOG_PAGE = 200
MOST_TO_ONE = 1000
"""Log rows to one address that are looked at: far more than one person is sent in the minutes asked about."""
SLACK = dt.timedelta(hours=1)
"""The log is sorted by when a text left, not by when it was made: so much further back it is read."""
RECEIVED_SLACK = dt.timedelta(minutes=1)
"""The same for texts to us, which are made when they come."""


class TwilioCarrier:
    """Made once; used from any event loop, also from loops that come and go.

    Args:
        sender: a messaging service (`MG…`), or our number as an address (`sms:+1415…`).
        status_callback_url: where Twilio reports how far a text has come; the attempt is added to it.
        api_url: where the REST API is; any other than Twilio's own stands in for all of Twilio's hosts.
        timeout: seconds for a whole request.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        api_url: str,
        status_callback_url: str,
        timeout: float = TIMEOUT,
    ) -> None:
        self._sender = sender
        self._api_url = api_url
        self._status_callback_url = status_callback_url
        self._http = LoopHttp(api_url, timeout)
        self._login = (account_sid, auth_token)
        self._others: list[str] | None = None
        self.contents = TwilioContents(self._http, self._login)
        self._messages = f"https://{TWILIO_HOST}/2010-04-01/Accounts/{account_sid}/Messages.json"

    @cached_property
    def _client(self) -> Any:
        """Twilio's own, which takes 6 MB: only for the set-up, which hardly any process looks at."""
        from twilio.rest import Client

        return Client(*self._login, http_client=self._http)

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        """Hand over one text; see `Carrier.send`."""
        said = (
            ({"Body": body} if body or not media else {})
            if content is None
            else {"ContentSid": content.sid, "ContentVariables": json.dumps(dict(content.variables))}
        )
        form: dict[str, object] = {
            "To": from_uri(to_uri),
            **said,
            "StatusCallback": f"{self._status_callback_url}?attempt={attempt}",
            **({"MediaUrl": list(media)} if media else {}),
            **self._from(to_uri),
        }
        with sending():
            # Past Twilio's client, which takes longer over a text than everything else that sending it needs.
            answer = await self._http.request("POST", self._messages, data=form, auth=self._login)
        return _accepted(answer)

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        """Return texts of ours to this address, newest first; see `Carrier.sent_since`."""
        # Twilio's DateSent filters have no use here: they hide what still queues, and go by whole days.
        since = _whole_second(since)
        address = from_uri(to_uri)
        # What a messaging service brought by RCS stands in the log under that address of the number.
        addresses = [address] if ":" in address else [address, f"{RCS}:{address}"]
        with reading():
            logs = await asyncio.gather(*(self._sent_to(each, since) for each in addresses))
        return sorted((text for log in logs for text in log), key=lambda text: text.created_at, reverse=True)

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        """Return texts to us, oldest first; see `Carrier.received_since`."""
        since = _whole_second(since)
        day = dt.datetime.combine(since.date(), dt.time(), dt.UTC)
        with reading():
            ours = await self._our_addresses()
            logs = await asyncio.gather(*(self._received_at(address, day, since) for address in ours))
        found = {text.carrier_id: text for log in logs for text in log}
        return sorted(found.values(), key=lambda text: (text.created_at, text.carrier_id))

    async def fetch_media(self, url: str, most: int) -> bytes:
        """Return a picture or voice note of a text to us; see `Carrier.fetch_media`."""
        with reading():
            return await self._http.download(self._own_media(url), self._login, most)

    async def drop_media(self, url: str) -> None:
        """Have Twilio forget it; see `Carrier.drop_media`."""
        with reading():
            answer = await self._http.request("DELETE", self._own_media(url), auth=self._login)
        if answer.status_code not in (204, 404):
            raise refusal(answer.status_code, None)

    async def number(self) -> str | None:
        """Return the number that people text, E.164; None when the messaging service has none."""
        with reading():
            numbers = await self._numbers()
        return numbers[0] if numbers else None

    async def channels(self) -> list[str]:
        """Return our senders on other channels than SMS ("whatsapp:+1415…", "rcs:agent"); without a messaging
        service, none."""
        if not self._sender.startswith("MG"):
            return []
        with reading():
            return [each async for each in self._of_service("ChannelSenders", "sender")]

    async def check(self, webhook_url: str) -> list[Finding]:
        """Return what stands between us and this carrier: account, sender, webhook address. Never raises.

        Args:
            webhook_url: our message webhook, as Twilio should have it.
        """
        return await examine(self._client, self._sender, webhook_url, self._api_url)

    async def close(self) -> None:
        """Let go of this loop's connections; the carrier can still be used."""
        await self._http.close()

    def _own_media(self, url: str) -> str:
        """Return where something of our account is; our login goes nowhere else."""
        asked, ours, here = urlsplit(url), urlsplit(self._messages), urlsplit(self._api_url)
        messages = ours.path.removesuffix(".json") + "/"
        if asked.netloc not in (ours.netloc, here.netloc) or not asked.path.startswith(messages):
            raise CarrierError(Trouble.FIX)
        return f"https://{TWILIO_HOST}{asked.path}"

    def _from(self, to_uri: str) -> dict[str, str]:
        if self._sender.startswith("MG"):
            return {"MessagingServiceSid": self._sender}
        # A number answers on the channel on which it is written to.
        number, channel = from_uri(self._sender), to_uri.partition(":")[0]
        return {"From": number if channel == "sms" or ":" in number else f"{channel}:{number}"}

    async def _log(self, **filters: object) -> AsyncIterator[LoggedText]:
        """Yield texts of the log, newest first."""
        asked = {**filters, "PageSize": LOG_PAGE}
        async for row in self._http.rows(self._messages, self._login, key="messages", params=asked):
            if row["date_created"]:
                yield _logged(row)

    async def _sent_to(self, address: str, since: dt.datetime) -> list[LoggedText]:
        found: list[LoggedText] = []
        looked = 0
        async for text in self._log(To=address):
            looked += 1
            if text.created_at < since - SLACK or looked > MOST_TO_ONE:
                break
            if text.created_at >= since and not text.inbound:
                found.append(text)
        return found

    async def _received_at(self, address: str, day: dt.datetime, since: dt.datetime) -> list[LoggedText]:
        found: list[LoggedText] = []
        async for text in self._log(To=address, **{"DateSent>": day.strftime("%Y-%m-%dT%H:%M:%SZ")}):
            # The filter knows days only: without this the log of a whole day would be read each time.
            if text.created_at < since - RECEIVED_SLACK:
                break
            if text.created_at >= since and text.inbound:
                found.append(text)
        return found

    async def _our_addresses(self) -> list[str]:
        numbers = await self._numbers()
        whatsapp = (f"whatsapp:{number}" for number in numbers if ":" not in number)
        return list(dict.fromkeys([*numbers, *whatsapp, *await self._other_senders()]))

    async def _other_senders(self) -> list[str]:
        """Our senders on other channels, asked for once; a carrier that knows none has none."""
        if self._others is None:
            try:
                self._others = await self.channels()
            except CarrierError as error:
                if error.trouble is not Trouble.FIX:
                    raise
                self._others = []
        return self._others

    async def _numbers(self) -> list[str]:
        if not self._sender.startswith("MG"):
            return [from_uri(self._sender)]
        return [each async for each in self._of_service("PhoneNumbers", "phone_number")]

    async def _of_service(self, listed: str, field: str) -> AsyncIterator[str]:
        """Yield one field of what our messaging service has."""
        async for row in self._http.rows(f"{SERVICES}/{self._sender}/{listed}", self._login):
            if row[field]:
                yield str(row[field])


def _accepted(answer: Answer) -> Accepted:
    """Read the answer to a send; the carrier's word for a refusal decides what is done about it."""
    try:
        told = json.loads(answer.text)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    if not 200 <= answer.status_code < 300:
        raise refusal(answer.status_code, told.get("code"))
    if not isinstance(told.get("sid"), str) or not told["sid"]:
        # It took something, but says nothing that can be read.
        raise CarrierError(Trouble.UNSURE)
    return Accepted(told["sid"], str(told.get("status")))


def _whole_second(moment: dt.datetime) -> dt.datetime:
    # The log keeps whole seconds: a text made in the second of `since` would seem older than it.
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def _logged(row: dict[str, Any]) -> LoggedText:
    params = {
        "NumMedia": row.get("num_media"),
        "NumSegments": row.get("num_segments"),
        "MessagingServiceSid": row.get("messaging_service_sid"),
        "AccountSid": row.get("account_sid"),
    }
    code = row.get("error_code")
    return LoggedText(
        carrier_id=str(row["sid"]),
        from_uri=to_uri(str(row.get("from") or "unknown")),
        to_uri=to_uri(str(row.get("to") or "unknown")),
        body=row.get("body") or "",
        inbound=row["direction"] == "inbound",
        status=str(row["status"]),
        created_at=parsedate_to_datetime(row["date_created"]).astimezone(dt.UTC),
        error_code=int(code) if code is not None else None,
        params={name: str(value) for name, value in params.items() if value is not None},
    )
