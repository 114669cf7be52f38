"""Twilio's Content API behind the `Contents` interface."""

from __future__ import annotations

import json
from typing import Any

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.contents import UNSUBMITTED, Approval, ContentForm, HeldContent
from assistant.carriers.twilio_http import LoopHttp, reading, refusal

CONTENT = "https://content.twilio.com/v1"
PAGE = 500
MOST_PAGES = 40
"""WhatsApp holds 6,000 templates of one account at most."""


class TwilioContents:
    """The contents of one account.

    Past Twilio's client: its model of a card knows no body, which RCS chips need.

    Args:
        http: Whose connections are used.
        login: Account and token.
    """

    def __init__(self, http: LoopHttp, login: tuple[str, str]) -> None:
        self._http = http
        self._login = login

    async def held(self) -> list[HeldContent]:
        """Return every content of the account; see `Contents.held`."""
        url: str | None = f"{CONTENT}/ContentAndApprovals?PageSize={PAGE}"
        found: list[HeldContent] = []
        for _ in range(MOST_PAGES):
            if url is None:
                break
            told = await self._ask("GET", url)
            found += [_held(each) for each in told.get("contents") or ()]
            url = (told.get("meta") or {}).get("next_page_url")
        return found

    async def create(self, form: ContentForm) -> str:
        """Have a content held; see `Contents.create`."""
        told = await self._ask(
            "POST",
            f"{CONTENT}/Content",
            {
                "friendly_name": form.name,
                "language": form.language,
                "variables": dict(form.variables),
                "types": dict(form.types),
            },
        )
        sid = told.get("sid")
        if not isinstance(sid, str) or not sid:
            raise CarrierError(Trouble.RETRY)
        return sid

    async def submit(self, sid: str, name: str, category: str) -> Approval:
        """Ask WhatsApp to approve a content; see `Contents.submit`."""
        asked = {"name": name, "category": category}
        told = await self._ask("POST", f"{CONTENT}/Content/{sid}/ApprovalRequests/whatsapp", asked)
        return _approval(told)

    async def _ask(self, method: str, url: str, asked: dict[str, Any] | None = None) -> dict[str, Any]:
        with reading():
            answer = await self._http.request(
                method, url, auth=self._login, body=json.dumps(asked) if asked is not None else None
            )
            told = json.loads(answer.text)
        told = told if isinstance(told, dict) else {}
        if not 200 <= answer.status_code < 300:
            known = refusal(answer.status_code, told.get("code"))
            trouble = Trouble.RETRY if known.trouble is Trouble.UNSURE else known.trouble
            raise CarrierError(trouble, known.code, said=str(told.get("message") or "")[:300] or None)
        return told


def _held(told: dict[str, Any]) -> HeldContent:
    approvals = told.get("approval_requests")
    approval = _approval(approvals) if isinstance(approvals, dict) else Approval(UNSUBMITTED)
    return HeldContent(str(told.get("sid")), str(told.get("friendly_name") or ""), approval)


def _approval(told: dict[str, Any]) -> Approval:
    return Approval(
        str(told.get("status") or UNSUBMITTED).lower(),
        str(told["category"]) if told.get("category") else None,
        str(told["rejection_reason"]) if told.get("rejection_reason") else None,
    )
