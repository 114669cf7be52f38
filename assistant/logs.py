"""Sets up logs that carry ids: what members write, and their numbers, are kept out of every line."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, ExcInfo, FilteringBoundLogger, Processor, WrappedLogger

WITHHELD: Final = "(withheld)"
PERSONAL_KEYS: Final = frozenset(
    {"answer", "body", "reply", "text", "value", "values", "wording", "words"}
    | {"address", "caller", "email", "from", "from_", "from_uri", "number", "phone", "to", "to_uri", "uri"}
    | {"data", "fills", "form", "name", "params", "password", "place", "secret", "token"}
)
"""Keys under which words or numbers travel in this project; their values never reach a line."""

_PHONE_LIKE: Final = re.compile(
    r"\+\d[\d ().-]{5,}\d"  # +14155550123, sms:+1 (415) 555-0123
    r"|(?<![\w.-])\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\w)"  # 415-555-0123, 4155550123
    r"|(?<![\w.-])\d{11,15}(?!\w)"  # 14155550123
)


def set_up_logs(process: str, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send this process's logs, ours and the libraries', to `stream`: JSON lines, or prose on a terminal.

    Args:
        process: The name every line carries, such as "web".
        stream: Standard error when None.
    """
    stream = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        describe_trouble,
        keep_ids_only,
        # After the redactor, which would take it for a number.
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _naming(process),
    ]
    terminal = stream.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=True) if terminal else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("werkzeug", "urllib3", "transitions", "twilio", "aiohttp.access", "rq.worker", "rq.cron"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _log_the_end
    threading.excepthook = _log_a_thread_s_end


def get_log(room: str) -> FilteringBoundLogger:
    """The log of one room: `log.info("text handled", inbox_id=7)`; values are ids, counts and states."""
    return cast(FilteringBoundLogger, structlog.stdlib.get_logger(room))


def keep_ids_only(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Withhold the values of personal keys, and anything shaped like a phone number wherever it stands."""
    return {key: WITHHELD if key.lower() in PERSONAL_KEYS else _cleaned(value) for key, value in line.items()}


def describe_trouble(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Say which exception came from where, without its message: that may quote what a member wrote."""
    trouble = line.pop("exc_info", None)
    if not trouble:
        return line
    error = _exception(trouble)
    if error is not None:
        line["trouble"] = _chain(error)
        line["at"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    return line


def _chain(error: BaseException) -> str:
    """The types of an exception and of what caused it; the system's own errors with their number."""
    names: list[str] = []
    link: BaseException | None = error
    while link is not None and len(names) < 5:
        kind = type(link)
        name = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        if isinstance(link, OSError) and link.strerror:
            name += f" ({link.strerror})"
        names.append(name)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return " from ".join(names)


def _exception(trouble: BaseException | ExcInfo | bool) -> BaseException | None:
    if isinstance(trouble, BaseException):
        return trouble
    if isinstance(trouble, tuple):
        return trouble[1]
    return sys.exc_info()[1]


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _PHONE_LIKE.sub(WITHHELD, value)
    if isinstance(value, Mapping):
        return {
            key: WITHHELD if str(key).lower() in PERSONAL_KEYS else _cleaned(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(each) for each in value]
    if isinstance(value, int | float | bool | None):
        return value
    return _PHONE_LIKE.sub(WITHHELD, str(value))


def _naming(process: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["process"] = process
        return line

    return add


def _log_the_end(kind: type[BaseException], error: BaseException, trail: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get_log("process").critical("ended by an error", exc_info=(kind, error, trail))


def _log_a_thread_s_end(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        get_log("process").critical("a thread ended by an error", exc_info=args.exc_value)
