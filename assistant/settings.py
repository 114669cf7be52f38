"""Reads the environment into one frozen `Settings`, and reports all its mistakes at once, in plain words."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

TWILIO_API: Final = "https://api.twilio.com"

USUAL_RATE: Final = 10.0
"""Segments per second of a real account that says nothing else: a low-volume 10DLC campaign's."""

# The local carrier's own; the same stand in assistant/simulator/carrier.py, and a test holds them together.
LOCAL_ACCOUNT_SID: Final = "AC" + "0" * 31 + "1"
LOCAL_AUTH_TOKEN: Final = "local-carrier-token"  # noqa: S105 - opens nothing but this machine's own carrier
LOCAL_NUMBER: Final = "+14155550100"
LOCAL_SERVICE_SID: Final = "MG" + "0" * 31 + "1"


class SettingsErrors(Exception):  # noqa: N818 - it carries several
    """The environment cannot be used; `mistakes` says everything that is wrong with it, one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        count = "One setting is" if len(mistakes) == 1 else f"{len(mistakes)} settings are"
        super().__init__(
            "\n".join([f"{count} wrong in the environment:", *(f"  {each}" for each in mistakes)])
        )


def _whole_port(value: Any) -> int:
    if isinstance(value, int) or str(value).strip().isdigit():
        port = int(value)
        if 1 <= port <= 65535:
            return port
    raise ValueError("give a whole number from 1 to 65535")


def _switch(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("give 1 or 0")


def _web_address(value: Any) -> str:
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


def _sid(prefix: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        sid = str(value).strip()
        if not re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", sid):
            raise ValueError(f"give {prefix} followed by 32 of 0-9 a-f, as the carrier's console shows it")
        return sid

    return check


def _phone(value: Any) -> str:
    number = re.sub(r"[\s().-]", "", str(value))
    if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
        raise ValueError("give the number with its country code, such as +14155550100")
    return number


def _database_address(value: Any) -> str:
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


def _redis_address(value: Any) -> str:
    address = str(value).strip()
    if urlsplit(address).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            "give an address such as redis://127.0.0.1:6379/0, or leave it out for an embedded server"
        )
    return address


def _rate(value: Any) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 10_000:
        raise ValueError(
            "give a number such as 1 (a long code) or 100 (a short code): what the carrier allows"
        )
    return rate


def _carrier_replies(value: Any) -> frozenset[str]:
    words = frozenset(str(value).lower().replace(",", " ").split()) if isinstance(value, str) else value
    unknown = set(words) - {"stop", "start", "help"}
    if unknown:
        raise ValueError("list some of: stop, start, help")
    return frozenset(words)


def _country(value: Any) -> str:
    country = str(value).strip().upper()
    if country != "US":
        from phonenumbers import SUPPORTED_REGIONS

        if country not in SUPPORTED_REGIONS:
            raise ValueError("give a country's two letters, such as US or MX")
    return country


def _path(value: Any) -> Path:
    return Path(value).expanduser().absolute()


def _words(most: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        words = " ".join(str(value).split())
        if len(words) > most:
            raise ValueError(f"give at most {most} characters: it stands in texts of 160")
        return words

    return check


def _default_database(checked: dict[str, Any]) -> str:
    return f"sqlite:///{checked['circle_data'] / 'circle.db'}"


class Settings(BaseSettings):
    """Everything the environment decides. Attributes are the names of the environment in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", validate_default=False)

    circle_data: Annotated[Path, BeforeValidator(_path)] = Field(Path("var"), validate_default=True)
    database_url: Annotated[str, BeforeValidator(_database_address)] = Field(
        default_factory=_default_database, repr=False
    )
    redis_url: Annotated[str | None, BeforeValidator(_redis_address)] = Field(None, repr=False)
    """None: the embedded server; its address is in a file under `circle_data`."""
    port: Annotated[int, BeforeValidator(_whole_port)] = 8000
    public_url: Annotated[str, BeforeValidator(_web_address)] = Field(
        default_factory=lambda checked: f"http://127.0.0.1:{checked['port']}"
    )
    """What the carrier was told to call, without a closing slash."""
    carrier_port: Annotated[int, BeforeValidator(_whole_port)] = 8001
    twilio_account_sid: Annotated[str, BeforeValidator(_sid("AC"))] = LOCAL_ACCOUNT_SID
    twilio_auth_token: SecretStr = SecretStr(LOCAL_AUTH_TOKEN)
    twilio_messaging_service_sid: Annotated[str | None, BeforeValidator(_sid("MG"))] = None
    twilio_from: Annotated[str | None, BeforeValidator(_phone)] = None
    twilio_api_url: Annotated[str, BeforeValidator(_web_address)] = TWILIO_API
    segments_per_second: Annotated[float | None, BeforeValidator(_rate)] = None
    """How fast our sender may send; None is without limit. What is faster queues at the carrier, replies too."""
    carrier_replies: Annotated[frozenset[str], BeforeValidator(_carrier_replies)] = frozenset(
        {"stop", "start"}
    )
    service_name: Annotated[str, BeforeValidator(_words(12))] = "Circle"
    support_contact: Annotated[str, BeforeValidator(_words(30))] = "help@circle.example"
    default_country: Annotated[str, BeforeValidator(_country)] = "US"
    secret_key: SecretStr
    time_travel: Annotated[bool, BeforeValidator(_switch)] = False
    local_carrier: bool = True
    """No account is set: texts stay on this machine."""
    warnings: tuple[str, ...] = ()
    """What does no harm yet but is hardly meant."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `load_settings` passes is all there is: it alone knows which environment is meant."""
        return (init_settings,)

    @property
    def real_account(self) -> bool:
        """Whether texts reach real phones: an account is set, and its API is not on this machine."""
        return not self.local_carrier and not _on_this_machine(self.twilio_api_url)

    @property
    def sender(self) -> str:
        """Whom consent is given to: the messaging service, or our number as an address."""
        return self.twilio_messaging_service_sid or f"sms:{self.twilio_from}"

    @property
    def number(self) -> str:
        """The number that people text, E.164; empty when only a messaging service is set."""
        return self.twilio_from or ""

    @property
    def message_webhook_url(self) -> str:
        return f"{self.public_url}/webhooks/twilio/message"

    @property
    def status_callback_url(self) -> str:
        return f"{self.public_url}/webhooks/twilio/status"

    @property
    def spool(self) -> Path:
        """Where texts wait while the database is away."""
        return self.circle_data / "spool"

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


