"""GET /privacy and /terms: what is kept and who reads it, and the rules of the texts. A number's registration
points at them.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from assistant.circles.calendar.season_plan import KEPT_FOR
from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.pages.page_showing import show
from assistant.pages.page_texts import texts_of

FACTS: Final = {"texts": TEXTS_A_WEEK, "days": KEPT_FOR.days}
"""What their sentences say in numbers."""
_HEADING: Final = "_title"


def legal_pages() -> Blueprint:
    """`/privacy` and `/terms`."""
    pages = Blueprint("legal", __name__)

    @pages.get("/privacy")
    def privacy() -> Response:
        return show("public/legal.html", page="privacy", parts=parts_of("privacy"), facts=FACTS)

    @pages.get("/terms")
    def terms() -> Response:
        return show("public/legal.html", page="terms", parts=parts_of("terms"), facts=FACTS)

    return pages


def parts_of(page: str) -> list[str]:
    """The parts of such a page, in their order: each has a heading (`NAME_title`) and sentences (`NAME`)."""
    return [key.removesuffix(_HEADING) for key in texts_of(page) if key.endswith(_HEADING)]
