"""The local carrier's rules behind the interface that delivery sends through, without a network."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

from assistant import fake_twilio
from assistant.carriers.carrier import Accepted, CarrierError, Content, LoggedText, Trouble
from assistant.carriers.carrier_errors import error_for
from assistant.carriers.contents import ContentForm
from assistant.carriers.twilio_addresses import from_uri
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID, LocalCarrier, Refusal
from assistant.fake_twilio.records import Message

PHOTO = Path(fake_twilio.__file__).parent / "static" / "photo.png"


class WorldCarrier:
    """A carrier that takes each text at once, and keeps what it took until it reaches its phone."""

    def __init__(self, local: LocalCarrier) -> None:
        self.local = local
        self.taken: list[tuple[Message, str]] = []
        self.media: dict[str, bytes] = {}
        """Where it has what phones sent; a picture that was not put here is one of ours."""

    def take(
        self,
        to_uri: str,
        body: str,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        """Return what the carrier says to one text at once.

        Raises:
            CarrierError: it refused.
        """
        try:
            message = self.local.create(
                to=from_uri(to_uri),
                messaging_service_sid=LOCAL_SERVICE_SID,
                body=body if content is None else "",
                media_urls=media,
                content_sid=content.sid if content else "",
                content_variables=json.dumps(dict(content.variables)) if content else "",
            )
        except Refusal as refusal:
            raise error_for(refusal.status, refusal.code) from refusal
        self.taken.append((message, attempt))
        return Accepted(message.sid, message.status)

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        return self.take(to_uri, body, attempt, content, media)

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:  # noqa: ARG002
        raise CarrierError(Trouble.RETRY)

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:  # noqa: ARG002
        return []

    async def fetch_media(self, url: str, most: int) -> bytes:
        return self.media.get(url, PHOTO.read_bytes())[: most + 1]

    async def drop_media(self, url: str) -> None:
        self.media.pop(url, None)

    async def close(self) -> None:
        return None


def hold_content(local: LocalCarrier, form: ContentForm, *, submit: bool) -> str:
    """Have the local carrier hold a content, which WhatsApp approves at once where it is submitted."""
    made = {"friendly_name": form.name, "language": form.language}
    template = local.contents.create({**made, "types": form.types, "variables": form.variables})
    if submit:
        local.contents.submit(template.sid, form.name, "UTILITY", allow_category_change=True)
        local.contents.decide(template.sid, status="approved")
    return template.sid
