"""Answers Twilio's Content API (content.twilio.com): templates, and WhatsApp's review of them.

https://www.twilio.com/docs/content/content-api-resources
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from assistant.fake_twilio.content.content_book import ContentBook
from assistant.fake_twilio.content.content_rules import richest
from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.records import Template
from assistant.fake_twilio.rest.rest_answers import (
    Login,
    give_or_lose,
    json_answer,
    meta_page,
    read_object,
    take_or_refuse,
)
from assistant.fake_twilio.traffic import LearnTime

HOST = "content.twilio.com"


class ContentApi:
    """The templates of one account."""

    def __init__(self, carrier: LocalCarrier, learn_time: LearnTime) -> None:
        """Answer for a carrier.

        Args:
            learn_time: Brings the carrier's clock up to the service's, by which reviews take their time.
        """
        self._carrier = carrier
        self._learn_time = learn_time

    @property
    def _book(self) -> ContentBook:
        return self._carrier.contents

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        one = "/v1/Content/{sid}"
        return [
            web.post("/v1/Content", login.guard(self.create)),
            web.get("/v1/Content", login.guard(self.show_all)),
            web.get("/v1/ContentAndApprovals", login.guard(self.show_approvals)),
            web.get(one, login.guard(self.fetch)),
            web.delete(one, login.guard(self.delete)),
            web.get(f"{one}/ApprovalRequests", login.guard(self.show_approval)),
            web.post(f"{one}/ApprovalRequests/whatsapp", login.guard(self.submit)),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/Content; the faults decide whether the answer comes."""
        given = await read_object(request)
        await take_or_refuse(self._carrier)
        answer = json_answer(self._resource(self._book.create(given)), 201)
        return give_or_lose(self._carrier, request, answer)

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content, in pages."""
        return meta_page(request, HOST, "contents", map(self._resource, self._book))

    async def show_approvals(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/ContentAndApprovals, in pages."""
        await self._learn_time()
        rows = ({**self._common(each), "approval_requests": self._approval(each)} for each in self._book)
        return meta_page(request, HOST, "contents", rows)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content/{sid}."""
        return json_answer(self._resource(self._book.fetch(request.match_info["sid"])))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE /v1/Content/{sid}."""
        self._book.delete(request.match_info["sid"])
        return web.Response(status=204)

    async def show_approval(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Content/{sid}/ApprovalRequests."""
        await self._learn_time()
        template = self._book.fetch(request.match_info["sid"])
        return json_answer(
            {
                "sid": template.sid,
                "account_sid": self._carrier.account_sid,
                "whatsapp": {"type": "whatsapp", **self._approval(template)},
                "url": f"https://{HOST}/v1/Content/{template.sid}/ApprovalRequests",
            }
        )

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/Content/{sid}/ApprovalRequests/whatsapp {name, category, allow_category_change?}."""
        given = await read_object(request)
        await take_or_refuse(self._carrier)
        await self._learn_time()
        template = self._book.submit(
            request.match_info["sid"],
            str(given.get("name") or ""),
            str(given.get("category") or ""),
            allow_category_change=given.get("allow_category_change") is not False,
        )
        answer = json_answer({**self._approval(template), "status": "received"}, 201)
        return give_or_lose(self._carrier, request, answer)

    def _common(self, template: Template) -> dict[str, Any]:
        return {
            "sid": template.sid,
            "account_sid": self._carrier.account_sid,
            "friendly_name": template.friendly_name,
            "language": template.language,
            "variables": dict(template.variables),
            "types": dict(template.types),
            "date_created": _iso(template.created),
            "date_updated": _iso(template.updated),
        }

    def _resource(self, template: Template) -> dict[str, Any]:
        address = f"https://{HOST}/v1/Content/{template.sid}"
        return {
            **self._common(template),
            "url": address,
            "links": {
                "approval_create": f"{address}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{address}/ApprovalRequests",
            },
        }

    def _approval(self, template: Template) -> dict[str, Any]:
        review = self._book.review_of(template)
        return {
            "name": template.name,
            "category": review.category,
            "content_type": richest(template.types, "whatsapp"),
            "status": review.status,
            "rejection_reason": review.reason,
            "allow_category_change": template.allow_category_change,
        }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
