"""Writes phones, texts and templates as the page with the phones shows them."""

from __future__ import annotations

from typing import Any

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.phone_book import address_of, zone_of
from assistant.fake_twilio.records import Message, Phone, Template
from assistant.fake_twilio.twilio_rules import failure_message


def kind_of(phone: Phone) -> str:
    """Name what kind of phone it is: whatsapp, rcs or sms."""
    if phone.number.startswith("whatsapp:"):
        return "whatsapp"
    return "rcs" if phone.rcs else "sms"


def show_phone(carrier: LocalCarrier, phone: Phone) -> dict[str, Any]:
    """Write a phone with its conversation; `window` is how many seconds free-form words may still come."""
    left = carrier.windows.left(phone.number, f"whatsapp:{carrier.number}")
    return {
        "name": phone.name,
        "number": phone.number,
        "shown": address_of(phone).rpartition(":")[2],
        "zone": zone_of(phone.number),
        "kind": kind_of(phone),
        "hides": phone.hides,
        "hint": phone.hint,
        "opted_out": carrier.blocked(phone.number),
        "window": left.total_seconds() if left is not None else None,
        "messages": [show_message(message) for message in carrier.conversation(phone.number)],
    }


def show_message(message: Message) -> dict[str, Any]:
    """Write a text, with what can be tapped under it and what the carrier knows of its way."""
    extras = message.extras
    error = message.error_code or message.webhook_error
    return {
        "sid": message.sid,
        "mine": message.inbound,
        "channel": message.channel,
        "body": message.body,
        "status": message.status,
        "answered": message.answered,
        "error": error,
        "why": message.webhook_trouble or (failure_message(error) if error else ""),
        "refused": message.refused,
        "refused_why": failure_message(message.refused) if message.refused else "",
        "segments": message.num_segments,
        "at": message.created.isoformat(),
        "media": [
            {"url": f"/_media/{message.sid}/{media.sid}", "type": media.content_type}
            for media in message.media
        ],
        "place": extras.get("Label") or extras.get("Address") or "" if "Latitude" in extras else None,
        "buttons": [
            {"title": button.title, "kind": button.kind, "more": button.description}
            for button in message.buttons
        ],
        "list": message.list_button,
        "template": bool(message.content_sid),
    }


def show_template(carrier: LocalCarrier, template: Template) -> dict[str, Any]:
    """Write a template and how WhatsApp's review of it stands."""
    review = carrier.contents.review_of(template)
    content = next(iter(template.types.values()))
    return {
        "sid": template.sid,
        "name": template.friendly_name or template.name or template.sid,
        "language": template.language,
        "body": content.get("body") or content.get("title") or "",
        "types": [name.partition("/")[2] for name in template.types],
        "status": review.status,
        "category": review.category,
        "reason": review.reason,
    }