_NAMES: Final = {
    name.upper(): name for name in Settings.model_fields if name not in ("local_carrier", "warnings")
}
_SECRET: Final = {"DATABASE_URL", "REDIS_URL", "TWILIO_AUTH_TOKEN", "SECRET_KEY"}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an empty value counts as none.

    A secret key that is not given is made once and kept under `CIRCLE_DATA`, readable by its owner only.

    Args:
        environ: What to read; the process's own environment when None.

    Raises:
        SettingsErrors: something is wrong; it names every mistake.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    for key, name in _NAMES.items():
        if value := environ.get(key, "").strip():
            given[name] = value
    _fill_in_carrier(given)
    if not given["local_carrier"]:
        given.setdefault("segments_per_second", USUAL_RATE)
    mistakes: dict[str, str] = {}
    settings = _validate(given, mistakes)
    mistakes |= {name: text for name, text in _cross_checks(settings, given).items() if name not in mistakes}
    secret = given.get("secret_key") or (None if mistakes else _kept_secret(settings.circle_data, mistakes))
    if mistakes:
        raise SettingsErrors(list(mistakes.values()))
    return settings.model_copy(
        update={"secret_key": SecretStr(str(secret)), "warnings": tuple(_warnings(settings, environ))}
    )


def _fill_in_carrier(given: dict[str, Any]) -> None:
    """Without an account everything of the carrier's is the local one's, whatever else is set."""
    given["local_carrier"] = not any(
        name in given
        for name in ("twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid", "twilio_from")
    )
    if given["local_carrier"]:
        given["twilio_messaging_service_sid"] = LOCAL_SERVICE_SID
        given["twilio_from"] = LOCAL_NUMBER
        given.setdefault("twilio_api_url", f"http://127.0.0.1:{given.get('carrier_port', 8001)}")


