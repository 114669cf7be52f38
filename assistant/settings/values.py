"""Reads single values as people write them; each ValueError says what to write instead."""

from __future__ import annotations

import binascii
import datetime as dt
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.settings.kept_files import DATA_KEY_BYTES


def read_port(value: Any) -> int:
    if isinstance(value, int) or str(value).strip().isdigit():
        port = int(value)
        if 1 <= port <= 65535:
            return port
    raise ValueError("give a whole number from 1 to 65535")


def read_switch(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("give 1 or 0")


def read_web_address(value: Any) -> str:
    address = str(value).strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give a web address such as https://circle.example.org")
    if parts.query or parts.fragment or parts.username:
        raise ValueError(
            "give only https://, the host, and a port or path if needed: nothing after ? or #, no user"
        )
    if "_" in parts.hostname:
        raise ValueError("Twilio calls no host with an underscore in its name; use another host name")
    return address


def read_sid(prefix: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        sid = str(value).strip()
        if not re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", sid):
            raise ValueError(f"give {prefix} followed by 32 of 0-9 a-f, as the carrier's console shows it")
        return sid

    return check


def read_phone(value: Any) -> str:
    number = re.sub(r"[\s().-]", "", str(value))
    if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
        raise ValueError("give the number with its country code, such as +14155550100")
    return number


def read_database(value: Any) -> str:
    address = str(value).strip()
    kinds = "sqlite:////full/path/circle.db or postgresql://user:password@host/name"
    match = re.fullmatch(r"(sqlite|postgres(?:ql)?(?:\+psycopg)?)://(.*)", address, re.DOTALL)
    if not match:
        raise ValueError(f"give {kinds}")
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    address = re.sub(r"^postgres://", "postgresql://", address)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(f"it cannot be read; give {kinds}") from None
    if not url.database:
        raise ValueError(f"it names no database; give {kinds}")
    if url.get_backend_name() == "sqlite" and url.database == ":memory:":
        raise ValueError("every process needs the same database, and one in memory is shared with nobody")
    return address


def read_redis(value: Any) -> str:
    address = str(value).strip()
    if urlsplit(address).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            "give an address such as redis://127.0.0.1:6379/0, or leave it out for an embedded server"
        )
    return address


def read_rate(value: Any) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 10_000:
        raise ValueError(
            "give a number such as 1 (a long code) or 100 (a short code): what the carrier allows"
        )
    return rate


@dataclass(frozen=True, slots=True)
class SegmentPrice:
    """What one segment costs, and who says so."""

    amount: Decimal
    currency: str
    """ISO 4217."""
    source: str
    as_of: dt.date


def read_segment_price(value: Any) -> SegmentPrice:
    if isinstance(value, SegmentPrice):
        return value
    try:
        price, source, as_of = (part.strip() for part in str(value).split(","))
        amount, currency = price.split()
        found = SegmentPrice(Decimal(amount), currency.upper(), source, dt.date.fromisoformat(as_of))
    except (ValueError, InvalidOperation):
        found = None
    if found is None or not (0 < found.amount < 100 and len(found.currency) == 3 and found.source):
        raise ValueError(
            "give what one segment costs, who says so, and on which day, "
            'such as "0.01 USD, our contract, 2026-11-27"'
        )
    return found


def read_keywords(value: Any) -> frozenset[str]:
    words = frozenset(str(value).lower().replace(",", " ").split()) if isinstance(value, str) else value
    unknown = set(words) - {"stop", "start", "help"}
    if unknown:
        raise ValueError("list some of: stop, start, help")
    return frozenset(words)


def read_country(value: Any) -> str:
    country = str(value).strip().upper()
    if country != "US":
        from phonenumbers import SUPPORTED_REGIONS

        if country not in SUPPORTED_REGIONS:
            raise ValueError("give a country's two letters, such as US or MX")
    return country


def read_path(value: Any) -> Path:
    return Path(value).expanduser().absolute()


def read_data_key(value: Any) -> bytes:
    """Return the bytes of a data key: 64 of 0-9 a-f, or base64 of either alphabet, padded or not."""
    written = "".join(str(value).split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", written):
            return bytes.fromhex(written)
        key = b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != DATA_KEY_BYTES:
        raise ValueError(f"it is not {DATA_KEY_BYTES} bytes in base64 or hex; `circle key new` makes one")
    return key


def read_words(most: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        words = " ".join(str(value).split())
        if len(words) > most:
            raise ValueError(f"give at most {most} characters: it stands in texts of 160")
        return words

    return check
