"""Pictures and voice notes on pages: for whoever is signed in and was just shown the words, and nobody else.

The address is no key: it opens nothing without the session, and each request asks anew.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from flask import Blueprint, Response, abort, send_file

from assistant.circles.people.carried_media import ENDINGS, PICTURE
from assistant.circles.people.page_sessions import FRESH_FOR
from assistant.circles.trust.media_looks import look_at
from assistant.pages.page_showing import runtime_here
from assistant.pages.visitors import freshly, visitor_here

PLAYED: Final = (PICTURE, "audio/ogg", "audio/aac")
"""What browsers show or play; all else is a file to open elsewhere."""


def media_pages() -> Blueprint:
    """`/media/ID`."""
    pages = Blueprint("media", __name__)

    @pages.get("/media/<int:number>")
    @freshly
    def look(number: int) -> Response:
        runtime = runtime_here()
        with runtime.database.read() as session:
            found = look_at(session, visitor_here().person_id, number, runtime.clock.now() - FRESH_FOR)
        if found is None:
            abort(404)
        kind = "photo" if found.content_type == PICTURE else "voice"
        answer = send_file(
            BytesIO(found.data),
            mimetype=found.content_type,
            as_attachment=found.content_type not in PLAYED,
            download_name=f"{kind}.{ENDINGS[found.content_type]}",
            conditional=True,  # iPhones play nothing of which they cannot ask for a part.
            etag=False,
        )
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer

    return pages
