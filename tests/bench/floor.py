"""The floor under the inbound webhook: the least that a careful plain Flask application does for a text.

Bare Flask, twilio's own RequestValidator, and one Core insert, committed before the answer.
"""

from __future__ import annotations

import datetime as dt
import os

from flask import Flask, Response, abort, request
from sqlalchemy import insert
from twilio.request_validator import RequestValidator

from assistant.settings import Settings
from assistant.store.database import Database
from assistant.store.tables import Inbox


def create_floor(settings: Settings) -> Flask:
    """The floor as an application; served by the same server as ours."""
    app = Flask("floor", static_folder=None)
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    database = Database(settings.database_url, pool_size=int(os.environ.get("FLOOR_POOL", "10")))
    statement = insert(Inbox.metadata.tables["inbox"])

    @app.post("/webhooks/twilio/message")
    def message() -> Response:
        form = request.form
        url = settings.public_url + request.path
        if not validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        params = form.to_dict()
        row = {
            "carrier_id": params.pop("MessageSid"),
            "from_uri": "sms:" + params.pop("From"),
            "to_uri": "sms:" + params.pop("To"),
            "body": params.pop("Body"),
            "params": params,
            "received_at": dt.datetime.now(dt.UTC),
            "state": "new",
            "attempts": 0,
        }
        with database.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                connection.execute(statement, row)
        return Response("<Response/>", content_type="text/xml")

    @app.get("/health/live")
    def live() -> str:
        return "ok"

    return app
