"""The plain way, as most would first write it: an RQ job for each text, in a fork, one send after the other.

It says the same to the same phones, keeps texts, callbacks and where everybody stands in the same database,
and is served by the same server. What takes long to import its worker imports before it forks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, Response, abort, request
from redis import Redis
from rq import Queue, Worker
from sqlalchemy import create_engine, text
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from assistant.settings import Settings
from tests.bench import machine
from tests.bench.inbound import FORM, TOKEN, answers

SAYS: Final = (
    "Hi! What first name should we use?",
    "Nice to meet you. Which language? 1 English, 2 Español.",
    "What city are you in, and when do you like texts?",
    "Does anyone else see this phone? 1 no, 2 yes.",
    "What is said here stays here. Reply OK to agree.",
    "You're in! That's all for today.",
)
TABLES: Final = (
    "CREATE TABLE plain_person (number text PRIMARY KEY, step int)",
    "CREATE TABLE plain_text (sid text PRIMARY KEY, number text, body text, status text)",
)
SERVE: Final = """
from assistant.settings import load_settings
from tests.bench.plain_way import create_plain
from webhooks.serve import serve
serve(load_settings(), threads=8, make_app=create_plain)
"""


def create_plain(settings: Settings) -> Flask:
    """Two doors, and a queue behind one of them."""
    app = Flask("plain", static_folder=None)
    validator = RequestValidator(TOKEN)
    engine = create_engine(os.environ["DATABASE_URL"])
    queue = Queue("plain", connection=Redis.from_url(os.environ["REDIS_URL"]))

    def checked() -> dict[str, str]:
        url = settings.public_url + request.full_path.rstrip("?")
        if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        return request.form.to_dict()

    @app.post("/webhooks/twilio/message")
    def message() -> Response:
        form = checked()
        queue.enqueue(handle, form["From"], form["Body"], form["MessageSid"], result_ttl=0)
        return Response("<Response/>", content_type="text/xml")

    @app.post("/webhooks/twilio/status")
    def status() -> Response:
        form = checked()
        with engine.begin() as connection:
            found = {"sid": form["MessageSid"], "status": form["MessageStatus"]}
            connection.execute(text("UPDATE plain_text SET status = :status WHERE sid = :sid"), found)
        return Response(status=204)

    @app.get("/health/live")
    def live() -> str:
        return "ok"

    return app


def handle(number: str, body: str, sid: str) -> None:
    """Answer one text."""
    engine = create_engine(os.environ["DATABASE_URL"])
    with engine.begin() as connection:
        known = {"number": number, "body": body, "sid": sid}
        connection.execute(text("INSERT INTO plain_text VALUES (:sid, :number, :body, 'received')"), known)
        stands = text("SELECT step FROM plain_person WHERE number = :number")
        step = connection.execute(stands, known).scalar()
        if step is None:
            step = 0
            connection.execute(text("INSERT INTO plain_person VALUES (:number, 0)"), known)
        connection.execute(text("UPDATE plain_person SET step = step + 1 WHERE number = :number"), known)
    client = Client(FORM["AccountSid"], TOKEN)
    client.api.base_url = os.environ["TWILIO_API_URL"]
    said = SAYS[min(step, len(SAYS) - 1)]
    url = f"{os.environ['PUBLIC_URL']}/webhooks/twilio/status"
    message = client.messages.create(to=number, from_=FORM["To"], body=said, status_callback=url)
    with engine.begin() as connection:
        known = {"sid": message.sid, "number": number, "body": said}
        connection.execute(text("INSERT INTO plain_text VALUES (:sid, :number, :body, 'accepted')"), known)
    engine.dispose()


def work() -> None:
    """Be the worker; Ctrl-C or SIGTERM ends it."""
    Worker(["plain"], connection=Redis.from_url(os.environ["REDIS_URL"])).work(logging_level="CRITICAL")


@contextmanager
def plain_way(told: dict[str, str]) -> Iterator[list[int]]:
    """Both of its processes, running."""
    engine = create_engine(told["DATABASE_URL"])
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(table))
    engine.dispose()
    commands = (SERVE, "from tests.bench.plain_way import work; work()")
    processes = [subprocess.Popen([sys.executable, "-c", each], env=told) for each in commands]
    try:
        deadline = time.monotonic() + 60
        while not answers(int(told["PORT"])):
            if time.monotonic() > deadline:
                raise RuntimeError("the plain way does not start")
            time.sleep(0.05)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def processor_seconds(processes: list[int]) -> dict[str, float]:
    """What both have had, forks included."""
    return {"all": sum(machine.processor_seconds(each) for each in processes)}
