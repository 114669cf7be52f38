"""GET /join and /join/CODE: what one agrees to, and the text to send. There is no form: one joins by text."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response

from assistant.circles.membership.seen_from_outside import see_from_outside
from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.pages.page_showing import runtime_here, show

STATUS: Final = {"open": 200, "full": 200, "over": 410, "unknown": 404}


def join_pages() -> Blueprint:
    """`/join` and `/join/<code>`."""
    pages = Blueprint("join", __name__)

    @pages.get("/join")
    def in_general() -> Response:
        """What joining is, without a circle: carriers' reviewers have no code."""
        return show("public/join.html", page="join", standing="general", texts=TEXTS_A_WEEK)

    @pages.get("/join/<code>")
    def join(code: str) -> Response:
        runtime = runtime_here()
        with runtime.database.read() as session:
            standing, circle = see_from_outside(session, code)
        if circle is None:
            return show(
                "public/join.html",
                page="join",
                status=STATUS[standing],
                standing=standing,
                texts=TEXTS_A_WEEK,
            )
        number, line = runtime.settings.number, f"JOIN {circle.code}"
        return show(
            "public/join.html",
            page="join",
            standing=standing,
            texts=TEXTS_A_WEEK,
            circle=circle,
            line=line,
            # `?&` is what both Android and iOS take.
            link=f"sms:{number}?&body={quote(line)}" if number else None,
            picture=_picture(number, line) if number else None,
        )

    return pages


def _picture(number: str, line: str) -> str:
    """The QR code that opens this text, as the address of a picture."""
    import segno

    code = segno.make(f"SMSTO:{number}:{line}", error="m", micro=False)
    return code.svg_data_uri(scale=6, border=2, light="#fff", dark="#000")
