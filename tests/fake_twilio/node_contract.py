"""Twilio's own Node library works against the local carrier as it does against Twilio: `make node`.

A command of its own and no part of the suite: npm fetches the library from its registry.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
    LocalCarrier,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.server import running
from tests.fake_twilio.our_side import Webhook

OURS: Final = Path(__file__).parent / "node"
FILES: Final = ("package.json", "package-lock.json", "contract.js")


@pytest.fixture(scope="module")
def library(pytestconfig: pytest.Config) -> Path:
    """A folder with the library, as pinned: fetched once, and kept beside pytest's own cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node is not installed (Debian: apt install nodejs npm)")
    folder = pytestconfig.cache.mkdir("twilio-node")
    pinned = (OURS / "package-lock.json").read_bytes()
    kept = folder / "package-lock.json"
    there = kept.exists() and kept.read_bytes() == pinned and (folder / "node_modules" / "twilio").is_dir()
    for name in FILES:
        shutil.copy(OURS / name, folder / name)
    if not there:
        fetched = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if fetched.returncode:
            pytest.skip(f"npm could not fetch Twilio's library: {fetched.stderr.strip()[-300:]}")
    return folder


def node(library: Path, *arguments: str) -> Any:
    """What the script prints."""
    done = subprocess.run(
        ["node", "contract.js", *arguments],
        cwd=library,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def answers(library: Path, webhook: Webhook) -> Iterator[dict[str, Any]]:
    rules = LocalCarrier(now=lambda: datetime.now(UTC), seed=1, faults=Faults(step_ms=0, approval_minutes=0))
    with running(rules) as served:
        account = (LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_SERVICE_SID, LOCAL_NUMBER)
        yield node(library, served.url, *account, webhook.url)


def test_twilio_s_node_library_sends_makes_templates_calls_and_reads_refusals(
    answers: dict[str, Any], library: Path, webhook: Webhook
) -> None:
    made, arrived = answers["made"], answers["arrived"]
    assert (made["status"], made["numSegments"], made["to"]) == ("accepted", "0", "+14155550111")
    assert datetime.fromisoformat(made["at"]).tzinfo is not None
    assert arrived == {"status": "delivered", "numSegments": "1", "direction": "outbound-api"}
    assert answers["listed"] == ["Three.", "Two.", "Hello."]

    content = answers["content"]
    assert (content["friendlyName"], content["language"]) == ("node_en", "en")
    assert list(content["types"]) == ["twilio/quick-reply"]
    assert answers["handedIn"] == {"name": "node_en", "category": "UTILITY", "status": "received"}
    assert (answers["review"]["status"], answers["review"]["rejection_reason"]) == ("approved", "")
    assert answers["held"] == [content["sid"]]
    assert answers["opened"]["body"] == "Hello Ana, are you coming to the circle?"
    assert answers["closed"]["errorCode"] == 63016
    assert answers["call"]["to"] == "+14155550111"
    assert answers["call"]["status"] in ("queued", "ringing")

    refusals = {name: (each["status"], each["code"]) for name, each in answers["refusals"].items()}
    assert refusals == {
        "number": (400, 21211),
        "words": (400, 21617),
        "unknown": (404, 20404),
        "token": (401, 20003),
        "content": (400, 20001),
    }
    assert all("twilio.com/docs/errors" in each["moreInfo"] for each in answers["refusals"].values())

    # The carrier signs what it calls us with as that library expects.
    callback = next(call for call in webhook.wait_for(3) if call.form.get("MessageSid") == made["sid"])
    address = webhook.url.partition("/webhooks")[0] + callback.path
    signature = callback.headers["X-Twilio-Signature"]
    for sent, holds in ((callback.form, True), ({**callback.form, "MessageStatus": "failed"}, False)):
        assert node(library, "verify", signature, address, json.dumps(sent), LOCAL_AUTH_TOKEN) is holds
