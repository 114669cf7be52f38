"""Takes many templates at once, for whoever starts everything on this machine; Twilio has no such door."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.page.page_reading import cannot, read_asked
from assistant.fake_twilio.twilio_rules import Refusal


class PageTemplates:
    """The account's templates, made by the hundred."""

    def __init__(self, carrier: LocalCarrier) -> None:
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [web.post("/_templates", self.hold)]

    async def hold(self, request: web.Request) -> web.StreamResponse:
        """POST /_templates {templates: [what POST /v1/Content takes, with "category" where it is submitted]}.

        What is there by its name already stays as it is. The answer has each one's sid, by its name, and why
        others were not taken.
        """
        given = (await read_asked(request)).get("templates")
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise cannot("templates must be a list of objects.")
        sids = {template.friendly_name: template.sid for template in self._carrier.contents}
        refused = {}
        for each in given:
            name = str(each.get("friendly_name"))
            if name not in sids:
                try:
                    sids[name] = self._make(each)
                except Refusal as refusal:
                    refused[name] = refusal.message
        return web.json_response({"sids": sids, "refused": refused})

    def _make(self, given: dict[str, Any]) -> str:
        contents = self._carrier.contents
        sid = contents.create(given).sid
        if category := given.get("category"):
            contents.submit(sid, str(given.get("friendly_name")), category, allow_category_change=True)
        return sid
