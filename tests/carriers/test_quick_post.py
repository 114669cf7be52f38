"""Posting forms over connections that are kept: every way an answer can come, and every way it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from assistant.carriers import quick_post
from assistant.carriers.quick_post import Answer, NoAnswer, NotReached, QuickPost

FORM = {"To": "+14155550111", "Body": "¡Hola! a&b=c +1"}
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each request with the next of these, and remembers what came over which connection."""

    def __init__(self, *answers: bytes, ends: bool = False) -> None:
        self.answers = list(answers)
        self.ends = ends
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if self.answers else b""
                for part in answer.split(b"|"):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.ends or not answer:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()


@asynccontextmanager
async def serving(server: Server, timeout: float = 3.0) -> AsyncIterator[QuickPost]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    post = QuickPost(f"http://127.0.0.1:{port}/there/it.json", {"Accept": "application/json"}, timeout)
    try:
        yield post
    finally:
        await post.close()
        listener.close()


def run(server: Server, work: Callable[[QuickPost], Awaitable[object]], timeout: float = 3.0) -> object:
    async def go() -> object:
        async with serving(server, timeout) as post:
            return await work(post)

    return asyncio.run(go())


def asked(server: Server, timeout: float = 3.0) -> Answer:
    answer = run(server, lambda post: post.post(FORM), timeout)
    assert isinstance(answer, Answer)
    return answer


def test_a_form_is_posted_as_it_is() -> None:
    server = Server(OK)
    assert asked(server) == Answer(201, {"content-length": "2"}, b"{}")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /there/it.json HTTP/1.1\r\nAccept: application/json\r\nHost: 127.0.0.1:")
    assert body == b"To=%2B14155550111&Body=%C2%A1Hola%21+a%26b%3Dc+%2B1"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 2|00 OK\r\ncontent-LENGTH: 5\r|\n\r\nhel|lo",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r|\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r|\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_an_answer_is_read_whole_however_it_comes_and_its_connection_is_used_again(answer: bytes) -> None:
    server = Server(answer, answer)

    async def twice(post: QuickPost) -> None:
        for _ in range(2):
            found = await post.post(FORM)
            assert (found.status, found.body) == (200, b"hello")

    run(server, twice)
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
    ],
)
def test_a_connection_that_ends_with_its_answer_is_not_used_again(answer: bytes) -> None:
    server = Server(answer, answer, ends=True)

    async def twice(post: QuickPost) -> None:
        for _ in range(2):
            assert (await post.post(FORM)).body == b"hello"

    run(server, twice)
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    ],
)
def test_what_is_no_answer_is_none(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        asked(Server(answer, ends=True))


def test_an_answer_without_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_post, "LONGEST_ANSWER", 10)
    with pytest.raises(NoAnswer):
        asked(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 100))


def test_an_answer_that_comes_too_late_is_none() -> None:
    class Silent(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            await asyncio.sleep(2)
            writer.close()

    with pytest.raises(NoAnswer):
        asked(Silent(), timeout=0.1)


def test_who_cannot_be_reached_was_asked_nothing() -> None:
    with pytest.raises(NotReached):
        asyncio.run(QuickPost("http://127.0.0.1:1/", {}, 1).post(FORM))


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to() -> None:
    server = Server(OK)

    async def go() -> None:
        async with serving(server) as post:
            port = post._port
            with pytest.raises(NotReached):
                await QuickPost(f"https://127.0.0.1:{port}/", {}, 1).post(FORM)

    asyncio.run(go())
    assert not server.requests


def test_a_connection_that_the_server_closed_meanwhile_is_left_aside() -> None:
    server = Server(OK, OK, ends=True)

    async def twice(post: QuickPost) -> None:
        await post.post(FORM)
        await asyncio.sleep(0.05)
        await post.post(FORM)

    run(server, twice)
    assert server.connections == 2


def test_an_old_connection_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_post, "KEPT_SECONDS", 0.01)
    server = Server(OK, OK)

    async def twice(post: QuickPost) -> None:
        await post.post(FORM)
        await asyncio.sleep(0.05)
        await post.post(FORM)

    run(server, twice)
    assert server.connections == 2


def test_whoever_stops_waiting_takes_the_connection_along() -> None:
    """The answer that comes later must not be taken for that of the next question."""

    class Slow(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05 if self.connections == 1 else 0)
            writer.write(OK)

    server = Slow()

    async def cancelled(post: QuickPost) -> None:
        first = asyncio.create_task(post.post(FORM))
        await asyncio.sleep(0.02)
        first.cancel()
        assert (await post.post(FORM)).status == 201

    run(server, cancelled)
    assert server.connections == 2
