"""Puts together what a 10DLC, toll-free or WhatsApp registration asks for, out of the texts that are sent.

Sources: Twilio's Usa2p and Toll-free Verification resources, and WhatsApp's business profile and templates.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.circles.actions import crisis_lines
from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.engine.wording import choose_text
from assistant.language.languages import FALLBACK
from assistant.language.rendering import placeholders, render_rich
from assistant.pages import page_texts
from assistant.pages.public.legal_pages import FACTS, parts_of

if TYPE_CHECKING:
    from assistant.engine.book import FlowBook
    from assistant.engine.flow_model import Texts
    from assistant.settings import Settings

FOLDER: Final = Path(__file__).parents[3] / "flows" / "registration"
KINDS: Final = ("10dlc", "toll-free", "whatsapp")
ENGLISH: Final = "en"
"""Carriers take nothing else (30910)."""
NOTICES: Final = "notices"
_LINK: Final = re.compile(r"https?://|\bwww\.")
_PHONE: Final = re.compile(r"\+?\d[\d ()-]{8,}\d")


@dataclass(frozen=True, slots=True)
class Sample:
    """A real text, as whoever is asked to approve it sees it."""

    source: str
    """Where it stands: "weekly_reflection/open"."""
    text: str
    """In English, with what differs from person to person in [brackets]."""
    templates: Mapping[str, str]
    """Language -> the same with numbered variables, as WhatsApp has them."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Everything that a registration asks for, in English."""

    service: str
    contact: str
    number: str
    addresses: Mapping[str, str]
    """ "join", "privacy", "terms" -> where the page is."""
    pages: Mapping[str, str]
    """ "privacy", "terms" -> what stands there."""
    description: str
    message_flow: str
    additional: str
    """The message flow in short: toll-free forms have little room."""
    consent: str
    confirmation: str
    help: str
    stop: str
    samples: Sequence[Sample]
    campaign: Mapping[str, Any]
    """What else `campaign.toml` says."""

    @property
    def facts(self) -> dict[str, str]:
        """What stands for the placeholders of `campaign.toml` and `refusals.toml`."""
        known = {"service": self.service, "contact": self.contact, "number": self.number}
        return {**known, "texts": str(TEXTS_A_WEEK), **self.addresses}

    @property
    def said(self) -> dict[str, str]:
        """Every text that a reviewer reads, by its name."""
        own = {
            name: getattr(self, name)
            for name in (
                "description",
                "message_flow",
                "additional",
                "consent",
                "confirmation",
                "help",
                "stop",
            )
        }
        return {**own, **{each.source: each.text for each in self.samples}}

    def fields(self, kind: str) -> dict[str, object]:
        """Return what the form of this kind (one of `KINDS`) asks for, by the names that it has there."""
        return {"10dlc": self._campaign, "toll-free": self._toll_free, "whatsapp": self._whatsapp}[kind]()

    def _campaign(self) -> dict[str, object]:
        samples = [each.text for each in self.samples]
        return {
            "Description": self.description,
            "MessageFlow": self.message_flow,
            "MessageSamples": samples,
            "UsAppToPersonUsecase": self.campaign["use_case"],
            "HasEmbeddedLinks": any(map(_LINK.search, samples)),
            "HasEmbeddedPhone": any(map(_PHONE.search, samples)),
            "OptInMessage": self.confirmation,
            "OptOutMessage": self.stop,
            "HelpMessage": self.help,
            "OptInKeywords": self.campaign["opt_in_keywords"],
            "OptOutKeywords": self.campaign["opt_out_keywords"],
            "HelpKeywords": self.campaign["help_keywords"],
            "SubscriberOptIn": True,
            "AgeGated": False,
            "DirectLending": False,
            "PrivacyPolicyUrl": self.addresses["privacy"],
            "TermsAndConditionsUrl": self.addresses["terms"],
        }

    def _toll_free(self) -> dict[str, object]:
        return {
            "BusinessName": self.service,
            "BusinessWebsite": self.addresses["join"],
            "NotificationEmail": self.contact,
            "UseCaseCategories": self.campaign["categories"],
            "UseCaseSummary": self.description,
            "ProductionMessageSample": self.samples[0].text if self.samples else "",
            "OptInImageUrls": [self.addresses["join"]],
            "OptInType": self.campaign["opt_in_type"],
            "MessageVolume": self.campaign["volume"],
            "AdditionalInformation": self.additional,
            "OptInConfirmationMessage": self.confirmation,
            "HelpMessageSample": self.help,
            "OptInKeywords": self.campaign["opt_in_keywords"],
            "PrivacyPolicyUrl": self.addresses["privacy"],
            "TermsAndConditionsUrl": self.addresses["terms"],
            "AgeGatedContent": False,
        }

    def _whatsapp(self) -> dict[str, object]:
        return {
            "display_name": self.service,
            "about": self.campaign["about"],
            "description": self.description[:512],
            "vertical": self.campaign["vertical"],
            "websites": [self.addresses["join"], self.addresses["privacy"]],
            "opt_in": self.message_flow,
            "templates": [
                {
                    "name": each.source.replace("/", "_"),
                    "category": "UTILITY",
                    "language": language,
                    "body": body,
                }
                for each in self.samples
                for language, body in each.templates.items()
            ],
        }


