"""Opens Twilio as the settings say: what moves texts, and what rings phones."""

from __future__ import annotations

from assistant.carriers.carrier import Carrier
from assistant.carriers.ringing import Calls
from assistant.carriers.twilio_calls import TwilioCalls
from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.settings import Settings


def open_carrier(settings: Settings) -> Carrier:
    """Return who moves our texts."""
    return TwilioCarrier(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        sender=settings.sender,
        api_url=settings.twilio_api_url,
        status_callback_url=settings.status_callback_url,
    )


def open_calls(settings: Settings) -> Calls:
    """Return who rings phones."""
    return TwilioCalls(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        number=settings.number,
        voice_url=settings.voice_url,
        api_url=settings.twilio_api_url,
    )
