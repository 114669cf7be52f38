"""WhatsApp and RCS phones on the page, in a real browser: buttons, lists, ticks, templates, calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_SERVICE_SID,
    LocalCarrier,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.our_side import Webhook
from tests.fake_twilio.twilio_clients import client_of

ANA, LUZ, OMAR, ROSA = "whatsapp:+14155550102", "+14155550101", "whatsapp:US.AB12CD34EF", "+14155550103"
PHONES = (
    Phone("Ana", ANA, "Text JOIN MAPLE to begin."),
    Phone("Luz", LUZ, "", rcs=True),
    Phone("Omar", OMAR),
    Phone("Rosa", ROSA),
)
WIDE, NARROW = {"width": 1900, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture
def carrier(webhook: Webhook) -> Iterator[Running]:
    rules = LocalCarrier(now=lambda: datetime.now(UTC), seed=1, faults=Faults(step_ms=0))
    with running(rules, webhook_url=webhook.url, phones=PHONES) as served:
        yield served


@pytest.fixture
def page(browser: Browser, carrier: Running) -> Iterator[Page]:
    opened = open_page(browser, carrier, viewport=WIDE)
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    yield opened
    opened.close()
    assert trouble == []


def open_page(browser: Browser, carrier: Running, **context: Any) -> Page:
    page = browser.new_page(**context)
    page.goto(f"{carrier.url}/phones")
    expect(page.locator("#link")).to_have_text("live")
    return page


def phone_of(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"{name}’s")


def say(page: Page, name: str, text: str) -> None:
    field = phone_of(page, name).get_by_role("textbox")
    field.fill(text)
    field.press("Enter")


def question(carrier: Running, *, rows: bool = False) -> str:
    titles = ("Good", "Hard", "Later")
    rich: dict[str, Any] = (
        {
            "twilio/list-picker": {
                "body": "How was it?",
                "button": "Choose",
                "items": [
                    {"item": title, "id": f"q7_{place}", "description": f"It was {title.lower()}"}
                    for place, title in enumerate(titles)
                ],
            }
        }
        if rows
        else {
            "twilio/quick-reply": {
                "body": "How was it?",
                "actions": [{"title": title, "id": f"q7_{place}"} for place, title in enumerate(titles)],
            }
        }
    )
    words = {"twilio/text": {"body": "How was it? 1 Good, 2 Hard, 3 Later"}}
    answer = requests.post(
        f"{carrier.url}/v1/Content",
        json={"language": "en", "types": rich | words},
        auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN),
        timeout=5,
    )
    return str(answer.json()["sid"])


def send(carrier: Running, to: str, sid: str = "", body: str = "") -> None:
    what = {"content_sid": sid} if sid else {"body": body}
    client_of(carrier).messages.create(to=to, messaging_service_sid=LOCAL_SERVICE_SID, **what)


def test_one_question_as_buttons_a_list_suggestions_and_words(
    page: Page, carrier: Running, webhook: Webhook
) -> None:
    for name in ("Ana", "Omar"):
        say(page, name, "hola")
    webhook.wait_for(2)
    for phone, rows in ((ANA, False), (LUZ, False), (OMAR, True), (ROSA, False)):
        send(carrier, phone, question(carrier, rows=rows))
    for name in ("Ana", "Luz"):
        expect(phone_of(page, name).get_by_role("button", name="Hard")).to_be_visible()
    expect(phone_of(page, "Rosa").locator(".words")).to_have_text("How was it? 1 Good, 2 Hard, 3 Later")
    expect(phone_of(page, "Rosa").locator(".buttons")).to_have_count(0)
    omar = phone_of(page, "Omar")
    expect(omar.get_by_role("button", name="Later")).to_be_hidden()
    omar.get_by_text("Choose").click()
    omar.get_by_role("button", name="Later").click()
    phone_of(page, "Luz").get_by_role("button", name="Good").click()
    # A double tap is two texts, and the button stays for a late one.
    phone_of(page, "Ana").get_by_role("button", name="Hard").dblclick()
    expect(phone_of(page, "Ana").locator(".mine")).to_have_count(3)
    said = {call.form["From"]: call.form for call in webhook.wait_for(6)[2:]}
    assert (said[OMAR]["ListId"], said[OMAR]["Body"]) == ("q7_2", "Later")
    assert (said[f"rcs:{LUZ}"]["ButtonPayload"], said[f"rcs:{LUZ}"]["ButtonType"]) == ("q7_0", "REPLY")
    assert said[ANA]["ButtonPayload"] == "q7_1"
    assert [call.form["From"] for call in webhook.calls].count(ANA) == 3
    page.reload()
    phone_of(page, "Ana").get_by_role("button", name="Later").click()
    assert webhook.wait_for(7)[-1].form["ButtonPayload"] == "q7_2"


def test_looks_and_ticks_tell_the_channels_apart(page: Page, carrier: Running) -> None:
    def colour(name: str, part: str = ".mine .bubble") -> str:
        found: str = (
            phone_of(page, name).locator(part).first.evaluate("it => getComputedStyle(it).backgroundColor")
        )
        return found

    for name in ("Ana", "Luz", "Rosa"):
        say(page, name, "hello")
        expect(phone_of(page, name).locator(".mine")).to_have_count(1)
    assert (colour("Ana"), colour("Ana", "header")) == ("rgb(217, 253, 211)", "rgb(7, 94, 84)")
    assert len({colour(name) for name in ("Ana", "Luz", "Rosa")}) == 3
    expect(phone_of(page, "Ana")).to_contain_text("24 h open")
    expect(phone_of(page, "Omar")).to_contain_text("templates only")
    # Whoever looks at a text has read it, and WhatsApp says so.
    send(carrier, ANA, body="How was your week?")
    read = phone_of(page, "Ana").get_by_role("img", name="read")
    expect(phone_of(page, "Ana").get_by_role("img", name="delivered")).to_be_visible()
    expect(read).to_be_hidden()
    phone_of(page, "Ana").get_by_role("textbox").focus()
    expect(read).to_be_visible()


def test_what_did_not_come_says_why(page: Page, carrier: Running, webhook: Webhook) -> None:
    send(carrier, ANA, body="Too late.")
    expect(phone_of(page, "Ana")).to_contain_text("undelivered (63016): Failed to send freeform message")
    webhook.answer_next(503)
    say(page, "Rosa", "hello")
    expect(phone_of(page, "Rosa")).to_contain_text("not taken by the assistant (11200): it answered 503")
    say(page, "Rosa", "STOP")
    expect(phone_of(page, "Rosa").get_by_text("opted out")).to_be_visible()
    with pytest.raises(Exception, match="unsubscribed"):
        send(carrier, ROSA, body="Hello?")
    expect(phone_of(page, "Rosa")).to_contain_text("an answer was refused (21610)")


def test_a_number_can_be_hidden_and_a_voice_note_sent(page: Page, webhook: Webhook) -> None:
    ana = phone_of(page, "Ana")
    for what in ("Hide my number", "Send a voice note", "Show my number", "Send a photo"):
        ana.get_by_role("button", name="Send something else").click()
        ana.get_by_role("menuitem", name=what).click()
        if "number" not in what:
            expect(ana.locator(".mine").last).to_be_visible()
    note, photo = (call.form for call in webhook.wait_for(2))
    assert note["From"].startswith("whatsapp:US.")
    assert (note["MediaContentType0"], note["MessageType"]) == ("audio/wav", "audio")
    assert (photo["From"], photo["ExternalUserId"]) == (ANA, note["From"])
    expect(ana.get_by_label("A voice note")).to_be_visible()


def test_a_review_is_ended_on_the_page(page: Page, carrier: Running) -> None:
    sid = question(carrier)
    page.get_by_role("button", name="Templates").click()
    sheet = page.get_by_role("dialog", name="Templates")
    expect(sheet).to_contain_text("unsubmitted")
    sheet.get_by_role("button", name="Approve").click()
    expect(sheet).to_contain_text("approved · utility")
    sheet.get_by_role("button", name="Call it marketing").click()
    expect(sheet).to_contain_text("approved · marketing")
    sheet.get_by_role("button", name="Close").click()
    assert carrier.carrier.contents.review_of(carrier.carrier.contents.fetch(sid)).category == "MARKETING"


def test_a_whatsapp_phone_can_be_added(page: Page) -> None:
    page.get_by_role("button", name="Add a phone").click()
    page.get_by_label("What kind of phone?").select_option("WhatsApp")
    page.get_by_label("Whose phone is it?").fill("Eva")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Eva’s WhatsApp")).to_contain_text("+1 415 555 0104")


def test_where_it_was_scrolled_to_is_kept_over_a_reload(page: Page, carrier: Running) -> None:
    for place in range(30):
        send(carrier, ROSA, body=f"Text {place}")
    log = phone_of(page, "Rosa").locator(".log")
    expect(log.get_by_text("Text 29", exact=True)).to_be_in_viewport()
    log.evaluate("log => { log.scrollTop = 120; }")
    page.wait_for_timeout(200)
    page.reload()
    expect(log.get_by_text("Text 3", exact=True)).to_be_in_viewport()
    expect(log.get_by_text("Text 29", exact=True)).not_to_be_in_viewport()


def test_a_narrow_screen_has_its_heading_and_scrolls_by_keys(browser: Browser, carrier: Running) -> None:
    page = open_page(browser, carrier, viewport=NARROW)
    expect(page.get_by_role("heading", level=1, name="Phones")).to_have_count(1)
    log = phone_of(page, "Rosa").locator(".log")
    expect(log).to_have_attribute("tabindex", "-1")
    for place in range(25):
        send(carrier, ROSA, body=f"Text {place}")
    expect(log.get_by_text("Text 24", exact=True)).to_be_attached()
    expect(log).to_have_attribute("tabindex", "0")
    expect(page.get_by_role("link", name="Rosa")).to_contain_text("25")
    page.close()


def test_a_phone_rings_and_hears_the_keys(page: Page, carrier: Running, webhook: Webhook) -> None:
    gather = '<Gather numDigits="1" action="/keys" timeout="20"><Say>A page waits.</Say></Gather>'
    left = [
        f"<Response>{gather}</Response>",
        "<Response><Say>Thank you.</Say><Pause length='20'/></Response>",
    ]
    webhook.twiml = lambda path: left.pop(0) if left else ""
    placed = client_of(carrier).calls.create(to=ROSA, from_=carrier.carrier.number, url=webhook.url)
    card = page.get_by_role("alertdialog", name="Rosa’s call")
    expect(card).to_contain_text("+1 415 555 0100 is calling")
    page.reload()
    card.get_by_role("button", name="Answer: Rosa’s phone", exact=True).click()
    expect(card).to_contain_text("A page waits.")
    card.get_by_role("button", name="Press 1 as Rosa").click()
    expect(card).to_contain_text("Thank you.")
    assert webhook.calls[-1].form["Digits"] == "1"
    card.get_by_role("button", name="Hang up").click()
    expect(card).to_be_hidden()
    assert client_of(carrier).calls(placed.sid).fetch().status == "completed"
