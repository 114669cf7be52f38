"""Tells everyone who looks at the page what changes, as it changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

MOST_WAITING = 1000


class Feed:
    """The open pages, each with what it has not heard yet."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()

    @property
    def heard(self) -> bool:
        """Whether anybody is looking."""
        return bool(self._listeners)

    def spread(self, news: Mapping[str, Any]) -> None:
        """Tell everyone."""
        line = json.dumps(news)
        for listener in list(self._listeners):
            if listener.full():
                # A page that cannot follow is let go: it connects again and reads everything afresh.
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(line)

    def close(self) -> None:
        """Let everyone go who is looking, so that the server can stop at once."""
        for listener in self._listeners:
            while not listener.empty():
                listener.get_nowait()
            listener.put_nowait(None)
        self._listeners.clear()

    async def serve(
        self, request: web.Request, everything: Callable[[], Mapping[str, Any]]
    ) -> web.StreamResponse:
        """Answer with a stream of events that begins with everything there is."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        await response.write(b"retry: 500\n\n")
        listener: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        # In one breath, so that no change falls between what stands and what follows.
        listener.put_nowait(json.dumps(everything()))
        self._listeners.add(listener)
        try:
            while (line := await listener.get()) is not None:
                await response.write(f"data: {line}\n\n".encode())
        except ConnectionResetError:
            pass
        finally:
            self._listeners.discard(listener)
        return response
