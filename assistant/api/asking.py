"""What an operation of the API is, and what it is given: who asks, and for what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.api.api_models import Out
from assistant.api.api_problems import Refused
from assistant.store.tables import Circle

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assistant.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is that came along; all that is seen and done is within its cohort."""

    token_id: int
    cohort_id: int
    rights: str

    @property
    def may_act(self) -> bool:
        return self.rights == "act"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, once its token was looked at and all that came in was checked."""

    runtime: Runtime
    caller: Caller
    now: dt.datetime
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    given: Any = None

    def circle(self, session: Session, code: str) -> Circle:
        """Return a circle of the caller's cohort; of another's nobody learns whether it is there.

        Raises:
            Refused: there is none.
        """
        found = session.scalars(
            select(Circle).where(Circle.cohort_id == self.caller.cohort_id, Circle.code == code.upper())
        ).first()
        if found is None:
            raise Refused(404)
        return found


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for: its route, its checks and its description come from here."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    """After the version, with names of what it holds in braces."""
    summary: str
    explained: str
    answer: type[Out]
    run: Callable[[Asked], Out]
    query: type[BaseModel] | None = None
    takes: type[BaseModel] | None = None
    status: int = 200
    changes: bool = True
    """Of what takes a token that may act: whether it changes anything, and so takes an idempotency key."""

    @property
    def acts(self) -> bool:
        """Whether it takes a token that may act, and goes on record as asked for."""
        return self.method == "POST"

    @property
    def path_names(self) -> list[str]:
        """What is named in its path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
