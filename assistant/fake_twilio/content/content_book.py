"""Keeps an account's content templates, and lets WhatsApp's review of them take its time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from assistant.fake_twilio.carrier_clock import CarrierClock
from assistant.fake_twilio.content.content_rules import check_submission, check_template, fault_of, richest
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Event, Gone, Template
from assistant.fake_twilio.twilio_rules import Refusal

VERDICTS = ("approved", "rejected", "paused", "disabled", "pending", "")


@dataclass(frozen=True, slots=True)
class Review:
    """How a template stands with WhatsApp at this moment.

    Attributes:
        status: unsubmitted, received, pending, approved, rejected, paused or disabled.
        category: UTILITY, MARKETING or AUTHENTICATION, as WhatsApp sees it; "" before it was handed in.
    """

    status: str
    category: str = ""
    reason: str = ""


class ContentBook:
    """The templates of one account."""

    def __init__(
        self, clock: CarrierClock, faults: Faults, chance: random.Random, tell: Callable[[Event], None]
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._chance = chance
        self._tell = tell
        self._templates: dict[str, Template] = {}

    def __iter__(self) -> Iterator[Template]:
        """Every template, newest first."""
        return reversed(self._templates.values())

    def create(self, given: Mapping[str, Any]) -> Template:
        """Make a template.

        Raises:
            Refusal: 20001, it is not one.
        """
        types, variables = check_template(given)
        now = self._clock.now()
        sid = f"HX{self._chance.getrandbits(128):032x}"
        name = str(given.get("friendly_name") or "")
        template = Template(sid, name, given["language"], types, variables, now, now)
        return self._put(template)

    def get(self, sid: str) -> Template | None:
        """Find a template."""
        return self._templates.get(sid)

    def fetch(self, sid: str) -> Template:
        """Find a template.

        Raises:
            Refusal: 20404, there is none.
        """
        template = self._templates.get(sid)
        if template is None:
            raise Refusal(20404, what=f"/Content/{sid}")
        return template

    def delete(self, sid: str) -> None:
        """Delete a template; messages that were made of it stay as they are.

        Raises:
            Refusal: 20404, there is none.
        """
        self.fetch(sid)
        gone = Gone(sid)
        self.restore(gone)
        self._tell(gone)

    def submit(self, sid: str, name: str, category: str, *, allow_category_change: bool) -> Template:
        """Hand a template in for WhatsApp's review.

        Raises:
            Refusal: 20404 unknown; 20001 it cannot be handed in, was before, or the name is taken.
        """
        template = self.fetch(sid)
        check_submission(name, category, template.types)
        if template.submitted is not None:
            raise Refusal(20001, what="Content was already submitted for approval")
        if any(each.name == name and each.language == template.language for each in self):
            raise Refusal(20001, what=f"name: a template {name} exists in this language")
        now = self._clock.now()
        return self._put(
            replace(
                template,
                submitted=now,
                updated=now,
                name=name,
                category=category,
                allow_category_change=allow_category_change,
            )
        )

    def decide(self, sid: str, *, status: str = "", reason: str = "", category: str = "") -> Template:
        """Say by hand how a review ends: the page's buttons. What is "" stays as it is.

        Raises:
            Refusal: 20404 unknown; 20001 there is no such status.
        """
        template = self.fetch(sid)
        if status not in VERDICTS:
            raise Refusal(20001, what=f"status must be one of {', '.join(filter(None, VERDICTS))}")
        submitted = template.submitted or (self._clock.now() if status else None)
        return self._put(
            replace(
                template,
                submitted=submitted,
                name=template.name or f"by_hand_{sid[2:10]}",
                category=template.category or "UTILITY",
                verdict=status or template.verdict,
                reason=reason or template.reason,
                category_now=category or template.category_now,
                updated=self._clock.now(),
            )
        )

    def review_of(self, template: Template) -> Review:
        """Say how far WhatsApp's review of a template has come."""
        if template.submitted is None:
            return Review("unsubmitted")
        passed = self._clock.since(template.submitted)
        whole = timedelta(minutes=self._faults.approval_minutes)
        category = template.category_now or template.category
        if template.verdict:
            reason = (template.reason or "ABUSIVE_CONTENT") if template.verdict == "rejected" else ""
            return Review(template.verdict, category, reason)
        if passed < whole:
            return Review("received" if passed < whole / 3 else "pending", template.category)
        reason = self._reason_against(template)
        if reason:
            return Review("rejected", category, reason)
        return Review("approved", "MARKETING" if self._sells(template) else category)

    def restore(self, event: Template | Gone) -> None:
        """Take back what an earlier process told of."""
        if isinstance(event, Gone):
            self._templates.pop(event.sid, None)
        else:
            self._templates[event.sid] = event

    def snapshot(self) -> Iterator[Template]:
        """Every template, oldest first."""
        yield from self._templates.values()

    def _put(self, template: Template) -> Template:
        self.restore(template)
        self._tell(template)
        return template

    def _reason_against(self, template: Template) -> str:
        if fault := fault_of(template.types, template.variables):
            return fault
        words = _words_of(template)
        for part, reason in self._faults.refuse_templates.items():
            if part.lower() in words or part == template.name:
                return reason
        if self._sells(template) and not template.allow_category_change:
            return "INCORRECT_CATEGORY"
        return ""

    def _sells(self, template: Template) -> bool:
        """Whether WhatsApp takes something for marketing that was handed in as something else."""
        words = _words_of(template)
        return template.category == "UTILITY" and any(
            part.lower() in words or part == template.name for part in self._faults.marketing_words
        )


def _words_of(template: Template) -> str:
    content = template.types[richest(template.types, "whatsapp")]
    return str(content.get("body") or content.get("title") or "").lower()
