"""Looks at how our account is set up at Twilio, and says what is wrong and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urldefrag

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.twilio_addresses import from_uri
from assistant.carriers.twilio_http import reading

RETRIES = "rc=2&rp=ct,rt,5xx"
"""Connection overrides for the webhook's address; without them Twilio hardly tries a failed one again."""

CALLED_BACK = "called back"
BINS = "https://handler.twilio.com/twiml/"
"""Where sentences are kept that an operator has written at Twilio for whoever calls."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    """account | sender | webhook | retries | voice | called back"""
    well: bool
    said: str
    mend: str = ""
    """What to do; empty when it is well."""


async def examine(client: Any, sender: str, webhook_url: str, api_url: str) -> list[Finding]:
    """Look at account, sender and webhook address, as far as one can be reached without the one before."""
    account = await _account(client, api_url)
    if not account.well:
        return [account]
    try:
        with reading():
            if sender.startswith("MG"):
                return [account, *await _service(client, sender, webhook_url)]
            return [account, *await _number(client, from_uri(sender), webhook_url)]
    except CarrierError as error:
        if error.code == 20404:
            mend = "give the TWILIO_MESSAGING_SERVICE_SID that the console shows for this account"
            return [account, Finding("sender", False, "there is no such messaging service", mend)]
        return [account, Finding("sender", False, f"could not be looked at (code {error.code})", "try again")]


async def _account(client: Any, api_url: str) -> Finding:
    try:
        with reading():
            account = await client.api.v2010.accounts(client.account_sid).fetch_async()
    except CarrierError as error:
        if error.trouble is Trouble.RETRY:
            mend = "is this machine on the internet, and TWILIO_API_URL right?"
            return Finding("account", False, f"{api_url} does not answer", mend)
        mend = "copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the console again"
        return Finding("account", False, f"the carrier does not let us in (code {error.code})", mend)
    status = str(account.status)
    if status != "active":
        return Finding("account", False, f"the account is {status}", "see the console for why")
    return Finding("account", True, "the carrier lets us in")


async def _service(client: Any, sid: str, webhook_url: str) -> list[Finding]:
    service = client.messaging.v1.services(sid)
    row = await service.fetch_async()
    numbers = await service.phone_numbers.list_async()
    if not numbers:
        mend = "add a number to the messaging service in the console"
        return [Finding("sender", False, "the messaging service has no number", mend)]
    found = [Finding("sender", True, f"the messaging service has {len(numbers)} number(s)")]
    if not row.use_inbound_webhook_on_number:
        where = "the messaging service's inbound request URL"
        return [*found, *_webhook(row.inbound_request_url, row.inbound_method, webhook_url, where)]
    for number in numbers:
        found += (await _number(client, str(number.phone_number), webhook_url))[1:]
    return found


async def _number(client: Any, number: str, webhook_url: str) -> list[Finding]:
    rows = await client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
    if not rows:
        mend = "set TWILIO_FROM to a number of this account, or buy it in the console"
        return [Finding("sender", False, "the number does not belong to the account", mend)]
    row = rows[0]
    capabilities = row.capabilities or {}
    if isinstance(capabilities, dict) and not capabilities.get("sms", True):
        return [Finding("sender", False, "the number cannot text", "choose a number with SMS")]
    found = [Finding("sender", True, "the number is ours and can text")]
    return [*found, *_webhook(row.sms_url, row.sms_method, webhook_url, 'the number\'s "A message comes in"')]


async def examine_voice(client: Any, number: str, voice_url: str) -> list[Finding]:
    """Look whether calls can go out from a number, and what those hear who call it back. Never raises."""
    try:
        with reading():
            rows = await client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
    except CarrierError as error:
        return [
            Finding("voice", False, f"the number could not be looked at (code {error.code})", "try again")
        ]
    if not rows:
        mend = "set TWILIO_FROM to a number of this account: calls go out from it"
        return [Finding("voice", False, "the number does not belong to the account", mend)]
    capabilities = rows[0].capabilities or {}
    if isinstance(capabilities, dict) and not capabilities.get("voice", True):
        mend = "choose a number with Voice for TWILIO_FROM, or switch calls off"
        return [Finding("voice", False, "calls are switched on, but the number cannot call", mend)]
    return [Finding("voice", True, "calls can go out from the number"), _called_back(rows[0], voice_url)]


def _called_back(row: Any, wanted: str) -> Finding:
    """Say what those hear who call the number back: whoever missed a page does."""
    mend = f'set the number\'s "A call comes in" to Webhook, {wanted}, HTTP POST'
    url, method = urldefrag(str(row.voice_url or ""))[0], str(row.voice_method or "").upper()
    if row.trunk_sid or row.voice_application_sid:
        taken = "a SIP trunk" if row.trunk_sid else "a TwiML app"
        said = f"calls to the number go to {taken}, whatever its webhook says"
        return Finding(CALLED_BACK, False, said, f"take the number out of it, and {mend}")
    if not url:
        return Finding(CALLED_BACK, False, "whoever calls the number back hears that nobody set it up", mend)
    if url != wanted and not url.startswith(BINS):
        return Finding(CALLED_BACK, False, f"calls to the number are answered by {url}", mend)
    if url == wanted and method != "POST":
        return Finding(CALLED_BACK, False, f"our address is called with HTTP {method}", mend)
    return Finding(CALLED_BACK, True, "whoever calls the number back hears that it reads texts")


def _webhook(url: str | None, method: str | None, wanted: str, where: str) -> list[Finding]:
    mend = f"set {where} to {wanted}#{RETRIES} with HTTP POST"
    if not url:
        return [Finding("webhook", False, "texts that come in are told to nobody", mend)]
    address, overrides = urldefrag(url)
    if address != wanted:
        return [Finding("webhook", False, f"texts that come in are told to {address}", mend)]
    if str(method).upper() != "POST":
        return [Finding("webhook", False, f"our address is called with HTTP {method}", mend)]
    found = [Finding("webhook", True, f"texts that come in are told to {address}")]
    if not _retries_enough(parse_qs(overrides)):
        return [*found, Finding("retries", False, "a webhook that fails is hardly tried again", mend)]
    return [*found, Finding("retries", True, "a webhook that fails is tried again")]


def _retries_enough(asked: dict[str, list[str]]) -> bool:
    policies = {policy for value in asked.get("rp", []) for policy in value.split(",")}
    return asked.get("rc", ["1"])[0] in ("2", "3", "4", "5") and (
        "all" in policies or {"ct", "rt", "5xx"} <= policies
    )
