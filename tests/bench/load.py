"""Sends signed webhooks as fast as they are answered, over a number of connections, and measures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

CONNECTIONS = 32

_LUA = """
local requests, at = {}, 0
init = function(args)
  for line in io.lines(args[1]) do
    local signature, path, body = line:match("^(%S+) (%S+) (.*)$")
    requests[#requests + 1] = wrk.format("POST", path, {
      ["Content-Type"] = "application/x-www-form-urlencoded", ["X-Twilio-Signature"] = signature }, body)
  end
end
request = function() at = at % #requests + 1; return requests[at] end
done = function(summary, latency)
  io.write(string.format("MEASURED %d %d %d %.3f %.3f\\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second, and milliseconds for the middle one and for all but one in a hundred."""

    per_second: float
    p50: float
    p99: float


def write_requests(path: Path, url: str, form: dict[str, str], token: str, count: int, first: int) -> None:
    """Write `count` signed texts, each with an id of its own."""
    ids = (f"SM{number:032x}" for number in range(first, first + count))
    names = ("MessageSid", "SmsSid", "SmsMessageSid")
    write_forms(path, ((url, {**form, **dict.fromkeys(names, sid)}) for sid in ids), token)


def write_forms(path: Path, forms: Iterable[tuple[str, dict[str, str]]], token: str) -> None:
    """Write signed forms, one a line: signature, path and query, form."""
    with path.open("w") as file:
        for url, form in forms:
            signed = url + "".join(name + form[name] for name in sorted(form))
            digest = hmac.digest(token.encode(), signed.encode(), hashlib.sha1)
            file.write(f"{base64.b64encode(digest).decode()} /{url.split('/', 3)[3]} {urlencode(form)}\n")


def measure(url: str, requests: Path, seconds: float, *, kept: bool = True) -> Measured:
    """Send what stands in `requests` for so long; with wrk where it is installed.

    Args:
        url: Where to; of its path each request has its own.
        requests: See `write_forms`; each is sent once, by wrk again and again.
        seconds: How long.
        kept: Whether connections are kept; if not, each request has one of its own.

    Raises:
        RuntimeError: something was not answered 2xx; such a measurement would say nothing.
    """
    if kept and shutil.which("wrk"):
        return _with_wrk(url, requests, seconds)
    return asyncio.run(_with_asyncio(url, requests, seconds, kept))


def _with_wrk(url: str, requests: Path, seconds: float) -> Measured:
    script = requests.with_suffix(".lua")
    script.write_text(_LUA)
    command = [
        "wrk",
        "-t1",
        "--timeout=20s",
        f"-c{CONNECTIONS}",
        f"-d{seconds:.0f}s",
        "-s",
        str(script),
        url,
        "--",
        str(requests),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30)
    found = re.search(r"MEASURED (\d+) (\d+) (\d+) (\S+) (\S+)", done.stdout)
    if found is None or int(found[3]):
        raise RuntimeError(f"wrk saw errors:\n{done.stdout}{done.stderr}")
    return Measured(int(found[1]) / (int(found[2]) / 1e6), float(found[4]), float(found[5]))


async def _with_asyncio(url: str, requests: Path, seconds: float, kept: bool) -> Measured:
    parts = urlsplit(url)
    lines = iter(requests.read_text().splitlines())
    times: list[float] = []
    until = time.perf_counter() + seconds
    closing = "" if kept else "Connection: close\r\n"

    async def send() -> None:
        writer: asyncio.StreamWriter | None = None
        while time.perf_counter() < until and (line := next(lines, None)):
            signature, path, body = line.split(" ", 2)
            began = time.perf_counter()
            if writer is None or not kept:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Twilio-Signature: {signature}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\n{closing}"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:10] != b"2":
                raise RuntimeError(f"not answered 2xx: {head[:40]!r}")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            times.append(time.perf_counter() - began)
            if not kept:
                writer.close()
        if writer is not None:
            writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    took = time.perf_counter() - began
    hundredths = statistics.quantiles(times, n=100)
    return Measured(len(times) / took, hundredths[49] * 1000, hundredths[98] * 1000)
