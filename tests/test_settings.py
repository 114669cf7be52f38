"""Settings: the defaults run without an account, and every mistake is said at once, in plain words."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from assistant import settings as settings_module
from assistant.fake_twilio import fake_carrier as simulator
from assistant.settings import Settings, SettingsErrors, load_settings

ACCOUNT = "AC" + "a1" * 16
SERVICE = "MG" + "b2" * 16
REAL = {
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": "a-very-secret-token",
    "TWILIO_FROM": "+1 (415) 555-0100",
    "SUPPORT_CONTACT": "help@example.org",
    "PUBLIC_URL": "https://circle.example.org/",
}


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    return {"CIRCLE_DATA": str(tmp_path / "var")}


def mistakes_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsErrors) as caught:
        load_settings(environ)
    return caught.value.mistakes


def test_an_empty_environment_means_the_local_carrier(data: dict[str, str]) -> None:
    settings = load_settings(data)
    assert settings.local_carrier
    assert not settings.real_account
    assert settings.sqlite
    assert settings.database_url == f"sqlite:///{data['CIRCLE_DATA']}/circle.db"
    assert settings.redis_url is None
    assert settings.twilio_api_url == "http://127.0.0.1:8001"
    assert settings.message_webhook_url == "http://127.0.0.1:8000/webhooks/twilio/message"
    assert settings.status_callback_url == "http://127.0.0.1:8000/webhooks/twilio/status"
    assert settings.spool == Path(data["CIRCLE_DATA"]) / "spool"


def test_the_local_carrier_s_names_are_the_same_on_both_sides(data: dict[str, str]) -> None:
    for name in ("LOCAL_ACCOUNT_SID", "LOCAL_AUTH_TOKEN", "LOCAL_NUMBER", "LOCAL_SERVICE_SID"):
        assert getattr(settings_module, name) == getattr(simulator, name)
    settings = load_settings(data)
    assert settings.sender == simulator.LOCAL_SERVICE_SID
    assert settings.number == simulator.LOCAL_NUMBER


def test_an_empty_value_counts_as_none(data: dict[str, str]) -> None:
    assert load_settings(data | {"PORT": "", "TWILIO_ACCOUNT_SID": " "}).port == 8000


def test_another_port_moves_the_public_address_with_it(data: dict[str, str]) -> None:
    settings = load_settings(data | {"PORT": "9000", "CARRIER_PORT": "9001"})
    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.twilio_api_url == "http://127.0.0.1:9001"


def test_a_real_account_sends_from_its_number_or_its_service(data: dict[str, str]) -> None:
    settings = load_settings(data | REAL)
    assert settings.real_account
    assert settings.sender == "sms:+14155550100"
    assert settings.public_url == "https://circle.example.org"
    assert settings.twilio_api_url == "https://api.twilio.com"
    assert load_settings(data | REAL | {"TWILIO_MESSAGING_SERVICE_SID": SERVICE}).sender == SERVICE


def test_every_mistake_is_said_at_once(data: dict[str, str]) -> None:
    mistakes = mistakes_of(
        data
        | {
            "PORT": "abc",
            "CARRIER_PORT": "70000",
            "DATABASE_URL": "mysql://ana:hunter2@db/circle",
            "REDIS_URL": "localhost",
            "CARRIER_REPLIES": "stop,hello",
            "TIME_TRAVEL": "maybe",
            "DEFAULT_COUNTRY": "Texas",
        }
    )
    assert "PORT is 'abc': give a whole number from 1 to 65535" in mistakes
    assert [each.split()[0] for each in mistakes] == [
        "DATABASE_URL",
        "REDIS_URL",
        "PORT",
        "CARRIER_PORT",
        "CARRIER_REPLIES",
        "DEFAULT_COUNTRY",
        "TIME_TRAVEL",
    ]


def test_what_a_real_account_lacks_is_said_at_once(data: dict[str, str]) -> None:
    mistakes = " ".join(mistakes_of(data | {"TWILIO_ACCOUNT_SID": ACCOUNT, "TIME_TRAVEL": "1"}))
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_FROM", "SUPPORT_CONTACT", "PUBLIC_URL", "TIME_TRAVEL"):
        assert name in mistakes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_ACCOUNT_SID", "AC123"),
        ("TWILIO_MESSAGING_SERVICE_SID", ACCOUNT),
        ("TWILIO_FROM", "555-0100"),
        ("PUBLIC_URL", "circle.example.org"),
        ("PUBLIC_URL", "http://circle.example.org"),
        ("PUBLIC_URL", "https://localhost"),
        ("PUBLIC_URL", "https://10.0.0.1"),
        ("PUBLIC_URL", "https://my_circle.example.org"),
        ("PUBLIC_URL", "https://circle.example.org/?a=1"),
        ("TWILIO_API_URL", "twilio"),
        ("SERVICE_NAME", "a name that fills half of every text"),
        ("SEGMENT_PRICE", "0.01 USD"),
        ("SEGMENT_PRICE", "-1 USD, our contract, 2026-11-27"),
        ("SEGMENT_PRICE", "0.01 USD, our contract, soon"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(data: dict[str, str], name: str, value: str) -> None:
    (mistake,) = mistakes_of(data | REAL | {name: value})
    assert mistake.startswith(name)


def test_time_travel_is_for_carriers_on_this_machine(data: dict[str, str]) -> None:
    assert load_settings(data | {"TIME_TRAVEL": "1"}).time_travel
    stand_in = REAL | {"TWILIO_API_URL": "http://127.0.0.1:9999", "TIME_TRAVEL": "1"}
    assert load_settings(data | stand_in).time_travel
    assert "TIME_TRAVEL" in mistakes_of(data | REAL | {"TIME_TRAVEL": "1"})[0]


def test_a_real_account_keeps_to_a_rate_and_the_local_carrier_to_none(data: dict[str, str]) -> None:
    assert load_settings(data).segments_per_second is None
    assert load_settings(data | REAL).segments_per_second == 10
    assert load_settings(data | REAL | {"SEGMENTS_PER_SECOND": "0.5"}).segments_per_second == 0.5
    for wrong in ("0", "-1", "fast", "nan"):
        assert "SEGMENTS_PER_SECOND" in mistakes_of(data | {"SEGMENTS_PER_SECOND": wrong})[0]


def test_a_price_names_who_says_so_and_when(data: dict[str, str]) -> None:
    assert load_settings(data).segment_price is None
    price = load_settings(data | {"SEGMENT_PRICE": "0.0083 usd, our contract, 2026-11-27"}).segment_price
    assert price is not None
    assert (f"{price.amount * 2} {price.currency}", price.source) == ("0.0166 USD", "our contract")
    assert price.as_of.isoformat() == "2026-11-27"


def test_two_servers_cannot_share_a_port(data: dict[str, str]) -> None:
    (mistake,) = mistakes_of(data | {"PORT": "8001"})
    assert "CARRIER_PORT" in mistake


def test_a_misspelt_name_is_a_warning(data: dict[str, str]) -> None:
    settings = load_settings(data | REAL | {"TWILIO_AUTHTOKEN": "x", "SERVICENAME": "Maple", "HOME": "/"})
    assert [each.split()[0] for each in settings.warnings] == ["SERVICENAME", "TWILIO_AUTHTOKEN"]
    assert "TWILIO_AUTH_TOKEN" in settings.warnings[1]


def test_secrets_are_never_printed(data: dict[str, str]) -> None:
    secret = REAL | {"SECRET_KEY": "s3cret-key", "DATABASE_URL": "postgresql://ana:hunter2@db/circle"}
    settings = load_settings(data | secret)
    shown = repr(settings) + str(settings)
    for word in ("a-very-secret-token", "s3cret-key", "hunter2"):
        assert word not in shown
    bad = data | secret | {"DATABASE_URL": "postgresql://ana:hunter2@db"}
    assert "hunter2" not in str(mistakes_of(bad))


def test_the_secret_key_is_made_once_and_kept_for_its_owner(data: dict[str, str]) -> None:
    first, second = load_settings(data), load_settings(data)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key.get_secret_value()) > 40
    kept = Path(data["CIRCLE_DATA"]) / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "written",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        f" {base64.b64encode(KEY).decode()}\n",
    ],
)
def test_a_data_key_is_read_in_hex_and_base64(data: dict[str, str], written: str) -> None:
    settings = load_settings(data | {"DATA_KEY": written, "DATA_KEY_OLD": ""})
    assert settings.data_key == KEY
    assert settings.data_key_old is None
    assert "data_key=" not in repr(settings)


def test_a_data_key_that_is_none_says_how_to_make_one_and_is_not_repeated(data: dict[str, str]) -> None:
    for wrong in ("hunter2", KEY.hex()[:-2], base64.b64encode(KEY + b"x").decode()):
        (mistake,) = mistakes_of(data | {"DATA_KEY": wrong})
        assert "`circle key new` makes one" in mistake
        assert wrong not in mistake
    (mistake,) = mistakes_of(data | {"DATA_KEY_OLD": KEY.hex()})
    assert mistake.startswith("DATA_KEY_OLD is set but DATA_KEY is not")


def test_without_one_no_data_key_is_made_but_a_kept_one_is_read(data: dict[str, str]) -> None:
    assert load_settings(data).data_key is None
    kept = Path(data["CIRCLE_DATA"]) / "data_key"
    assert not kept.exists()
    kept.write_text(KEY.hex())
    assert load_settings(data).data_key == KEY
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_folder_is_made_private_and_what_it_may_run_stays_so(data: dict[str, str]) -> None:
    folder = Path(data["CIRCLE_DATA"])
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "web.log").write_text("")
    for path, mode in ((folder, 0o755), (folder / "logs", 0o777), (folder / "logs" / "web.log", 0o754)):
        path.chmod(mode)
    load_settings(data)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *sorted(folder.rglob("*")))]
    assert modes == [0o700, 0o700, 0o700, 0o600]


def test_a_folder_that_is_far_more_than_ours_is_left_as_it_is(
    data: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(data["CIRCLE_DATA"])
    folder.mkdir()
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    load_settings(data)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (mistake,) = mistakes_of({"CIRCLE_DATA": str(tmp_path / "file")})
    assert mistake.startswith("CIRCLE_DATA")


def test_postgres_is_understood_by_its_short_name(data: dict[str, str]) -> None:
    settings = load_settings(data | {"DATABASE_URL": "postgres://ana@db/circle"})
    assert settings.database_url == "postgresql://ana@db/circle"
    assert not settings.sqlite


def test_settings_do_not_change(data: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(data).port = 1
    assert isinstance(load_settings(os.environ | data), Settings)
