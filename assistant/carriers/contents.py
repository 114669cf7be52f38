"""What the assistant asks of a carrier's store of contents: to hold a template, and to have it approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

UNSUBMITTED = "unsubmitted"
RECEIVED = "received"
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class ContentForm:
    """A content as it is made: its name, its types, and a sample for each of its variables."""

    name: str
    language: str
    types: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """How a content stands with WhatsApp: "unsubmitted", "received", "pending", "approved", "rejected",
    "paused" or "disabled"; the category that it gave it; why it was refused."""

    status: str
    category: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class HeldContent:
    """A content that the carrier holds."""

    sid: str
    name: str
    approval: Approval


class Contents(Protocol):
    """A carrier's contents; every method raises CarrierError when it is out of reach or says no."""

    async def held(self) -> list[HeldContent]:
        """Return every content of the account, with how it stands."""
        ...

    async def create(self, form: ContentForm) -> str:
        """Have a content held; return its id."""
        ...

    async def submit(self, sid: str, name: str, category: str) -> Approval:
        """Ask WhatsApp to approve a content under a name (small letters, digits, "_") and in a category."""
        ...
