"""Answers what we ask of our account: itself, its number, its messaging service and that one's senders."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.rest.rest_answers import Login, first, json_answer, meta_page, only_page, read_form
from assistant.fake_twilio.traffic import Traffic
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.wire import API_VERSION

MESSAGING_HOST = "messaging.twilio.com"
NUMBER_SID = "PN" + "0" * 31 + "1"


class AccountApi:
    """The account's own resources."""

    def __init__(self, carrier: LocalCarrier, traffic: Traffic) -> None:
        self._carrier = carrier
        self._traffic = traffic
        self._voice: dict[str, str | None] = {"voice_url": traffic.voice_url or None, "voice_method": "POST"}
        self._born = self._changed = carrier.now()

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        account = f"/{API_VERSION}/Accounts/{{account}}"
        return [
            web.get(f"{account}.json", login.guard(self.account)),
            web.get(f"{account}/IncomingPhoneNumbers.json", login.guard(self.numbers)),
            web.get(f"{account}/IncomingPhoneNumbers/{{number}}.json", login.guard(self.number)),
            web.post(f"{account}/IncomingPhoneNumbers/{{number}}.json", login.guard(self.change_number)),
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

    async def number(self, request: web.Request) -> web.StreamResponse:
        """GET IncomingPhoneNumbers/{sid}.json."""
        self._number_sid(request)
        return json_answer(self._number_resource())

    async def change_number(self, request: web.Request) -> web.StreamResponse:
        """POST IncomingPhoneNumbers/{sid}.json: where calls to the number are answered."""
        self._number_sid(request)
        form = await read_form(request)
        for name, field in (("voice_url", "VoiceUrl"), ("voice_method", "VoiceMethod")):
            if field in form:
                self._voice[name] = first(form, field) or None
        self._changed = self._carrier.now()
        return json_answer(self._number_resource())

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
            "sid": NUMBER_SID,
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

    def _number_sid(self, request: web.Request) -> None:
        if request.match_info["number"] != NUMBER_SID:
            raise Refusal(20404, what=request.path)

    def _number_resource(self) -> dict[str, Any]:
        account = self._carrier.account_sid
        unset = (
            *("address_sid", "identity_sid", "sms_application_sid", "trunk_sid", "voice_application_sid"),
            *(
                "emergency_address_sid",
                "bundle_sid",
                "sms_fallback_url",
                "status_callback",
                "voice_fallback_url",
            ),
        )
        return dict.fromkeys(unset) | {
            "sid": NUMBER_SID,
            "account_sid": account,
            "phone_number": self._carrier.number,
            "friendly_name": self._carrier.number,
            "type": "local",
            "origin": "twilio",
            "beta": False,
            "api_version": API_VERSION,
            "address_requirements": "none",
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "date_created": format_datetime(self._born),
            "date_updated": format_datetime(self._changed),
            "sms_url": self._traffic.webhook_url or None,
            "sms_method": "POST",
            "sms_fallback_method": "POST",
            "status_callback_method": "POST",
            **self._voice,
            "voice_fallback_method": "POST",
            "voice_caller_id_lookup": False,
            "voice_receive_mode": "voice",
            "emergency_status": "Inactive",
            "emergency_address_status": "unregistered",
            "status": "in-use",
            "uri": f"/{API_VERSION}/Accounts/{account}/IncomingPhoneNumbers/{NUMBER_SID}.json",
        }
