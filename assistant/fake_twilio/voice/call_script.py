"""Runs the TwiML of a call: speaks, waits for keys, connects two, and goes where it is sent.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urljoin
from xml.etree import ElementTree

from assistant.fake_twilio.callbacks import Caller
from assistant.fake_twilio.voice.call_records import Call, as_call_form

MOST_DOCUMENTS = 50
"""A document that sends the call on for ever would never let it end."""
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."

Dial = Callable[[Call, ElementTree.Element], Awaitable[Mapping[str, str]]]


class HungUpError(Exception):
    """The TwiML ends the call."""


class Script:
    """What is done with one call while the line is open."""

    def __init__(
        self, call: Call, caller: Caller, *, show: Callable[[Call], None], dial: Dial, keys: str
    ) -> None:
        """Prepare to run.

        Args:
            show: Called whenever something was said or is asked.
            dial: Connects the call with somebody; returns what the action is told.
            keys: Keys that are pressed by themselves, each where one is asked for.
        """
        self._call = call
        self._caller = caller
        self._show = show
        self._dial = dial
        self._keys = keys
        self._url = call.url

    async def run(self) -> bool:
        """Fetch the TwiML, and do what it says until it ends; returns whether it left the line open."""
        text: str | None = self._call.twiml
        if self._call.url:
            try:
                text = await self._fetch(self._call.url, self._call.method, {})
            except HungUpError:
                return False
        for _ in range(MOST_DOCUMENTS):
            if text is None:
                return True
            try:
                text = await self._document(text)
            except HungUpError:
                return False
        return False

    async def _document(self, text: str) -> str | None:
        """Run one document; returns the one it leads to, None at its end."""
        try:
            root = ElementTree.fromstring(text)  # noqa: S314 - our own webhook's answer, on this machine
        except ElementTree.ParseError:
            root = None
        if root is None or root.tag != "Response":
            self._say(APPLICATION_ERROR)
            raise HungUpError
        for verb in root:
            if verb.tag == "Gather":
                if (digits := await self._gather(verb)) is not None:
                    return await self._go(verb, {"Digits": digits, "FinishedOnKey": ""})
            elif verb.tag == "Dial":
                for number in verb.iter("Number"):
                    for name in ("url", "statusCallback"):
                        if address := number.get(name):
                            number.set(name, urljoin(self._url, address))
                told = await self._dial(self._call, verb)
                if verb.get("action"):
                    return await self._go(verb, told)
            elif verb.tag == "Redirect":
                return await self._fetch(urljoin(self._url, (verb.text or "").strip()), _method(verb), {})
            elif verb.tag in ("Hangup", "Reject"):
                raise HungUpError
            else:
                await self._speak(verb)
        return None

    async def _speak(self, verb: ElementTree.Element) -> None:
        if verb.tag == "Say":
            self._say(" ".join("".join(verb.itertext()).split()))
        elif verb.tag == "Play":
            self._say("♪")
        elif verb.tag == "Pause":
            await asyncio.sleep(float(verb.get("length") or 1))

    async def _gather(self, verb: ElementTree.Element) -> str | None:
        """Speak what stands inside, and wait for keys; None when none was pressed in time."""
        wanted, end = int(verb.get("numDigits") or 0), verb.get("finishOnKey", "#")
        self._call.asks = True
        try:
            for inner in verb:
                await self._speak(inner)
            self._show(self._call)
            pressed = ""
            while True:
                key = await self._key(float(verb.get("timeout") or 5))
                if key is None or (end and key in end):
                    break
                pressed += key
                if wanted and len(pressed) >= wanted:
                    break
        finally:
            self._call.asks = False
        if not pressed and verb.get("actionOnEmptyResult") != "true":
            return None
        return pressed

    async def _key(self, patience: float) -> str | None:
        if self._keys:
            key, self._keys = self._keys[0], self._keys[1:]
            return key
        try:
            return await asyncio.wait_for(self._call.keys.get(), patience)
        except TimeoutError:
            return None

    async def _go(self, verb: ElementTree.Element, told: Mapping[str, str]) -> str | None:
        return await self._fetch(urljoin(self._url, verb.get("action", "")), _method(verb), told)

    async def _fetch(self, url: str, method: str, told: Mapping[str, str]) -> str:
        self._url = url
        answer = await self._caller.call(url, {**as_call_form(self._call), **told}, method=method)
        if answer.error is not None:
            self._say(APPLICATION_ERROR)
            raise HungUpError
        return answer.text

    def _say(self, words: str) -> None:
        self._call.said.append(words)
        self._show(self._call)


def _method(verb: ElementTree.Element) -> str:
    return verb.get("method", "POST").upper()
