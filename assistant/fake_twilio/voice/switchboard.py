"""Places calls and carries them through: ringing, answered by somebody or a machine, and over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.traffic import Traffic
from assistant.fake_twilio.twilio_rules import Refusal, can_exist
from assistant.fake_twilio.voice.call_records import Call, as_call_status
from assistant.fake_twilio.voice.call_script import Script

MOST_CALLS = 1000
_ENDS = {"busy": "busy", "none": "no-answer", "canceled": "canceled"}
ANSWERS = ("human", "machine", "busy", "none")


class Switchboard:
    """The calls of one account, newest last; they are kept in memory, and end with the process."""

    def __init__(self, carrier: LocalCarrier, traffic: Traffic) -> None:
        self._carrier = carrier
        self._traffic = traffic
        self._calls: dict[str, Call] = {}
        self.watchers: list[Callable[[Call], None]] = []

    def __iter__(self) -> Iterator[Call]:
        """Every call, newest first."""
        return reversed(self._calls.values())

    def place(self, to: str, from_: str, *, url: str = "", twiml: str = "", **more: object) -> Call:
        """Begin a call, as POST Calls.json does.

        Args:
            more: Further attributes of a `Call`: timeout, events, machine_detection, ...

        Raises:
            Refusal: It was not begun; the code says why.
        """
        if not to:
            raise Refusal(21201)
        if not from_:
            raise Refusal(21213)
        if not can_exist(to):
            raise Refusal(21211, to=to)
        if from_ != self._carrier.number:
            raise Refusal(21210, from_=from_)
        if not twiml and not url.startswith(("http://", "https://")):
            raise Refusal(21205, what=url)
        call = self._new(to, from_, url=url, twiml="" if url else twiml, **more)
        self._traffic.start(self._carry(call))
        return call

    def fetch(self, sid: str) -> Call:
        """Find a call.

        Raises:
            Refusal: 20404, there is none.
        """
        call = self._calls.get(sid)
        if call is None:
            raise Refusal(20404, what=f"/2010-04-01/Accounts/{self._carrier.account_sid}/Calls/{sid}.json")
        return call

    def answer(self, call: Call, how: str) -> None:
        """Pick a ringing call up: human, machine, busy or none (let it ring to its end)."""
        if not call.picked_up.done():
            call.picked_up.set_result(how)

    def press(self, call: Call, digits: str) -> None:
        """Press keys."""
        for key in digits:
            call.keys.put_nowait(key)

    def hang_up(self, call: Call) -> None:
        """End a call, whoever does: what rings is called off, what is on the line is over."""
        self.answer(call, "canceled")
        if call.script is not None:
            call.script.cancel()

    def _new(self, to: str, from_: str, **more: object) -> Call:
        now = self._carrier.now()
        sid = f"CA{self._carrier.chance.getrandbits(128):032x}"
        call = Call(sid, self._carrier.account_sid, from_, to, now, now, **more)  # type: ignore[arg-type]
        self._calls[sid] = call
        while len(self._calls) > MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        return call

    async def _carry(self, call: Call) -> None:
        """Take a call from its beginning to its end, and report each stage that was asked for."""
        try:
            if await self._ring(call):
                await self._talk(call)
        finally:
            self._end(call)

    def _end(self, call: Call) -> None:
        """Say that a call is over; what nobody had answered yet is called off."""
        call.ended = call.updated = self._carrier.now()
        if not call.final:
            call.status = "completed" if call.started else "canceled"
        self._show(call)
        call.over.set()
        self._report(call, "completed")

    async def _ring(self, call: Call) -> bool:
        """Let it ring; returns whether somebody or something answered."""
        self._report(call, "initiated")
        await asyncio.sleep(self._carrier.faults.step_ms / 1000)
        if not call.picked_up.done():
            self._turn(call, "ringing", "ringing")
        how = call.picked_up.result() if call.picked_up.done() else self._carrier.faults.call_answer
        if not how:
            try:
                how = await asyncio.wait_for(call.picked_up, call.timeout)
            except TimeoutError:
                how = "none"
        if how in _ENDS:
            call.status = _ENDS[how]
            return False
        if call.machine_detection:
            end = "_end_beep" if call.machine_detection == "DetectMessageEnd" else "_start"
            call.answered_by = "human" if how == "human" else f"machine{end}"
        call.started = self._carrier.now()
        self._turn(call, "in-progress", "answered")
        return True

    async def _talk(self, call: Call) -> bool:
        """Run the TwiML, no longer than the call may last; returns whether the line is still open then."""
        if call.async_amd and call.async_url and call.answered_by:
            told = {
                "AccountSid": call.account_sid,
                "AnsweredBy": call.answered_by,
                "CallSid": call.sid,
                "MachineDetectionDuration": "1200",
            }
            self._traffic.start(self._tell(call.async_url, told))
        faults = self._carrier.faults
        keys = "" if faults.call_answer == "machine" else faults.call_digits
        script = Script(call, self._traffic.caller, show=self._show, dial=self._dial, keys=keys)
        call.script = asyncio.create_task(asyncio.wait_for(script.run(), call.time_limit))
        return await _end_of(call.script) is True

    async def _dial(self, call: Call, verb: ElementTree.Element) -> Mapping[str, str]:
        """Ring somebody, and connect the two until either hangs up or the time is over."""
        number = verb.find("Number")
        to = "".join(number.itertext() if number is not None else [verb.text or ""]).strip()
        attributes = number.attrib if number is not None else {}
        caller_id = verb.get("callerId") or self._carrier.number
        if not can_exist(to) or caller_id != self._carrier.number:
            return {"DialCallStatus": "failed"}
        child = self._new(
            to,
            caller_id,
            url=attributes.get("url", ""),
            method=attributes.get("method", "POST").upper(),
            twiml="<Response/>",
            status_callback=attributes.get("statusCallback", ""),
            events=attributes.get("statusCallbackEvent", "completed").split(),
            timeout=float(verb.get("timeout") or 30),
            machine_detection=attributes.get("machineDetection", ""),
            direction="outbound-dial",
            parent_sid=call.sid,
        )
        connected = False
        try:
            # What stands at the number's url is spoken to whoever answered, before the two are connected;
            # where that ends the call, nobody answered as far as the caller is concerned.
            if await self._ring(child) and await self._talk(child):
                connected = True
                await self._connect(call, child, float(verb.get("timeLimit") or 14_400))
        finally:
            self._end(child)
        if connected:
            return {
                "DialCallSid": child.sid,
                "DialCallStatus": "completed",
                "DialCallDuration": str(child.duration),
            }
        status = "no-answer" if child.status == "completed" else child.status
        return {"DialCallSid": child.sid, "DialCallStatus": status}

    async def _connect(self, call: Call, child: Call, most: float) -> None:
        for one, other in ((call, child), (child, call)):
            one.said.append(f"[connected with {other.to}]" if one is call else "[connected]")
            self._show(one)
        child.script = asyncio.create_task(asyncio.sleep(most))
        await _end_of(child.script)

    def _turn(self, call: Call, status: str, event: str) -> None:
        call.status, call.updated = status, self._carrier.now()
        self._show(call)
        self._report(call, event)

    def _report(self, call: Call, event: str) -> None:
        if not call.status_callback or event not in call.events:
            return
        self._traffic.start(self._tell(call.status_callback, as_call_status(call, event), call.status_method))
        call.reports += 1

    async def _tell(self, url: str, form: Mapping[str, str], method: str = "POST") -> None:
        faults = self._carrier.faults
        if faults.callback_lose_rate and self._carrier.chance.random() < faults.callback_lose_rate:
            return
        if faults.callback_delay_ms:
            await asyncio.sleep(faults.callback_delay_ms / 1000)
        for _ in range(2 if faults.callback_double else 1):
            await self._traffic.caller.call(url, form, method=method)

    def _show(self, call: Call) -> None:
        for watch in self.watchers:
            watch(call)


async def _end_of(script: asyncio.Task[Any]) -> Any:
    """Wait until a script ends, which gives its result; over its time or hung up, it is cancelled: None.

    Raises:
        CancelledError: Whoever waits was cancelled; the script is, too.
    """
    try:
        await asyncio.wait({script})
    except asyncio.CancelledError:
        script.cancel()
        raise
    if script.cancelled() or isinstance(script.exception(), TimeoutError):
        return None
    return script.result()


def events_asked(events: Sequence[str]) -> tuple[str, ...]:
    """Return which stages are reported: those named, else the end."""
    return tuple(events) or ("completed",)
