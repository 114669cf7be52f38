"""The clock on the page with the phones, in a real browser: press a button, and Monday's question arrives."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.calendar import season_plan
from assistant.circles.people import consent
from assistant.circles.people.addresses import address_for
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import Running, running
from assistant.fake_twilio.wire import sign
from assistant.runtime import Runtime, build_runtime
from assistant.schedule.destinations import destination
from assistant.settings import load_settings
from assistant.store.tables import Circle, Member, ServiceState
from tests.conversations.season_flows import QUESTION, season_book
from webhooks.app import create_app

ANA, ROSA = "+14155550102", "+14155550103"
CHICAGO = ZoneInfo("America/Chicago")
PHONES = (Phone("Ana", ANA, ""), Phone("Rosa", ROSA, ""))
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def service(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[tuple[Runtime, Running]]:
    """A web process and a carrier that know each other, and a circle in Chicago that begins on Monday."""
    port, carrier_port = free_port(), free_port()
    settings = load_settings(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CIRCLE_DATA": str(tmp_path / "var"),
            "PORT": str(port),
            "CARRIER_PORT": str(carrier_port),
            "TIME_TRAVEL": "1",
        }
    )
    (tmp_path / "flows").mkdir()
    runtime = build_runtime(settings)
    vars(runtime)["book"] = season_book(tmp_path / "flows")
    seat(runtime)
    app = create_app(runtime)
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with running(webhook_url=settings.message_webhook_url, port=carrier_port, phones=PHONES) as carrier:
        yield runtime, carrier
    server.shutdown()
    server.server_close()
    app.extensions["recorder"].close()
    # In a thread of its own: Playwright's event loop runs in this one.
    closing_it = threading.Thread(target=runtime.close)
    closing_it.start()
    closing_it.join()


def seat(runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.database.write() as session:
        circle = Circle(code="MAPLE", name="Maple", zone="America/Chicago", created_at=now)
        session.add(circle)
        session.flush()
        for number in (ANA, ROSA):
            address = address_for(session, [to_uri(number)], now)
            session.add(
                Member(circle_id=circle.id, person_id=address.person_id, state="active", state_at=now)
            )
            consent.agree(session, address.id, runtime.identity.sender, "JOIN MAPLE", "text", now)
        session.flush()
        monday = destination("monday", now, CHICAGO).astimezone(CHICAGO).date()
        season_plan.begin_season(session, circle, monday, now)


@pytest.fixture
def page(service: tuple[Runtime, Running], browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.goto(f"{service[1].url}/phones")
    yield opened
    opened.close()
    assert trouble == []


def test_to_monday_morning_brings_the_weeks_question_to_every_phone(
    page: Page, service: tuple[Runtime, Running]
) -> None:
    clock = page.get_by_role("toolbar", name="The service’s clock")
    expect(clock).to_be_visible()
    expect(clock.locator(".where")).to_have_text("Chicago")
    monday = clock.get_by_role("button", name="To Monday morning")
    monday.click()
    for name in ("Ana", "Rosa"):
        phone = page.get_by_role("region", name=f"{name}’s phone")
        expect(phone.get_by_text(QUESTION)).to_be_visible(timeout=20_000)
    expect(monday).to_be_enabled(timeout=20_000)
    expect(clock.locator("time")).to_have_text(re.compile(r"Monday.* 9:00"))
    # The text stands under the service's day and hour, not the machine's.
    expect(page.get_by_role("region", name="Ana’s phone").locator(".day")).to_have_text("Today")
    expect(page.get_by_role("region", name="Ana’s phone").locator(".meta")).to_contain_text("9:00")
    clock.get_by_role("button", name="+1 hour").click()
    expect(clock.locator("time")).to_have_text(re.compile(r"Monday.* 10:00"), timeout=20_000)
    clock.get_by_role("button", name="Next morning").press("Enter")
    expect(clock.locator("time")).to_have_text(re.compile(r"Tuesday.* 9:00"), timeout=20_000)
    ana = page.get_by_role("region", name="Ana’s phone")
    expect(ana.get_by_text("buddy_meet")).to_be_visible(timeout=20_000)
    expect(ana.locator(".day").first).to_contain_text("Monday")
    expect(ana.locator(".day").last).to_have_text("Today")


def test_only_the_carrier_moves_the_time_and_only_forward(service: tuple[Runtime, Running]) -> None:
    runtime, carrier = service
    url = f"http://127.0.0.1:{runtime.settings.port}/clock"
    form = {"To": "3 days", "AccountSid": runtime.settings.twilio_account_sid}
    forged = requests.post(url, form, headers={"X-Twilio-Signature": "x"}, timeout=5)
    assert forged.status_code == 403
    with runtime.database.read() as session:
        assert session.scalars(select(ServiceState)).all() == []
    token = runtime.settings.twilio_auth_token.get_secret_value()
    for said, why in (("yesterday", "no time to go to"), ("2020-01-01", "time only goes forward")):
        form["To"] = said
        signed = {"X-Twilio-Signature": sign(url, form, token)}
        refused = requests.post(url, form, headers=signed, timeout=5)
        assert refused.status_code == 400
        assert why in refused.json()["error"]
    shown = requests.post(f"{carrier.url}/_clock", json={"to": "soon"}, timeout=5)
    assert (shown.status_code, shown.json()["error"].partition(":")[0]) == (400, '"soon" is no time to go to')


def test_without_time_travel_there_is_no_clock_to_move(database_url: str, browser: Browser) -> None:
    with running(phones=PHONES) as carrier:
        assert requests.get(f"{carrier.url}/_clock", timeout=5).json() == {}
        moved = requests.post(f"{carrier.url}/_clock", json={"to": "1 hour"}, timeout=5)
        assert (moved.status_code, moved.json()["error"]) == (404, "No service is behind this carrier.")
        page = browser.new_page()
        page.goto(f"{carrier.url}/phones")
        expect(page.locator("#link")).to_have_text("live")
        expect(page.locator("#clock")).to_be_hidden()
        page.close()
