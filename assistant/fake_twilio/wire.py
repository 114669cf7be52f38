"""Writes messages and refusals as Twilio does: as API JSON, as an inbound webhook, as a status callback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from assistant.fake_twilio.phone_book import country_of
from assistant.fake_twilio.records import Message
from assistant.fake_twilio.twilio_rules import Refusal, failure_message, number_of

API_VERSION = "2010-04-01"
# The installation of a channel in an account: one for each.
_INSTALLS = {"whatsapp": "XE" + "0" * 31 + "1", "rcs": "XE" + "0" * 31 + "2"}


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
        "error_message": (failure_message(message.error_code) or None) if message.error_code else None,
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
    if message.channel == "whatsapp":
        fields |= _whatsapp_fields(message)
    else:
        # Twilio sends a place it does not know as an empty field, and signs over it.
        for side, number in (("From", message.from_), ("To", message.to)):
            fields |= {
                f"{side}City": "",
                f"{side}State": "",
                f"{side}Zip": "",
                f"{side}Country": country_of(number) if number_of(number).startswith("+") else "",
            }
    if message.channel == "rcs":
        fields["ChannelMetadata"] = json.dumps({"type": "rcs", "data": {}})
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
    if message.channel:
        fields |= {
            "ChannelPrefix": message.channel,
            "ChannelInstallSid": _INSTALLS.get(message.channel, "XE" + "0" * 32),
            "ChannelToAddress": number_of(message.to),
        }
        if message.status in ("delivered", "undelivered", "failed", "read"):
            fields["EventType"] = message.status.upper()
        if message.error_code:
            fields["ChannelStatusMessage"] = failure_message(message.error_code)
    elif message.status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
    return fields


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


def _whatsapp_fields(message: Message) -> dict[str, str]:
    """Return what comes with every WhatsApp message; who hides the number has no WaId."""
    extras = message.extras
    number = number_of(message.from_)
    fields = {"MessageType": _message_type(message), "ProfileName": "", "ReferralNumMedia": "0"}
    context = {"ProfileName": extras.get("ProfileName", "")}
    if number.startswith("+"):
        fields["WaId"] = context["WaId"] = number.removeprefix("+")
    fields["ChannelMetadata"] = json.dumps({"type": "whatsapp", "data": {"context": context}})
    return fields


def _message_type(message: Message) -> str:
    if "Latitude" in message.extras:
        return "location"
    if "ButtonPayload" in message.extras:
        return "button"
    if "ListId" in message.extras:
        return "interactive"
    if not message.media:
        return "text"
    kind = message.media[0].content_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "document"
