"""Turns what is to be said into what one person reads: language, phone, and today's wording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from assistant.circles.actions.choices import circle_label
from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.crisis_lines import lines_of
from assistant.circles.actions.placeholders import PLACEHOLDERS, placeholders_for
from assistant.circles.people.carried_words import CARRIED, ONLY_A_SIGN
from assistant.circles.people.recent_texts import last_words
from assistant.engine.flow_model import Texts
from assistant.engine.wording import PLAIN, choose_text
from assistant.language.languages import spoken
from assistant.language.rendering import placeholders, render, render_rich
from assistant.language.written_language import written_in
from assistant.store.tables import Circle, Person

OF_A_ROW: Final = {"ask": "listing"}
"""Placeholder that shows someone's words -> the value that says in which row of that name they are."""

AGAIN: Final = "again"
"""The value that chooses what a shared phone reads instead of the very words that it read last."""
NOT_THE_SAME_FOR: Final = dt.timedelta(days=6)
"""So long the same words of another thing would seem to be a text that came twice; seasons repeat weekly."""


def language_of(person: Person, circle: Circle | None, words: str = "") -> str:
    """Return the language to write in: the person's own, else the circle's, else the first there is.

    Args:
        words: What was just written: of somebody about whom nothing is known it tells the language.
    """
    return spoken(person.language or (circle.language if circle else written_in(words)))


def speak(
    ctx: ActionContext,
    texts: Texts,
    *,
    uri: str,
    given: Mapping[str, str] | None = None,
    verbatim: Collection[str] = (),
    wording: str | None = None,
    conversation_id: int | None = None,
    said: Collection[str] = (),
) -> str:
    """Return the words of `texts` for the person in `ctx`, with their placeholders replaced.

    On a shared phone two things may come to the same words, which say neither. The second is told apart, if
    it is another conversation, or of none: by the variant `again_yes` (or `again_` and the value `kind`).

    Args:
        uri: The address it goes to; by SMS it is written in GSM-7, elsewhere nothing is replaced.
        given: Placeholders that stand before those of `ctx`.
        verbatim: Names of placeholders that are another person's words: they arrive to the letter.
        wording: flow/step/part or notices/name, where it is said of itself.
        conversation_id: The one that says it.
        said: What was said in this wording just now, and is not queued yet.
    """
    words = _spoken(ctx, texts, uri, given, verbatim)
    if wording is None or not ctx.person.plain or AGAIN in ctx.values:
        return words
    kind = next((each for each in (ctx.values.get("kind"), "yes") if _varies(texts, each)), None)
    if kind is None:
        return words
    last, talk = last_words(ctx.session, ctx.person.id, wording, ctx.now - NOT_THE_SAME_FOR)
    # A circle's name may stand before it.
    before = last.endswith(words) and (talk is None or talk != conversation_id)
    if not before and words not in said:
        return words
    return _spoken(replace(ctx, values={AGAIN: kind, **ctx.values}), texts, uri, given, verbatim)


def _varies(texts: Texts, kind: object) -> bool:
    names = {f"{AGAIN}_{kind}", f"{AGAIN}_{kind}_{PLAIN}"}
    return any(names & variants.keys() for variants in texts.values())


def _spoken(
    ctx: ActionContext,
    texts: Texts,
    uri: str,
    given: Mapping[str, str] | None,
    verbatim: Collection[str],
) -> str:
    language = language_of(ctx.person, ctx.circle, ctx.words)
    country = ctx.identity.country
    lines = lines_of(country, language)
    values = {**ctx.values, "country": country, "lines": "known" if lines else "unknown"}
    text = choose_text(texts, language, values, ctx.person.plain)
    names = placeholders(text)
    values_of = {**placeholders_for(ctx, names), **_strings(ctx.values, names), **(given or {}), **lines}
    if ctx.person.plain:
        # On a shared phone, names and topics give way to words that say nothing.
        values_of |= {
            name: PLACEHOLDERS[name].plain[language]
            for name in names
            if name in PLACEHOLDERS and PLACEHOLDERS[name].plain
        }
    return (
        render(text, values_of, verbatim=verbatim) if uri.startswith("sms:") else render_rich(text, values_of)
    )


def labelled(ctx: ActionContext, words: str, *, uri: str) -> str:
    """Return what nobody asked for with its circle's name before it, for whoever sits in several.

    Not where the name stands in it; on a shared phone its initials alone.
    """
    if ctx.circle is None or ctx.circle.name in words:
        return words
    label = circle_label(ctx.circle, plain=ctx.person.plain)
    # One accent in it would have the whole text cost twice.
    return f"{render('{label}', {'label': label}) if uri.startswith('sms:') else label}: {words}"


def named_in(ctx: ActionContext, texts: Texts) -> tuple[str, ...]:
    """Return the placeholders of the text that the person in `ctx` would read of these."""
    language = language_of(ctx.person, ctx.circle, ctx.words)
    lines = lines_of(ctx.identity.country, language)
    values = {**ctx.values, "country": ctx.identity.country, "lines": "known" if lines else "unknown"}
    return placeholders(choose_text(texts, language, values, ctx.person.plain))


def carried_in(
    ctx: ActionContext, texts: Texts, verbatim: Collection[str], carries: str | None
) -> str | None:
    """Return what a text carries as its receipts have it: a sign only, where none of the words show."""
    if not carries or not verbatim or set(verbatim) & set(named_in(ctx, texts)):
        return carries or None
    return " ".join(f"{each.removesuffix(ONLY_A_SIGN)}{ONLY_A_SIGN}" for each in carries.split())


def carried_by_values(ctx: ActionContext, texts: Texts) -> str | None:
    """Return what a text carries of others' words, by `CARRIED` or the row that a conversation names."""
    given = ctx.values.get(CARRIED)
    carried = dict(given) if isinstance(given, dict) else {}
    for name, row in OF_A_ROW.items():
        if ctx.values.get(row):
            carried.setdefault(name, f"{row}:{ctx.values[row]}")
    shown = [carried[name] for name in named_in(ctx, texts) if isinstance(carried.get(name), str)]
    return " ".join(shown) or None


def _strings(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: values[name] for name in names if isinstance(values.get(name), str)}
