"""Reads the environment into one frozen `Settings`, and reports all its mistakes at once, in plain words."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from assistant.settings.checks import check_together, find_warnings
from assistant.settings.kept_files import (
    DATA_KEY_FILE,
    OLD_DATA_KEY_FILE,
    SECRET_KEY_FILE,
    keep_private,
    kept,
    kept_or_made,
)
from assistant.settings.settings_model import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
    NAMES,
    USUAL_RATE,
    Settings,
)
from assistant.settings.values import read_data_key

__all__ = [
    "LOCAL_ACCOUNT_SID",
    "LOCAL_AUTH_TOKEN",
    "LOCAL_NUMBER",
    "LOCAL_SERVICE_SID",
    "Settings",
    "SettingsErrors",
    "load_settings",
]

_SECRET: Final = {
    *("DATABASE_URL", "REDIS_URL", "TWILIO_AUTH_TOKEN", "SECRET_KEY", "METRICS_TOKEN"),
    *("DATA_KEY", "DATA_KEY_OLD"),
}


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

    A secret key that is not given is made once and kept under `CIRCLE_DATA`, readable by its owner only. A
    data key is read from there, and made by `circle run` alone. All that is there is for its owner only.

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
    keys = {} if mistakes else _keys(settings, given, mistakes)
    if mistakes:
        raise SettingsErrors(list(mistakes.values()))
    return settings.model_copy(update={**keys, "warnings": tuple(find_warnings(settings, environ))})


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


def _keys(settings: Settings, given: Mapping[str, Any], mistakes: dict[str, str]) -> dict[str, Any]:
    """The keys that are not in the environment but kept under `CIRCLE_DATA`; the folder is made private."""
    data = settings.circle_data
    found: dict[str, Any] = {}
    try:
        if "secret_key" not in given:
            found["secret_key"] = SecretStr(kept_or_made(data / SECRET_KEY_FILE, secrets.token_urlsafe(48)))
        if "data_key" not in given:
            for name, file in (("data_key", DATA_KEY_FILE), ("data_key_old", OLD_DATA_KEY_FILE)):
                if name not in given and (key := kept(data / file)):
                    found[name] = read_data_key(key)
        keep_private(data)
    except ValueError as error:
        mistakes["data_key"] = f"The data key that is kept under {str(data)!r} cannot be used: {error}"
    except OSError as error:
        mistakes["circle_data"] = (
            f"CIRCLE_DATA is {str(data)!r}: nothing can be kept there ({error.strerror}); give another folder"
        )
    return found
