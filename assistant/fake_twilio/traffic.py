"""Moves messages in real time: carries them from status to status, calls our webhooks as the faults say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

from assistant.fake_twilio.callbacks import Caller
from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.media_shelf import MediaShelf
from assistant.fake_twilio.records import Message
from assistant.fake_twilio.wire import as_status, as_webhook

LearnTime = Callable[[], Awaitable[None]]


async def _no_news() -> None:
    """Learn nothing of the service's clock."""


class Traffic:
    """What happens after a request was answered: one asyncio task a message, all on the server's loop."""

    def __init__(
        self,
        carrier: LocalCarrier,
        webhook_url: str,
        shelf: MediaShelf,
        learn_time: LearnTime = _no_news,
        voice_url: str = "",
    ) -> None:
        """Prepare to carry.

        Args:
            shelf: Where pictures are fetched to that go out with messages.
            learn_time: Brings the carrier's clock up to the service's, before a WhatsApp message leaves.
            voice_url: Where calls to our number are answered, as it is said of the number.
        """
        self._carrier = carrier
        self.webhook_url = webhook_url
        self.voice_url = voice_url
        self.caller = Caller(carrier.auth_token)
        self._shelf = shelf
        self._learn_time = learn_time
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """How many messages are being carried and webhooks called right now."""
        return len(self._tasks)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something in the background; it is kept from the garbage collector until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def resume(self) -> None:
        """Carry on with what an earlier process left on its way."""
        for message in self._carrier.unfinished():
            self.start(self.carry(message))

    async def close(self) -> None:
        """Stop everything at once; what was on its way is carried on by the next process with the journal."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.caller.close()

    async def carry(self, message: Message, *, early: bool = False) -> None:
        """Take one message from status to status until its end, and report each.

        Args:
            early: Do not wait between statuses, and return only when every callback was answered.
        """
        faults = self._carrier.faults
        held: list[dict[str, str]] = []
        while not message.final:
            if not early:
                await asyncio.sleep(self._pause(message))
            if message.status == "queued":
                await self._before_it_leaves(message)
            if self._carrier.advance(message.sid) is None:
                break
            if message.status_callback is None:
                continue
            if early:
                await self._report(message.status_callback, as_status(message))
            elif faults.callback_shuffle:
                held.append(as_status(message))
            else:
                self.start(self._report(message.status_callback, as_status(message)))
        self._carrier.chance.shuffle(held)
        for status in held:
            await self._report(message.status_callback or "", status)

    def report(self, messages: Sequence[Message]) -> None:
        """Report the present status of messages that changed by themselves: somebody read them."""
        for message in messages:
            if message.status_callback is not None:
                self.start(self._report(message.status_callback, as_status(message)))

    async def bring_in(self, message: Message) -> None:
        """Call our webhook with a text that a phone sent, and send on what its TwiML answers."""
        faults = self._carrier.faults
        if not self.webhook_url or self._happens(faults.inbound_lose_rate):
            trouble = "it was lost on the way" if self.webhook_url else "there is no webhook"
            self._carrier.note_webhook(message.sid, error=11200, trouble=trouble)
            return
        fields = as_webhook(message)
        if faults.inbound_double:
            self.start(self._call_again(self.webhook_url, fields))
        answer = await self.caller.call(self.webhook_url, fields, twiml=True)
        self._carrier.note_webhook(message.sid, error=answer.error, trouble=answer.trouble)
        for body in answer.replies:
            reply = self._carrier.reply(message, body)
            if reply is not None:
                self.start(self.carry(reply))

    async def _before_it_leaves(self, message: Message) -> None:
        """Find out what the carrier must know to send a message: the time, and the pictures on it."""
        if message.channel == "whatsapp":
            await self._learn_time()
        if message.media and message.fate is None and not await self._shelf.fetch_all(message):
            message.fate = 63019 if message.channel else 30019

    async def _call_again(self, url: str, fields: Mapping[str, str]) -> None:
        await self.caller.call(url, fields)

    async def _report(self, url: str, status: Mapping[str, str]) -> None:
        faults = self._carrier.faults
        if self._happens(faults.callback_lose_rate):
            return
        if faults.callback_delay_ms:
            await asyncio.sleep(faults.callback_delay_ms / 1000)
        if faults.callback_double:
            self.start(self._call_again(url, status))
        await self.caller.call(url, status)

    def _pause(self, message: Message) -> float:
        """Seconds until a message's next status: the step, and the sender's queue before it is sent."""
        step = self._carrier.faults.step_ms / 1000
        if message.due is None or message.status not in ("queued", "scheduled"):
            return step
        return max(step, (message.due - self._carrier.now()).total_seconds())

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._carrier.chance.random() < rate
