"""Checks every piece that texts pass through, and says of each what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import logging
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal

import click

from assistant.cli.output import as_json, print_json
from assistant.settings.kept_files import DATA_KEY_FILE

if TYPE_CHECKING:
    from assistant.carriers.checkup import Finding
    from assistant.runtime import Runtime

State = Literal["ok", "warn", "fail"]
MARKS: Final = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}
ROOM_NEEDED: Final = 200 * 1024 * 1024
"""Bytes free for database and spool below which it gets dangerous."""
CLOCK_PATIENCE: Final = 900.0
"""Seconds since the last sweep after which nobody can be at work."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """What was found of one piece."""

    piece: str
    state: State
    said: str
    mend: str = ""


Check = Callable[["Runtime"], Iterator[Line]]


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check settings, database, Redis, flows, carrier, webhook address, and what got stuck."""
    lines = list(examine())
    if as_json:
        print_json([dataclasses.asdict(line) for line in lines])
    else:
        for line in lines:
            _show(line)
    if any(line.state == "fail" for line in lines):
        raise click.exceptions.Exit(1)


def examine() -> Iterator[Line]:
    """Look at everything that can be looked at; what cannot be is skipped: its cause is named already."""
    from assistant.cli.channels.doctor_channels import channels
    from assistant.cli.channels.doctor_voice import voice
    from assistant.cli.tools.doctor_hooks import hooks
    from assistant.logs import set_up_logs
    from assistant.runtime import build_runtime
    from assistant.settings import SettingsErrors, load_settings

    set_up_logs("doctor", level=logging.ERROR)
    try:
        settings = load_settings()
    except SettingsErrors as errors:
        yield from (Line("settings", "fail", mistake) for mistake in errors.mistakes)
        return
    yield from (Line("settings", "warn", warning) for warning in settings.warnings)
    kind = "the local carrier: texts stay on this machine" if settings.local_carrier else "a real account"
    yield Line("settings", "ok", f"readable; {kind}")
    with build_runtime(settings) as opened:
        rows_can_be_read = False
        for line in _database(opened):
            rows_can_be_read |= line.state == "ok"
            yield line
        from_rows = (_keys, _clock, _stuck, _alarms, channels, hooks) if rows_can_be_read else ()
        for check in (_redis, _flows, _web, _carrier, voice, _disk, _translation, _transcription, *from_rows):
            yield from check(opened)


def _database(opened: Runtime) -> Iterator[Line]:
    from sqlalchemy.exc import SQLAlchemyError

    from assistant.store import migrate

    kind = "SQLite" if opened.settings.sqlite else "PostgreSQL"
    try:
        revision = migrate.current(opened.database)
    except SQLAlchemyError as error:
        mend = "is the server up, and DATABASE_URL right?"
        if opened.settings.sqlite:
            mend = "can its file be read and written? `circle backup` copies are databases that can stand in"
        yield Line("database", "fail", f"{kind} does not answer ({type(error).__name__})", mend)
        return
    if revision == migrate.head():
        yield Line("database", "ok", f"{kind}, up to date ({revision})")
    elif revision in (None, *migrate.revisions()):
        yield Line(
            "database",
            "fail",
            f"{kind} is at {revision or 'nothing'}, not {migrate.head()}",
            "circle migrate",
        )
    else:
        mend = "run that version, or restore a backup from before it"
        yield Line("database", "fail", f"{kind} was brought to {revision} by a newer version", mend)


def _keys(opened: Runtime) -> Iterator[Line]:
    """Whether words and numbers are sealed, all of them, and with the key that is here."""
    from assistant.store.keys_in_use import WrongKeyError, check_keys
    from assistant.store.resealing import count_values

    keyring = opened.database.keyring
    try:
        check_keys(opened.database)
    except WrongKeyError as error:
        yield Line("key", "fail", str(error), "look where DATA_KEY is kept: without it nobody can read them")
        return
    if keyring is None:
        mend = "circle key new; set DATA_KEY; start everything again; circle key rotate"
        yield Line("key", "warn", "no DATA_KEY: words and numbers lie readable in the database", mend)
        return
    with opened.database.read() as session:
        counts = count_values(session, keyring.fingerprint)
    plain, others = sum(each.plain for each in counts), sum(each.others for each in counts)
    if plain or others:
        said = f"{plain} values lie readable in the database, {others} are under the key before"
        yield Line("key", "warn", said, "circle key rotate")
    else:
        yield Line("key", "ok", f"words and numbers are sealed ({keyring.fingerprint})")
    if (opened.settings.circle_data / DATA_KEY_FILE).exists() and opened.settings.real_account:
        mend = "keep it elsewhere, and give it as DATA_KEY: a copy of the disk holds both"
        yield Line("key", "warn", "the key lies beside what it seals", mend)


