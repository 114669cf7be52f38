"""The pages and the API beside the doors: built when first asked for, since texts do without."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from assistant.runtime import Runtime
    from assistant.simulation.flow_playing import FlowPlay

API: Final = "/api/"


def begin_play(*given: Any, **named: Any) -> FlowPlay:
    """Begin a flow that is played on a page, in a world of its own: loaded when somebody first plays."""
    from assistant.simulation.flow_playing import FlowPlay

    return FlowPlay(*given, **named)


class LatePages:
    """Passes a request to this service's own routes, to the API, or to the pages.

    Args:
        app: Has the routes of machines: health, metrics, the clock.
        own: Serves them.
        runtime: What the others are built with.
    """

    def __init__(self, app: Flask, own: WSGIApplication, runtime: Runtime) -> None:
        self._routes = {rule.rule for rule in app.url_map.iter_rules()}
        self._own = own
        self._runtime = runtime
        self._building = Lock()
        self._pages: WSGIApplication | None = None
        self._api: WSGIApplication | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path in self._routes or path.startswith("/webhooks/"):
            return self._own(environ, start_response)
        others = self._built_api() if path.startswith(API) else self._built()
        return others(environ, start_response)

    def _built(self) -> WSGIApplication:
        if self._pages is None:
            with self._building:
                if self._pages is None:
                    from assistant.pages.page_app import make_pages

                    self._pages = make_pages(self._runtime, begin_play)
        return self._pages

    def _built_api(self) -> WSGIApplication:
        if self._api is None:
            with self._building:
                if self._api is None:
                    from assistant.api.api_app import make_api

                    self._api = make_api(self._runtime)
        return self._api
