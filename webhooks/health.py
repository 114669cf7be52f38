"""Says whether this process serves, and whether everything that it stands on does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from assistant.delivery.spool import Spool
from assistant.store import migrate

if TYPE_CHECKING:
    from assistant.runtime import Runtime

OK = "ok"


def pages(runtime: Runtime, spool: Spool) -> Blueprint:
    """`/health` and `/health/live`."""
    routes = Blueprint("health", __name__)

    @routes.get("/health/live")
    def live() -> Response:
        # Whatever is away: this process must not be restarted for it, it is the one that spools.
        return jsonify(status=OK)

    @routes.get("/health")
    def health() -> tuple[Response, int]:
        found = {
            "database": _database(runtime),
            "queue": _queue(runtime),
            "spool": "texts wait for the database" if spool.waiting() else OK,
        }
        well = all(state == OK for state in (found["database"], found["queue"]))
        return jsonify(status=OK if well else "not ok", **found), 200 if well else 503

    return routes


def _database(runtime: Runtime) -> str:
    try:
        if migrate.is_current(runtime.database):
            return OK
    except SQLAlchemyError:
        return "does not answer; is DATABASE_URL right, and the server up?"
    return "its tables are not those of this version; run: circle migrate"


def _queue(runtime: Runtime) -> str:
    # Recording needs no Redis, and importing it takes as long as importing Flask.
    from redis.exceptions import RedisError

    try:
        runtime.redis.ping()
    except RedisError:
        return "does not answer; is REDIS_URL right, and the server up? (texts are still recorded)"
    return OK
