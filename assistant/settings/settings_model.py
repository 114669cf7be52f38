"""The settings, once read: one frozen object whose attributes are the environment's names in lower case."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from assistant.settings.values import (
    SegmentPrice,
    read_country,
    read_data_key,
    read_database,
    read_keywords,
    read_path,
    read_phone,
    read_port,
    read_rate,
    read_redis,
    read_segment_price,
    read_sid,
    read_switch,
    read_web_address,
    read_words,
)

TWILIO_API: Final = "https://api.twilio.com"

USUAL_RATE: Final = 10.0
"""Segments per second of a real account that says nothing else: a low-volume 10DLC campaign's."""

# The local carrier's own; the same stand in fake_twilio/fake_carrier.py, and a test holds them together.
LOCAL_ACCOUNT_SID: Final = "AC" + "0" * 31 + "1"
LOCAL_AUTH_TOKEN: Final = "local-carrier-token"  # noqa: S105 - opens nothing but this machine's own carrier
LOCAL_NUMBER: Final = "+14155550100"
LOCAL_SERVICE_SID: Final = "MG" + "0" * 31 + "1"


def _default_database(checked: dict[str, Any]) -> str:
    return f"sqlite:///{checked['circle_data'] / 'circle.db'}"


class Settings(BaseModel):
    """Everything the environment decides. Attributes are the names of the environment in lower case."""

    # No pydantic-settings: `load_settings` alone knows which environment is meant, and it would be 4 MB more.
    model_config = ConfigDict(frozen=True, extra="ignore")

    circle_data: Annotated[Path, BeforeValidator(read_path)] = Field(Path("var"), validate_default=True)
    database_url: Annotated[str, BeforeValidator(read_database)] = Field(
        default_factory=_default_database, repr=False
    )
    redis_url: Annotated[str | None, BeforeValidator(read_redis)] = Field(None, repr=False)
    """None: the embedded server; its address is in a file under `circle_data`."""
    port: Annotated[int, BeforeValidator(read_port)] = 8000
    public_url: Annotated[str, BeforeValidator(read_web_address)] = Field(
        default_factory=lambda checked: f"http://127.0.0.1:{checked['port']}"
    )
    """What the carrier was told to call, without a closing slash."""
    carrier_port: Annotated[int, BeforeValidator(read_port)] = 8001
    twilio_account_sid: Annotated[str, BeforeValidator(read_sid("AC"))] = LOCAL_ACCOUNT_SID
    twilio_auth_token: SecretStr = SecretStr(LOCAL_AUTH_TOKEN)
    twilio_messaging_service_sid: Annotated[str | None, BeforeValidator(read_sid("MG"))] = None
    twilio_from: Annotated[str | None, BeforeValidator(read_phone)] = None
    twilio_api_url: Annotated[str, BeforeValidator(read_web_address)] = TWILIO_API
    segments_per_second: Annotated[float | None, BeforeValidator(read_rate)] = None
    """How fast our sender may send; None: no limit. Faster texts queue at the carrier, and replies too."""
    segment_price: Annotated[SegmentPrice | None, BeforeValidator(read_segment_price)] = None
    """What one segment costs, without fees and taxes; None: pages tell segments alone."""
    carrier_replies: Annotated[frozenset[str], BeforeValidator(read_keywords)] = frozenset({"stop", "start"})
    service_name: Annotated[str, BeforeValidator(read_words(12))] = "Circle"
    support_contact: Annotated[str, BeforeValidator(read_words(30))] = "help@circle.example"
    default_country: Annotated[str, BeforeValidator(read_country)] = "US"
    metrics_token: SecretStr | None = None
    """What `/metrics` wants to see; None: only this machine may read it."""
    secret_key: SecretStr
    data_key: Annotated[bytes | None, BeforeValidator(read_data_key)] = Field(None, repr=False)
    """What words and numbers are sealed with before they reach a disk; None: they lie there readable."""
    data_key_old: Annotated[bytes | None, BeforeValidator(read_data_key)] = Field(None, repr=False)
    """The key before it, which opens what `circle key rotate` has not sealed anew yet."""
    transcription_model: Annotated[Path | None, BeforeValidator(read_path)] = None
    """The folder of the model that turns voice notes into words; None: voices are passed on as voices."""
    translation_models: Annotated[Path | None, BeforeValidator(read_path)] = None
    """The folder of the models that translate members' words; None: words come as they were written."""
    page_by_call: Annotated[bool, BeforeValidator(read_switch)] = False
    """Whether an unheard page may ring whoever is on call and agreed to it; TWILIO_FROM must call."""
    talk_by_call: Annotated[bool, BeforeValidator(read_switch)] = False
    """Whether two who both say yes may be rung and connected, neither seeing a number; as `page_by_call`."""
    time_travel: Annotated[bool, BeforeValidator(read_switch)] = False
    local_carrier: bool = True
    """No account is set: texts stay on this machine."""
    warnings: tuple[str, ...] = ()
    """What does no harm yet but is hardly meant."""

    @property
    def real_account(self) -> bool:
        """Whether texts reach real phones: an account is set, and its API is not on this machine."""
        return not self.local_carrier and not on_this_machine(self.twilio_api_url)

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
    def voice_url(self) -> str:
        return f"{self.public_url}/webhooks/twilio/call"

    @property
    def rings(self) -> bool:
        """Whether people on call can be rung: switched on, and there is a number to call from."""
        return self.page_by_call and bool(self.number)

    @property
    def talks(self) -> bool:
        """Whether two can be rung and connected: switched on, and there is a number to call from."""
        return self.talk_by_call and bool(self.number)

    @property
    def spool(self) -> Path:
        """Where texts wait while the database is away."""
        return self.circle_data / "spool"

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


NAMES: Final = {
    name.upper(): name for name in Settings.model_fields if name not in ("local_carrier", "warnings")
}
"""As it stands in the environment -> its attribute."""
