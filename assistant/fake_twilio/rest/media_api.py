"""Answers for the media of messages: behind the login, as an account does where that setting is on."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.media_shelf import MediaShelf
from assistant.fake_twilio.records import Media, Message
from assistant.fake_twilio.rest.rest_answers import Login, json_answer, only_page
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.wire import API_VERSION


class MediaApi:
    """The pictures and voice notes of one account."""

    def __init__(self, carrier: LocalCarrier, shelf: MediaShelf) -> None:
        self._carrier = carrier
        self._shelf = shelf

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        message = f"/{API_VERSION}/Accounts/{{account}}/Messages/{{sid}}/Media"
        return [
            web.get(f"{message}.json", login.guard(self.show_all)),
            web.get(f"{message}/{{media}}.json", login.guard(self.show)),
            web.get(f"{message}/{{media}}", login.guard(self.read)),
            web.delete(f"{message}/{{media}}.json", login.guard(self.delete)),
            web.delete(f"{message}/{{media}}", login.guard(self.delete)),
        ]

    async def read(self, request: web.Request) -> web.StreamResponse:
        """GET Media/{sid}: the bytes."""
        _, media = self._find(request)
        held = self._shelf.get(media)
        return web.Response(body=held.data, content_type=media.content_type)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET Media/{sid}.json."""
        return json_answer(self._resource(*self._find(request)))

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """GET Media.json."""
        message = self._carrier.fetch(request.match_info["sid"])
        rows = [self._resource(message, media) for media in message.media]
        return only_page(request, "media_list", rows)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE Media/{sid}.json: it is gone, the message stays."""
        message, media = self._find(request)
        self._carrier.drop_media(message.sid, media.sid)
        self._shelf.drop(media.sid)
        return web.Response(status=204)

    def _find(self, request: web.Request) -> tuple[Message, Media]:
        message = self._carrier.fetch(request.match_info["sid"])
        for media in message.media:
            if media.sid == request.match_info["media"]:
                return message, media
        raise Refusal(20404, what=request.path)

    def _resource(self, message: Message, media: Media) -> dict[str, Any]:
        account = self._carrier.account_sid
        return {
            "sid": media.sid,
            "account_sid": account,
            "parent_sid": message.sid,
            "content_type": media.content_type,
            "date_created": format_datetime(message.created),
            "date_updated": format_datetime(message.updated),
            "uri": f"/{API_VERSION}/Accounts/{account}/Messages/{message.sid}/Media/{media.sid}.json",
        }
