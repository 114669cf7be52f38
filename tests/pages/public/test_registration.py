"""A registration is ready as it stands, and each reason to refuse it is found when it is there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from tempfile import mkdtemp
from typing import Any

import pytest

from assistant.pages.registering.refusals import examine, is_public, refusals_file
from assistant.pages.registering.registration import KINDS, Registration, Sample, register
from assistant.runtime import read_flows
from assistant.settings import load_settings

NUMBER = "+14155550100"


@cache
def ready() -> Registration:
    settings = load_settings(
        {
            "SERVICE_NAME": "Maple Peers",
            "SUPPORT_CONTACT": "help@circles.example.org",
            "PUBLIC_URL": "https://circles.example.org",
            "SECRET_KEY": "a key of these tests, long enough for anything",
            "CIRCLE_DATA": mkdtemp(),
        }
    )
    return register(read_flows(), settings, NUMBER)


def wrong(registration: Registration) -> list[str]:
    return [code for each in examine(registration) if each.wrong for code in each.codes]


def test_the_texts_that_are_sent_are_ready_to_be_registered() -> None:
    verdicts = examine(ready())
    assert [each.wrong for each in verdicts] == [[]] * len(refusals_file()["check"])
    assert len(verdicts) == 14


def test_the_samples_are_what_is_sent_with_brackets_for_what_differs() -> None:
    samples = ready().samples
    assert len({each.text for each in samples}) == 5
    assert samples[0].text.startswith("Maple Peers: You agreed to hear about [circle]")
    assert samples[0].templates["en"].startswith("Maple Peers: You agreed to hear about {{1}}")
    assert all("{" not in each.text for each in samples)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_a_form_is_filled(kind: str) -> None:
    fields = ready().fields(kind)
    assert all(value not in ("", [], None) for value in fields.values()), fields
    assert len(str(fields.get("AdditionalInformation", ""))) <= 500
    assert len(str(fields.get("about", ""))) <= 139


CONSENT = "consent"
MADE_WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("30837", {"service": "Circle"}),
    ("30837", {"number": ""}),
    ("30886", {"description": "We text."}),
    ("30909", {"message_flow": "People sign up on our website, and they agree to our texts there."}),
    ("30896", {"message_flow": "x" * 2049}),
    ("30551", {CONSENT: "You agree to receive communications from Maple Peers."}),
    ("30544", {CONSENT: "You agree to get text messages from Maple Peers."}),
    ("30545", {CONSENT: "You agree to get text messages from Maple Peers about your peer circle."}),
    ("30569", {CONSENT: "Reply HELP, or STOP to opt out."}),
    ("30570", {CONSENT: "Message and data rates may apply."}),
    ("30893", {"samples": ()}),
    ("30893", {"samples": (Sample("x", "Your buddy is [buddy], say hi", {}),) * 5}),
    ("30540", {"confirmation": "Maple Peers: Welcome to [circle]!"}),
    ("30486", {"help": "Maple Peers: call your host."}),
    ("CTIA 5.1.3", {"stop": "Bye!"}),
    ("30493", {"pages": {"privacy": "We keep things.", "terms": ""}}),
    (
        "30493",
        {
            "addresses": {
                "join": "http://127.0.0.1:8000/join",
                "privacy": "https://a.org/privacy",
                "terms": "https://a.org/terms",
            }
        },
    ),
    (
        "30910",
        {"description": "Maple Peers text circle: manda JOIN para entrar a un círculo por texto"},
    ),
    ("30950", {"description": "Maple Peers is a text circle that helps with credit repair and more."}),
    (
        "30929",
        {"stop": "Maple Peers: You are opted out and will get no more texts, unless you must evacuate."},
    ),
)


@pytest.mark.parametrize(("code", "changes"), MADE_WRONG)
def test_what_would_be_refused_is_found(code: str, changes: dict[str, Any]) -> None:
    assert code in wrong(replace(ready(), **changes))


def test_pages_that_do_not_answer_are_found() -> None:
    asked: list[str] = []

    def fetch(address: str) -> str | None:
        asked.append(address)
        return None if address.endswith("/terms") else "<h1>Maple Peers</h1>"

    found = [each.wrong for each in examine(ready(), fetch) if each.wrong]
    assert found == [["terms: https://circles.example.org/terms does not answer with our page"]]
    assert [address.rpartition("/")[2] for address in asked] == ["join", "privacy", "terms"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://circles.example.org/join", True),
        ("http://circles.example.org/join", False),
        ("https://localhost/join", False),
        ("https://192.168.1.4/join", False),
        ("https://machine.local/join", False),
    ],
)
def test_only_public_addresses_over_tls_count(address: str, public: bool) -> None:
    assert is_public(address) is public
