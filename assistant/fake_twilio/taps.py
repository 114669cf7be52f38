"""Says what Twilio posts when somebody taps a button, a chip or a row of a list under a message of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assistant.fake_twilio.records import Button, Message


class NoTapError(LookupError):
    """There is nothing there that could be tapped; the message says what is missing."""


def button_of(message: Message, index: int) -> Button:
    """Return a message's button, which stays there to be tapped however old the message is.

    Raises:
        NoTapError: There is none, or it opens something on the phone and sends nothing.
    """
    if not 0 <= index < len(message.buttons):
        raise NoTapError("That message has no such button.")
    button = message.buttons[index]
    if button.kind in ("url", "phone"):
        raise NoTapError("That button opens something on the phone; nothing is sent.")
    return button


def tap_fields(message: Message, button: Button) -> Mapping[str, str]:
    """Return the webhook's further fields; its Body is the button's title.

    https://www.twilio.com/docs/messaging/guides/webhook-request
    """
    if button.kind == "item":
        data = {"type": "list", "data": {"title": button.title}}
        fields = {"ListId": button.payload, "ListTitle": button.title, "InteractiveData": json.dumps(data)}
        if button.description:
            fields["ListDescription"] = button.description
    else:
        fields = {"ButtonText": button.title, "ButtonPayload": button.payload}
        if message.channel == "rcs":
            fields["ButtonType"] = "REPLY"
    if message.channel == "whatsapp":
        fields |= {"OriginalRepliedMessageSid": message.sid, "OriginalRepliedMessageSender": message.from_}
    return fields
