"""Pictures and voice notes: in behind the login, out fetched from us, gone when they are deleted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from twilio.rest import Client

from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_SERVICE_SID
from assistant.fake_twilio.media_shelf import MOST_BYTES
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import Webhook, wait_until
from tests.fake_twilio.twilio_clients import client_of

ANA = "+14155550111"
LOGIN = (LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN)
NOTE = b"OggS" + b"\x00" * 100


@pytest.fixture
def carrier(webhook: Webhook) -> Iterator[Running]:
    with running(webhook_url=webhook.url, phones=[Phone("Ana", ANA)]) as served:
        yield served


@pytest.fixture
def client(carrier: Running) -> Client:
    return client_of(carrier)


@pytest.fixture
def pictures() -> Iterator[str]:
    """Our side as it serves pictures: /photo is one, /big too many bytes, /gone is not there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = {"/photo": b"\xff\xd8photo", "/big": b"x" * (MOST_BYTES + 1)}.get(self.path)
            self.send_response(200 if data else 404)
            self.send_header("Content-Type", "image/jpeg")
            self.end_headers()
            if data:
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def send_file(carrier: Running, data: bytes, kind: str) -> requests.Response:
    address = f"{carrier.url}/_phones/file"
    return requests.post(
        address, data=data, params={"from": ANA, "body": "listen"}, headers={"Content-Type": kind}, timeout=5
    )


def test_a_voice_note_is_read_behind_the_login_and_deleted(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    assert send_file(carrier, NOTE, "audio/ogg").status_code == 201
    (told,) = webhook.wait_for(1)
    assert (told.form["NumMedia"], told.form["MediaContentType0"], told.form["Body"]) == (
        "1",
        "audio/ogg",
        "listen",
    )
    address = told.form["MediaUrl0"].replace("https://api.twilio.com", carrier.url)
    assert requests.get(address, timeout=5).status_code == 401
    answer = requests.get(address, auth=LOGIN, timeout=5)
    assert (answer.content, answer.headers["Content-Type"]) == (NOTE, "audio/ogg")
    (media,) = client.messages(told.form["MessageSid"]).media.list()
    assert media.content_type == "audio/ogg"
    assert differences(requests.get(address + ".json", auth=LOGIN, timeout=5).json(), "media") == []
    assert media.delete()
    assert requests.get(address, auth=LOGIN, timeout=5).status_code == 404
    assert client.messages(told.form["MessageSid"]).fetch().num_media == "0"


def test_what_is_too_large_or_nothing_is_not_sent(carrier: Running, webhook: Webhook) -> None:
    for data in (b"", b"x" * (MOST_BYTES + 1)):
        assert send_file(carrier, data, "image/png").status_code == 400
    assert webhook.calls == []


@pytest.mark.parametrize(
    ("path", "to", "end"),
    [
        ("/photo", ANA, ("delivered", None)),
        ("/gone", ANA, ("failed", 30019)),
        ("/big", ANA, ("failed", 30019)),
        ("/gone", "whatsapp:+14155550111", ("failed", 63019)),
    ],
)
def test_a_picture_is_fetched_from_us_before_it_is_sent(
    carrier: Running, client: Client, pictures: str, path: str, to: str, end: Any
) -> None:
    requests.post(f"{carrier.url}/_phones/text", json={"from": to, "body": "hola"}, timeout=5)
    message = client.messages.create(
        to=to, messaging_service_sid=LOCAL_SERVICE_SID, body="Look.", media_url=[pictures + path]
    )
    ours = carrier.carrier.fetch(message.sid)
    wait_until(lambda: ours.final)
    assert (ours.status, ours.error_code) == end
    if end[0] == "delivered":
        shown = f"{carrier.url}/_media/{message.sid}/{ours.media[0].sid}"
        assert requests.get(shown, timeout=5).content == b"\xff\xd8photo"
