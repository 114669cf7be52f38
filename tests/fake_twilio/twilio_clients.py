"""Twilio's own Python clients, sent to the local carrier."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN
from assistant.fake_twilio.server import Running


def moved(url: str, host: str) -> str:
    parts = urlsplit(url)
    return f"{host}{parts.path}" + (f"?{parts.query}" if parts.query else "")


class LocalHttp(TwilioHttpClient):
    """Twilio's client, sent to another host."""

    def __init__(self, host: str, timeout: float = 5) -> None:
        super().__init__(timeout=timeout)
        self.host = host

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, moved(url, self.host), *args, **kwargs)


class LocalAsyncHttp(AsyncTwilioHttpClient):
    """Twilio's asynchronous client, sent to another host."""

    host = ""

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return await super().request(method, moved(url, self.host), *args, **kwargs)


def client_of(carrier: Running) -> Client:
    return Client(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, http_client=LocalHttp(carrier.url))
