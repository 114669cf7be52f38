"""Reads the environment into one frozen `Settings`, and reports all its mistakes at once, in plain words."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from assistant.settings.checks import check_together, find_warnings
from assistant.settings.settings_model import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
    NAMES,
    USUAL_RATE,
    Settings,
)

__all__ = [
    "LOCAL_ACCOUNT_SID",
    "LOCAL_AUTH_TOKEN",
    "LOCAL_NUMBER",
    "LOCAL_SERVICE_SID",
    "Settings",
    "SettingsErrors",
    "load_settings",
]

_SECRET: Final = {"DATABASE_URL", "REDIS_URL", "TWILIO_AUTH_TOKEN", "SECRET_KEY", "METRICS_TOKEN"}


class SettingsErrors(Exception):  # noqa: N818 - it carries several
    """The environment cannot be used; `mistakes` says everything that is wrong with it, one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        count = "One setting is" if len(mistakes) == 1 else f"{len(mistakes)} settings are"
        super().__init__(
            "\n".join([f"{count} wrong in the environment:", *(f"  {each}" for each in mistakes)])
        )


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
    for key, name in NAMES.items():
        if value := environ.get(key, "").strip():
            given[name] = value
    _fill_in_carrier(given)
    if not given["local_carrier"]:
        given.setdefault("segments_per_second", USUAL_RATE)
    mistakes: dict[str, str] = {}
    settings = _validate(given, mistakes)
    mistakes |= {name: text for name, text in check_together(settings, given).items() if name not in mistakes}
    secret = given.get("secret_key") or (None if mistakes else _kept_secret(settings.circle_data, mistakes))
    if mistakes:
        raise SettingsErrors(list(mistakes.values()))
    return settings.model_copy(
        update={"secret_key": SecretStr(str(secret)), "warnings": tuple(find_warnings(settings, environ))}
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
