"""Writes messages and refusals as Twilio does: as API JSON, as an inbound webhook, as a status callback."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

import phonenumbers

from assistant.fake_twilio.records import Message
from assistant.fake_twilio.twilio_rules import Refusal, failure_message

API_VERSION = "2010-04-01"


def sign(url: str, fields: Mapping[str, str], auth_token: str) -> str:
    """Compute X-Twilio-Signature: base64(HMAC-SHA1(token, URL + each name and value, sorted by name)).

    Args:
        url: As requested, query included, fragment excluded.

    See https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def as_resource(message: Message) -> dict[str, Any]:
    """Write a message as the REST API's Messages resource: counts are strings there, and dates RFC 2822."""
    uri = f"/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"
    # A messaging service chooses the number and counts the segments only after it has answered.
    chosen = message.status not in ("accepted", "scheduled")
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created),
        "date_sent": _rfc2822(message.sent),
        "date_updated": _rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.from_ if chosen else None,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": str(len(message.media)),
        "num_segments": str(message.num_segments) if chosen else "0",
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def as_refusal(refusal: Refusal) -> dict[str, Any]:
    """Write a refusal as the REST API's error body."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }


def as_webhook(message: Message) -> dict[str, str]:
    """Write an inbound message as the form that Twilio posts, all of its usual fields, empty ones too."""
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_,
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.num_segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    if message.messaging_service_sid:
        fields["MessagingServiceSid"] = message.messaging_service_sid
    channel, _, address = message.from_.rpartition(":")
    if channel == "whatsapp":
        kind = "location" if "Latitude" in message.extras else "image" if message.media else "text"
        fields |= {"MessageType": kind, "ProfileName": "", "WaId": address.lstrip("+")}
    else:
        # Twilio sends a place it does not know as an empty field, and signs over it.
        for side, number in (("From", message.from_), ("To", message.to)):
            fields |= {
                f"{side}City": "",
                f"{side}State": "",
                f"{side}Zip": "",
                f"{side}Country": _country(number),
            }
    for index, media in enumerate(message.media):
        fields[f"MediaUrl{index}"] = media.url
        fields[f"MediaContentType{index}"] = media.content_type
    return fields | dict(message.extras)


def as_status(message: Message) -> dict[str, str]:
    """Write a message's present status as the form of a status callback."""
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.from_,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.messaging_service_sid:
        fields["MessagingServiceSid"] = message.messaging_service_sid
    if message.error_code:
        fields["ErrorCode"] = str(message.error_code)
        if sentence := failure_message(message.error_code):
            fields["ErrorMessage"] = sentence
    if message.status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
    return fields


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


@lru_cache(maxsize=20_000)
def _country(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