@cache
def campaign_file() -> Mapping[str, Any]:
    """`flows/registration/campaign.toml`."""
    return tomllib.loads((FOLDER / "campaign.toml").read_text("utf-8"))


def register(book: FlowBook, settings: Settings, number: str) -> Registration:
    """Put the registration together.

    Args:
        book: The flows that are in use.
        settings: Who sends, and where the pages are.
        number: That people text, E.164; empty: not known.

    Raises:
        EngineError: a sample names a flow or step that there is not.
    """
    campaign = campaign_file()
    addresses = {name: f"{settings.public_url}/{name}" for name in ("join", "privacy", "terms")}
    known = {
        "service": settings.service_name,
        "contact": settings.support_contact or "",
        "number": number,
        "texts": str(TEXTS_A_WEEK),
        **addresses,
    }
    consent = page_texts.say("join", "consent" if number else "consent_without", ENGLISH, **known)
    confirmation = _as_sample(_texts(book, "onboarding/confirm"), {}, known)
    lines = crisis_lines.lines_of(settings.default_country, ENGLISH)
    quoted = {**known, "consent": consent, "confirmation": confirmation}
    return Registration(
        service=known["service"],
        contact=known["contact"],
        number=known["number"],
        addresses=addresses,
        pages={name: _page(name, known) for name in ("privacy", "terms")},
        description=campaign["description"].format(**known),
        message_flow=campaign["message_flow"].format(**quoted),
        additional=campaign["additional"].format(**quoted),
        consent=consent,
        confirmation=confirmation,
        help=_as_sample(book.notice("help"), {"lines": "known" if lines else "none"}, {**known, **lines}),
        stop=_as_sample(book.notice("opted_out"), {}, known),
        samples=[
            Sample(
                each["text"],
                _as_sample(_texts(book, each["text"]), each.get("values", {}), known),
                {
                    language: _as_template(choose_text(texts, language, each.get("values", {})), known)
                    for texts in [_texts(book, each["text"])]
                    for language in texts
                },
            )
            for each in campaign["samples"]
        ],
        campaign=campaign,
    )


def _texts(book: FlowBook, source: str) -> Texts:
    flow, _, step = source.partition("/")
    if flow == NOTICES:
        return book.notice(step)
    found = book.flow(flow).steps[step].say
    if found is None:
        raise KeyError(source)
    return found


def _as_sample(texts: Texts, values: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """The text with what is known, and everything else in brackets, as reviewers ask for it."""
    text = choose_text(texts, ENGLISH, values)
    told = {name: str(value) for name, value in values.items()}
    return render_rich(text, {name: _shown(name, told | dict(known)) for name in placeholders(text)})


def _shown(name: str, known: Mapping[str, str]) -> str:
    return known.get(name) or f"[{name.replace('_', ' ')}]"


def _as_template(text: str, known: Mapping[str, str]) -> str:
    """The text with {{1}}, {{2}} for what differs; the service's own name stands in it."""
    names = dict.fromkeys(name for name in placeholders(text) if name not in known)
    numbered = {name: f"{{{{{number}}}}}" for number, name in enumerate(names, 1)}
    return render_rich(text, {**known, **numbered})


def _page(name: str, known: Mapping[str, str]) -> str:
    """What stands on a page, in English, as plain words."""
    facts = {**known, **FACTS}
    keys = ["first", *parts_of(name)]
    return "\n".join([*(page_texts.say(name, key, FALLBACK, **facts) for key in keys), known["contact"]])
