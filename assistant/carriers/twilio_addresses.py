"""Turns Twilio's addresses (`+1415…`, `whatsapp:+52…`) into ours (`sms:+1415…`), and back.

Ours always name the scheme. What follows it is kept as it came: a number, a short code (`12345`), a sender's
name (`CIRCLE`), or a WhatsApp user's id that hides the number (`whatsapp:US.ABC123`).
"""

from __future__ import annotations

import re

SCHEMES = ("sms", "whatsapp", "rcs", "messenger")
LONGEST = 160
"""Characters; what the tables hold."""


_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def is_answerable(uri: str) -> bool:
    """Return whether a person may be behind one of our addresses: a whole number, or a chat's own id.

    Short codes and senders' names belong to machines; answering one costs, and may sign us up for more.
    """
    scheme, _, rest = uri.partition(":")
    return scheme not in ("sms", "rcs") or _NUMBER.fullmatch(rest) is not None


def to_uri(twilio_address: str) -> str:
    """Return our address for one of Twilio's.

    Raises:
        ValueError: it is empty or too long to be an address. The message does not repeat it.
    """
    address = twilio_address.strip()
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in SCHEMES:
        scheme, rest = "sms", address
    uri = f"{scheme.lower()}:{rest.strip()}"
    if not rest.strip() or len(uri) > LONGEST or not rest.isprintable():
        raise ValueError(
            "an address must be 1 to 150 printable characters, such as +14155550123 or whatsapp:+52…"
        )
    return uri


def from_uri(uri: str) -> str:
    """Return Twilio's address for one of ours.

    Raises:
        ValueError: it has no scheme that we know. The message does not repeat it.
    """
    scheme, _, rest = uri.partition(":")
    if scheme not in SCHEMES or not rest:
        raise ValueError(f"an address must begin with one of {', '.join(name + ':' for name in SCHEMES)}")
    return rest if scheme == "sms" else uri