def _validate(given: dict[str, Any], mistakes: dict[str, str]) -> Settings:
    """The settings, with what cannot be read left at its default and entered under `mistakes`."""
    values = {"secret_key": "", **given}
    try:
        return Settings(**values)
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            name = str(error["loc"][0])
            if name not in given:  # a default that hangs on another mistake
                continue
            if name == "twilio_api_url" and given["local_carrier"] and "carrier_port" in given:
                continue
            key = name.upper()
            shown = "cannot be used:" if key in _SECRET else f"is {str(given[name])!r}:"
            mistakes[name] = f"{key} {shown} {error['msg'].removeprefix('Value error, ')}"
        wrong = {str(error["loc"][0]) for error in errors.errors(include_url=False)}
        return Settings(**{name: value for name, value in values.items() if name not in wrong})


def _cross_checks(settings: Settings, given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with settings that are each readable but do not go together."""
    wrong: dict[str, str] = {}
    if not settings.local_carrier:
        if "twilio_account_sid" not in given:
            wrong["twilio_account_sid"] = (
                "TWILIO_ACCOUNT_SID is missing though other TWILIO_* are set: give it, or unset them all "
                "to use the local carrier"
            )
        if "twilio_auth_token" not in given:
            wrong["twilio_auth_token"] = "TWILIO_AUTH_TOKEN is missing: copy it from the carrier's console"  # noqa: S105
        if "twilio_messaging_service_sid" not in given and "twilio_from" not in given:
            wrong["twilio_from"] = (
                "Nobody is named to send: give TWILIO_MESSAGING_SERVICE_SID, or TWILIO_FROM with your number"
            )
    if settings.real_account:
        wrong |= _real_account_checks(settings, given)
    if settings.local_carrier and not _on_this_machine(settings.twilio_api_url):
        wrong["twilio_api_url"] = (
            "TWILIO_API_URL is set but no account is: give TWILIO_ACCOUNT_SID and _AUTH_TOKEN, or unset it"
        )
    if settings.local_carrier and settings.port == settings.carrier_port:
        wrong["carrier_port"] = (
            f"PORT and CARRIER_PORT are both {settings.port}: the local carrier needs a port of its own"
        )
    return wrong


def _real_account_checks(settings: Settings, given: Mapping[str, Any]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if "support_contact" not in given:
        wrong["support_contact"] = (
            "SUPPORT_CONTACT is missing: carriers require HELP to name a phone number or e-mail address"
        )
    if settings.time_travel:
        wrong["time_travel"] = (
            "TIME_TRAVEL is 1 with a real account: moving the clock would text real people; unset one"
        )
    host = urlsplit(settings.public_url).hostname or ""
    shown = f"PUBLIC_URL is {settings.public_url!r}"
    if "public_url" not in given:
        wrong["public_url"] = (
            "PUBLIC_URL is missing: give the https:// address at which Twilio reaches this service"
        )
    elif not settings.public_url.startswith("https://"):
        wrong["public_url"] = f"{shown}: with a real account it must begin with https://"
    elif not _reachable(host):
        wrong["public_url"] = (
            f"{shown}: Twilio cannot reach that host; give one that is known on the internet"
        )
    return wrong


def _warnings(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Names that nothing reads but that resemble ours, and a number that join lines will miss."""
    ours = {*_NAMES, "CARRIER_KNOBS", "TWILIO_API_KEY", "TWILIO_API_SECRET"}
    found = []
    for key in sorted(environ):
        if key in ours:
            continue
        near = difflib.get_close_matches(key, _NAMES, n=1, cutoff=0.88)
        if not near and key.startswith("TWILIO_"):
            near = difflib.get_close_matches(
                key, [each for each in _NAMES if each.startswith("TWILIO_")], n=1, cutoff=0
            )
        if near:
            found.append(f"{key} is set, but nothing reads it; did you mean {near[0]}?")
    if not settings.local_carrier and not settings.number:
        found.append(
            "TWILIO_FROM is not set: join lines cannot name the number to text; give your main number"
        )
    return found


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reachable(host: str) -> bool:
    """Whether a host could be known on the internet, by its shape alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".lan"))


def _kept_secret(data: Path, mistakes: dict[str, str]) -> str:
    """The secret key of this installation: made at the first start, the same ever after."""
    file = data / "secret_key"
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # Written aside and linked into place: of two processes that start at once, one wins whole.
            fresh = data / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(48))
            try:
                file.hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return file.read_text("ascii").strip()
    except OSError as error:
        mistakes["circle_data"] = (
            f"CIRCLE_DATA is {str(data)!r}: nothing can be kept there ({error.strerror}); give another folder"
        )
        return ""