def _translation(opened: Runtime) -> Iterator[Line]:
    """Whether members can have others' words translated, and what is missing where the operator meant it."""
    from assistant.translation.local_models import find_models, missing_libraries

    folder = opened.settings.translation_models
    if folder is None:
        yield Line("translation", "ok", "not set up: words come as they were written (TRANSLATION_MODELS)")
        return
    models, missing = find_models(folder), missing_libraries()
    if missing:
        mend = 'pip install ".[translation]" into this environment'
        yield Line("translation", "warn", f"{' and '.join(missing)} are not installed", mend)
    if not models:
        mend = "unzip a model of Argos Translate into it as es_en, en_es, ...: see docs/operations.md"
        yield Line("translation", "warn", f"no model lies in {folder}", mend)
    if models and not missing:
        said = ", ".join(f"{source} to {target}" for source, target in models)
        yield Line("translation", "ok", f"on this machine: {said}")


def _transcription(opened: Runtime) -> Iterator[Line]:
    """Whether voice notes can be turned into words, and what is missing where the operator meant it."""
    from assistant.media.local_transcriber import is_installed, missing_files

    folder = opened.settings.transcription_model
    if folder is None:
        said = "not set up: voice notes are passed on as voices (TRANSCRIPTION_MODEL)"
        yield Line("voice notes", "ok", said)
        return
    missing = missing_files(folder)
    if not is_installed():
        mend = 'pip install ".[transcription]" into this environment'
        yield Line("voice notes", "warn", "faster-whisper is not installed", mend)
    if missing:
        mend = "put a Whisper model there, as CTranslate2 keeps it: see docs/operations.md"
        yield Line("voice notes", "warn", f"{' and '.join(missing)} do not lie in {folder}", mend)
    if is_installed() and not missing:
        yield Line("voice notes", "ok", f"turned into words on this machine: {folder.name}")


def _redis(opened: Runtime) -> Iterator[Line]:
    from redis.exceptions import RedisError

    embedded = opened.settings.redis_url is None
    kind = "embedded" if embedded else "REDIS_URL"
    try:
        opened.redis.ping()
    except RedisError:
        if embedded:
            mend = "`circle run` starts it, and so does any process of the Procfile"
            yield Line("redis", "warn", "the embedded server is not running", mend)
        else:
            yield Line(
                "redis", "fail", "REDIS_URL does not answer", "is the server up, and the address right?"
            )
        return
    yield Line("redis", "ok", f"answers ({kind})")


def _flows(opened: Runtime) -> Iterator[Line]:
    from assistant.engine.problems import FlowErrors

    try:
        book = opened.book
    except FlowErrors as errors:
        yield from (Line("flows", "fail", str(problem), "see flows/README.md") for problem in errors.problems)
        return
    said = f"{len(book.flows)} flows, {len(book.notices)} notices"
    if book.warnings:
        yield Line("flows", "warn", f"{said}; {len(book.warnings)} warnings", "circle flows check")
    else:
        yield Line("flows", "ok", said)


def _web(opened: Runtime) -> Iterator[Line]:
    from assistant.cli.greeting import ask

    here = f"http://127.0.0.1:{opened.settings.port}/health"
    answer = ask(here)
    if answer is None:
        yield Line("web", "warn", f"nothing answers at {here}", "start it: circle run (or circle web)")
        return
    if answer.status == 200:
        yield Line("web", "ok", f"healthy at {here}")
        return
    wrong = "; ".join(f"{piece} {state}" for piece, state in answer.body.items() if state != "ok")
    yield Line("web", "fail", f"{here} says: {wrong or answer.status}", "see the lines of database and redis")


def _carrier(opened: Runtime) -> Iterator[Line]:
    from assistant.carriers.twilio_carrier import TwilioCarrier

    carrier = opened.carrier
    if not isinstance(carrier, TwilioCarrier):
        return

    async def check() -> list[Finding]:
        try:
            return await carrier.check(opened.settings.message_webhook_url)
        finally:
            await carrier.close()  # connections belong to this loop

    for found in asyncio.run(check()):
        if found.well:
            yield Line(f"carrier {found.subject}", "ok", found.said)
        elif opened.settings.local_carrier and found.subject == "account":
            yield Line(
                "carrier", "warn", "the local carrier is not running", "circle run (or circle carrier)"
            )
        else:
            state: State = "warn" if found.subject == "retries" else "fail"
            yield Line(f"carrier {found.subject}", state, found.said, found.mend)


