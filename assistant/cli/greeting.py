"""Greets whoever started everything: where to look once it is healthy, or what keeps it from being so."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.output import say

if TYPE_CHECKING:
    from assistant.settings import Settings

PATIENCE: Final = 30.0
"""Seconds in which the service should be healthy; it takes one or two."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Mapping[str, str]


class Greeter(threading.Thread):
    """Waits beside the supervisor until the service is healthy, and says where to look or what is wrong."""

    def __init__(self, settings: Settings, began: float, *, has_demo: bool) -> None:
        """Be ready to greet.

        Args:
            settings: What everything runs by.
            began: `time.monotonic()` when the command began.
            has_demo: The demo was set up just now, so that its phones have to be put on the page.
        """
        super().__init__(name="greeter", daemon=True)
        self._settings = settings
        self._has_demo = has_demo
        self._over = threading.Event()
        self._began = began
        self.trouble = ""
        self._pages: Mapping[str, str] = {}
        """Whose page of the demo -> a link to it."""

    def end(self) -> None:
        """Nothing more is to be said."""
        self._over.set()

    def run(self) -> None:
        home = f"http://127.0.0.1:{self._settings.port}"
        complained = False
        while not self._over.wait(0.1):
            answer = ask(f"{home}/health")
            if answer and answer.status == 200 and self._carrier_answers():
                seconds = time.monotonic() - self._began
                self._prepare()
                if not self.trouble:
                    self._greet(home, seconds)
                return
            if not complained and time.monotonic() - self._began > PATIENCE:
                self._complain(home, answer)
                complained = True

    def _prepare(self) -> None:
        """Look at the demo and the flows. A bad one lets no worker start: end with all that is wrong."""
        from assistant.cli.prepare_command import (
            BAD_FLOWS,
            DEMO_MADE,
            DEMO_ORGANIZER,
            DEMO_PAGE,
            prepare_apart,
        )

        # The local carrier answers by now, and so can hold what questions are tapped by.
        done = prepare_apart(templates=True)
        self._has_demo = self._has_demo or DEMO_MADE in done.stdout.split()
        self._pages = {
            mark: word.removeprefix(mark)
            for word in done.stdout.split()
            for mark in (DEMO_PAGE, DEMO_ORGANIZER)
            if word.startswith(mark)
        }
        if done.returncode == BAD_FLOWS:
            self.trouble = done.stderr.strip()
            os.kill(os.getpid(), signal.SIGTERM)
            self._over.set()

    def _complain(self, home: str, answer: Answer | None) -> None:
        found = ", ".join(f"{name}: {state}" for name, state in answer.body.items()) if answer else "nothing"
        say(f"After {PATIENCE:.0f} seconds {home}/health says {found}. What the processes say is in")
        say(f"{self._settings.circle_data / 'logs'}; `circle doctor` checks every piece. Still trying.")

    def _carrier_answers(self) -> bool:
        if not self._settings.local_carrier:
            return True
        return ask(f"http://127.0.0.1:{self._settings.carrier_port}/_phones") is not None

    def _greet(self, home: str, seconds: float) -> None:
        if self._settings.local_carrier:
            phones = f"http://127.0.0.1:{self._settings.carrier_port}"
            if self._has_demo:
                from assistant.cli.demo_phones import PHONES

                for phone in PHONES:
                    ask(f"{phones}/_phones", phone)
            click.echo(f"\n  The phones are here:  {phones}/phones\n")
            if self._has_demo:
                click.echo("  Text JOIN MAPLE from Ana's phone, and answer in your own words.")
            from assistant.cli.prepare_command import DEMO_ORGANIZER, DEMO_PAGE

            opens = (
                (DEMO_PAGE, "The host's page:", "Luz"),
                (DEMO_ORGANIZER, "The organizer's page:", "Sol"),
            )
            for mark, name, whose in opens:
                if link := self._pages.get(mark):
                    click.echo(f"  {name:<21} {link}  (10 minutes, once; then text PAGE as {whose})")
        else:
            click.echo(f"\n  Twilio should call:   {self._settings.message_webhook_url}#rc=2&rp=ct,rt,5xx\n")
        click.echo(f"  Health: {home}/health   Logs: {self._settings.circle_data / 'logs'}")
        say(f"  Ready after {seconds:.1f} seconds. Ctrl-C stops everything.")


def ask(url: str, form: Mapping[str, str] | None = None) -> Answer | None:
    """What a page of our own answers; None when nobody does."""
    data = json.dumps(form).encode() if form is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
            return Answer(answer.status, {})
    except urllib.error.HTTPError as error:
        try:
            return Answer(error.code, json.load(error))
        except ValueError:
            return Answer(error.code, {})
    except OSError:
        return None
