"""Says how what the carrier holds of our wording stands, for whoever shows or counts it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.carriers.contents import APPROVED
from assistant.delivery.ways import UTILITY
from assistant.store.tables import MessageTemplate

NOT_TAKEN: Final = "not taken"
"""The carrier itself would not hold it, before WhatsApp ever saw it."""
REFUSED: Final = ("rejected", "paused", "disabled", NOT_TAKEN)


@dataclass(frozen=True, slots=True)
class TemplateState:
    """How one template stands."""

    name: str
    kind: str
    """text or opener."""
    language: str
    status: str
    category: str | None
    refusal: str | None
    """Why it was refused, in WhatsApp's words."""
    body: str
    checked_at: dt.datetime | None

    @property
    def recategorised(self) -> bool:
        """Whether WhatsApp made something else of it than we asked for; it is not used then."""
        return self.category not in (None, "", UTILITY)

    @property
    def wrong(self) -> bool:
        """Whether somebody has to reword it: it was refused, or is used for nothing."""
        return self.status in REFUSED or self.recategorised

    @property
    def usable(self) -> bool:
        """Whether it may open any conversation now."""
        return self.status == APPROVED and not self.recategorised


def template_states(session: Session) -> Sequence[TemplateState]:
    """Return how every template of today's flows stands, the most needed first."""
    rows = session.execute(
        select(
            MessageTemplate.name,
            MessageTemplate.kind,
            func.coalesce(MessageTemplate.language, ""),
            MessageTemplate.status,
            MessageTemplate.category,
            MessageTemplate.refusal,
            func.coalesce(MessageTemplate.body, ""),
            MessageTemplate.checked_at,
        )
        .where(MessageTemplate.kind != "shape", MessageTemplate.wanted.is_(True))
        .order_by(MessageTemplate.id)
    )
    return [TemplateState(*row) for row in rows]


def count_states(session: Session) -> Mapping[tuple[str, str], int]:
    """Return how many templates of today's flows have each (status, category)."""
    category = func.coalesce(MessageTemplate.category, "")
    rows = session.execute(
        select(MessageTemplate.status, category, func.count())
        .where(MessageTemplate.kind != "shape", MessageTemplate.wanted.is_(True))
        .group_by(MessageTemplate.status, category)
    )
    return {(status, made_of): count for status, made_of, count in rows}
