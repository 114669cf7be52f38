"""Checks whether readable settings go together, and notices what is hardly meant."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from assistant.settings.settings_model import NAMES, Settings, on_this_machine


def check_together(settings: Settings, given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with settings that are each readable but do not go together."""
    wrong: dict[str, str] = {}
    if not settings.local_carrier:
        if "twilio_account_sid" not in given:
            wrong["twilio_account_sid"] = (
                "TWILIO_ACCOUNT_SID is missing though other TWILIO_* are set: give it, or unset them all "
                "to use the local carrier"
            )
        if "twilio_auth_token" not in given:
            wrong["twilio_auth_token"] = "TWILIO_AUTH_TOKEN is missing: copy it from the carrier's console"  # noqa: S105
        if "twilio_messaging_service_sid" not in given and "twilio_from" not in given:
            wrong["twilio_from"] = (
                "Nobody is named to send: give TWILIO_MESSAGING_SERVICE_SID, or TWILIO_FROM with your number"
            )
    if settings.data_key_old is not None and settings.data_key is None and "data_key_old" in given:
        wrong["data_key_old"] = (
            "DATA_KEY_OLD is set but DATA_KEY is not: give the new key as well; `circle key new` makes one"
        )
    if settings.real_account:
        wrong |= _real_account_checks(settings, given)
    if settings.local_carrier and not on_this_machine(settings.twilio_api_url):
        wrong["twilio_api_url"] = (
            "TWILIO_API_URL is set but no account is: give TWILIO_ACCOUNT_SID and _AUTH_TOKEN, or unset it"
        )
    if settings.local_carrier and settings.port == settings.carrier_port:
        wrong["carrier_port"] = (
            f"PORT and CARRIER_PORT are both {settings.port}: the local carrier needs a port of its own"
        )
    return wrong


def _real_account_checks(settings: Settings, given: Mapping[str, Any]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if "support_contact" not in given:
        wrong["support_contact"] = (
            "SUPPORT_CONTACT is missing: carriers require HELP to name a phone number or e-mail address"
        )
    if settings.time_travel:
        wrong["time_travel"] = (
            "TIME_TRAVEL is 1 with a real account: moving the clock would text real people; unset one"
        )
    host = urlsplit(settings.public_url).hostname or ""
    shown = f"PUBLIC_URL is {settings.public_url!r}"
    if "public_url" not in given:
        wrong["public_url"] = (
            "PUBLIC_URL is missing: give the https:// address at which Twilio reaches this service"
        )
    elif not settings.public_url.startswith("https://"):
        wrong["public_url"] = f"{shown}: with a real account it must begin with https://"
    elif not _reachable(host):
        wrong["public_url"] = (
            f"{shown}: Twilio cannot reach that host; give one that is known on the internet"
        )
    return wrong


def find_warnings(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Names that nothing reads but that resemble ours, and a number that join lines will miss."""
    ours = {*NAMES, "CARRIER_KNOBS", "TWILIO_API_KEY", "TWILIO_API_SECRET"}
    found = []
    for key in sorted(environ):
        if key in ours:
            continue
        near = difflib.get_close_matches(key, NAMES, n=1, cutoff=0.88)
        if not near and key.startswith("TWILIO_"):
            near = difflib.get_close_matches(
                key, [each for each in NAMES if each.startswith("TWILIO_")], n=1, cutoff=0
            )
        if near:
            found.append(f"{key} is set, but nothing reads it; did you mean {near[0]}?")
    if not settings.local_carrier and not settings.number:
        found.append(
            "TWILIO_FROM is not set: join lines cannot name the number to text; give your main number"
        )
    return found


def _reachable(host: str) -> bool:
    """Whether a host could be known on the internet, by its shape alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".lan"))