def _disk(opened: Runtime) -> Iterator[Line]:
    import os

    from assistant.delivery.spool import Spool

    settings = opened.settings
    free = shutil.disk_usage(settings.circle_data).free
    if free < ROOM_NEEDED:
        yield Line(
            "disk",
            "fail",
            f"{free // 2**20} MB free at {settings.circle_data}",
            "make room, or move CIRCLE_DATA",
        )
    elif not os.access(settings.circle_data, os.W_OK):
        yield Line(
            "disk", "fail", f"{settings.circle_data} cannot be written to", "let this user write to it"
        )
    else:
        yield Line("disk", "ok", f"{free / 2**30:.1f} GB free at {settings.circle_data}")
    if Spool(settings.spool).waiting():
        mend = "once the database answers, the web process puts them in; is it running?"
        yield Line("spool", "warn", "texts wait on disk for the database", mend)


def _clock(opened: Runtime) -> Iterator[Line]:
    from sqlalchemy import func, select

    from assistant.store.tables import Watermark

    with opened.database.read() as session:
        swept = session.scalar(select(func.max(Watermark.at)))
    if swept is None:
        yield Line("clock", "warn", "nothing was ever swept up", "start it: circle run (or circle clock)")
        return
    age = (opened.clock.real() - swept).total_seconds()
    if age > CLOCK_PATIENCE:
        mend = "start it: circle run (or circle clock and circle worker)"
        yield Line("clock", "fail", f"the last sweep was {age / 60:.0f} minutes ago", mend)
    else:
        yield Line("clock", "ok", f"the last sweep was {age:.0f} seconds ago")


def _stuck(opened: Runtime) -> Iterator[Line]:
    from sqlalchemy import func, select

    from assistant.circles.reports.status_counts import count_texts
    from assistant.delivery.claims import PAUSE_ALL
    from assistant.store.tables import Alert, Circle, ServiceState

    with opened.database.read() as session:
        texts = count_texts(session)
        paused = session.get(ServiceState, PAUSE_ALL)
        blocked = session.execute(
            select(Circle.code, func.count())
            .select_from(Alert)
            .join(Circle, Circle.id == Alert.circle_id, isouter=True)
            .where(Alert.kind == "carrier_blocked", Alert.closed_at.is_(None))
            .group_by(Circle.code)
        )
        members = [f"{count} of {code or 'no circle'}" for code, count in blocked]
    if paused is not None and paused.value.get("on", True):
        yield Line("pause", "warn", "everything is paused but safety texts", "circle resume")
    if texts["set aside"]:
        mend = "`circle inbox list` shows them; once the cause is mended: circle inbox retry"
        yield Line("inbox", "warn", f"{texts['set aside']} texts failed three times and were set aside", mend)
    else:
        yield Line("inbox", "ok", f"{texts['to handle']} texts wait")
    if texts["unsure"]:
        mend = "they are looked up in the carrier's log by themselves; `circle outbox list` shows them"
        yield Line("outbox", "warn", f"of {texts['unsure']} texts it is not known whether they left", mend)
    else:
        yield Line("outbox", "ok", f"{texts['to send']} texts wait")
    if members:
        mend = "they texted STOP once: ask them to text START, which only they can do"
        yield Line("blocked", "warn", f"the carrier blocks us for {', '.join(members)}", mend)


def _alarms(opened: Runtime) -> Iterator[Line]:
    """Who may need a person and has none yet: in numbers, and for how long."""
    from sqlalchemy import select

    from assistant.store.tables import Alert, Circle
    from assistant.store.tables.operation_tables import URGENT

    now = opened.clock.now()
    with opened.database.read() as session:
        rows = session.execute(
            select(Alert, Circle.code)
            .join(Circle, Circle.id == Alert.circle_id, isouter=True)
            .where(
                Alert.kind.in_(URGENT),
                Alert.closed_at.is_(None),
                # Of someone in no circle nobody can say whether they were reached.
                Alert.circle_id.is_not(None) | (Alert.opened_at > now - dt.timedelta(days=1)),
            )
            .order_by(Alert.opened_at)
        ).all()
        waiting = [(alert.opened_at, code) for alert, code in rows if alert.answered_at is None]
    if waiting:
        minutes = (now - waiting[0][0]).total_seconds() / 60
        codes = ", ".join(dict.fromkeys(code or "no circle" for _, code in waiting))
        said = f"{len(waiting)} may need a person, and no one has answered yet ({codes}); the first for "
        mend = "call whoever hosts there; a page is answered by texting SHOW. No host? circle create --host"
        yield Line("alarms", "fail", f"{said}{minutes:.0f} minutes", mend)
    elif rows:
        mend = "whoever texted SHOW closes it with DONE, once that person is OK"
        yield Line("alarms", "warn", f"{len(rows)} answered, and not closed yet", mend)
    else:
        yield Line("alarms", "ok", "nobody waits for a person")


def _show(line: Line) -> None:
    mark, colour = MARKS[line.state]
    click.echo(f"{click.style(mark, fg=colour)}  {line.piece}: {line.said}")
    if line.mend:
        click.echo(f"        {line.mend}")
