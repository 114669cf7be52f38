"""Answers what we ask of our account: itself, its number, its messaging service and that one's senders."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.rest.rest_answers import Login, json_answer, meta_page, only_page
from assistant.fake_twilio.traffic import Traffic
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.wire import API_VERSION

MESSAGING_HOST = "messaging.twilio.com"


class AccountApi:
    """The account's own resources."""

    def __init__(self, carrier: LocalCarrier, traffic: Traffic) -> None:
        self._carrier = carrier
        self._traffic = traffic

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        account = f"/{API_VERSION}/Accounts/{{account}}"
        return [
            web.get(f"{account}.json", login.guard(self.account)),
            web.get(f"{account}/IncomingPhoneNumbers.json", login.guard(self.numbers)),
            web.get("/v1/Services/{service}", login.guard(self.service)),
            web.get("/v1/Services/{service}/PhoneNumbers", login.guard(self.service_numbers)),
        ]

    async def account(self, request: web.Request) -> web.StreamResponse:
        """GET Accounts/{sid}.json."""
        return json_answer(
            {
                "sid": self._carrier.account_sid,
                "friendly_name": "Local carrier",
                "status": "active",
                "type": "Full",
                "owner_account_sid": self._carrier.account_sid,
                "uri": request.path,
            }
        )

    async def numbers(self, request: web.Request) -> web.StreamResponse:
        """GET IncomingPhoneNumbers.json, with its PhoneNumber filter."""
        wanted = request.query.get("PhoneNumber", self._carrier.number)
        rows = [self._number_resource()] if wanted == self._carrier.number else []
        return only_page(request, "incoming_phone_numbers", rows)

    async def service(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Services/{sid} (messaging.twilio.com)."""
        sid = self._service_sid(request)
        address = f"https://{MESSAGING_HOST}/v1/Services/{sid}"
        return json_answer(
            {
                "sid": sid,
                "account_sid": self._carrier.account_sid,
                "friendly_name": "Local messaging service",
                "inbound_request_url": self._traffic.webhook_url,
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": False,
                "status_callback": None,
                "sticky_sender": True,
                "smart_encoding": False,
                "validity_period": 36_000,
                "url": address,
                "links": {"phone_numbers": f"{address}/PhoneNumbers"},
            }
        )

    async def service_numbers(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Services/{sid}/PhoneNumbers (messaging.twilio.com), where capabilities are names."""
        row = {
            "sid": self._number_resource()["sid"],
            "account_sid": self._carrier.account_sid,
            "service_sid": self._service_sid(request),
            "phone_number": self._carrier.number,
            "country_code": "US",
            "capabilities": ["MMS", "SMS", "Voice"],
        }
        return meta_page(request, MESSAGING_HOST, "phone_numbers", [row])

    def _service_sid(self, request: web.Request) -> str:
        sid = request.match_info["service"]
        if not sid or sid != self._carrier.messaging_service:
            raise Refusal(20404, what=request.path)
        return sid

    def _number_resource(self) -> dict[str, Any]:
        return {
            "sid": "PN" + "0" * 31 + "1",
            "account_sid": self._carrier.account_sid,
            "phone_number": self._carrier.number,
            "friendly_name": self._carrier.number,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "sms_url": self._traffic.webhook_url,
            "sms_method": "POST",
            "status": "in-use",
        }
