"""Makes the messages of one account as Twilio would have them: ids, segments, media, first status."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.fake_twilio.admission import Order
from assistant.fake_twilio.message_log import MessageLog
from assistant.fake_twilio.records import NOTHING_MORE, Media, Message
from assistant.fake_twilio.twilio_rules import in_channel_of
from assistant.language.sms.segments import measure


@dataclass(frozen=True, slots=True)
class MessageMaker:
    """What every message of one account has in common, and the ids that are taken."""

    account_sid: str
    number: str
    messaging_service: str
    media_host: str
    rcs_sender: str
    chance: random.Random
    taken: MessageLog

    def outbound(self, order: Order, now: datetime) -> Message:
        """Return a message that was asked for: queued, accepted (through a service) or scheduled."""
        sid = self._new_sid("MM" if order.media_urls else "SM")
        return Message(
            sid=sid,
            account_sid=self.account_sid,
            from_=order.from_ or self.sender_for(order.to),
            to=order.to,
            body=order.body,
            direction="outbound-api",
            status="scheduled" if order.send_at else "accepted" if order.service else "queued",
            num_segments=1 if order.media_urls or ":" in order.to else measure(order.body).segments,
            created=now,
            updated=now,
            messaging_service_sid=order.service or None,
            media=tuple(Media(self._new_sid("ME"), url, "image/jpeg") for url in order.media_urls),
        )

    def sender_for(self, address: str) -> str:
        """Return our own address on the channel of the other side's."""
        return self.rcs_sender if address.startswith("rcs:") else in_channel_of(address, self.number)

    def inbound(
        self,
        from_: str,
        body: str,
        to: str,
        media: Sequence[tuple[str, str]],
        extras: Mapping[str, str] | None,
        now: datetime,
    ) -> Message:
        """Return a text of a phone to our number."""
        sid = self._new_sid("MM" if media else "SM")
        return Message(
            sid=sid,
            account_sid=self.account_sid,
            from_=from_,
            to=to,
            body=body,
            direction="inbound",
            status="received",
            num_segments=max(1, measure(body).segments) if not media and ":" not in from_ else 1,
            created=now,
            updated=now,
            sent=now,
            messaging_service_sid=self.messaging_service or None,
            media=tuple(self._new_media(sid, url, kind) for url, kind in media),
            extras=dict(extras) if extras else NOTHING_MORE,
        )

    def answer(self, inbound: Message, body: str, status: str, now: datetime) -> Message:
        """Return what answers a text of a phone: the carrier's own words, or those of a webhook."""
        return Message(
            sid=self._new_sid("SM"),
            account_sid=self.account_sid,
            from_=inbound.to,
            to=inbound.from_,
            body=body,
            direction="outbound-reply",
            status=status,
            num_segments=1 if ":" in inbound.from_ else measure(body).segments,
            created=now,
            updated=now,
            sent=now if status == "delivered" else None,
            messaging_service_sid=self.messaging_service or None,
        )

    def _new_sid(self, prefix: str) -> str:
        # A carrier with a seed that was restored from its journal would draw the same ids once more.
        while (sid := f"{prefix}{self.chance.getrandbits(128):032x}") in self.taken:
            pass
        return sid

    def _new_media(self, message_sid: str, url: str, content_type: str) -> Media:
        sid = self._new_sid("ME")
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{message_sid}/Media/{sid}"
        return Media(sid, url or self.media_host + path, content_type)
