"""Lets a person set a word of their own, by which they prove on a new phone who they are: WORD.

Only a keyed hash of it is kept, and nothing that they wrote to set it.
"""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import and_

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.addresses import numbers_of
from assistant.circles.people.audit import record
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.memberships import seats_of
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.store.tables import Answer, Inbox, Person

SHORTEST: Final = 4
"""Signs; of shorter words there are too few to guess."""
MOST_WORDS: Final = 3


@action("set", "none", "long", "easy")
def set_own_word(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep the word in `text`, in place of one that was set before; what was written is forgotten.

    none: no word came. long: it is a sentence. easy: others know it, or could guess it.
    """
    words = plain_words(text)
    forget_secret(ctx)
    nothing = {"text": ""}
    if not words:
        return ActionResult("none", nothing)
    if len(words) > MOST_WORDS:
        return ActionResult("long", nothing)
    if len("".join(words)) < SHORTEST or _is_known(ctx, words):
        return ActionResult("easy", nothing)
    ctx.person.own_word = hashed(ctx, ctx.person, text)
    record(ctx.session, "set own word", ctx.now, by=ctx.person.id)
    return ActionResult("set", nothing)


def is_own_word(ctx: ActionContext, person: Person, said: str) -> bool:
    """Whether that is the word the person set; with none set, nothing is."""
    if person.own_word is None or not plain_words(said):
        return False
    return hmac.compare_digest(person.own_word, hashed(ctx, person, said))


def hashed(ctx: ActionContext, person: Person, said: str) -> str:
    """Return what is kept of a word, in any case, with or without accents: the same for nobody else."""
    plain = "".join(plain_words(said))
    return hmac.new(ctx.identity.key, f"own word {person.id} {plain}".encode(), "sha256").hexdigest()


def forget_secret(ctx: ActionContext) -> None:
    """Forget the words of the text that is being acted on, wherever they stand: they may hold the word."""
    if ctx.inbox_id is None:
        return
    ctx.session.flush()
    empty_rows(ctx.session, Inbox, Inbox.id == ctx.inbox_id, ctx.now, body=None)
    mine = and_(Answer.inbox_id == ctx.inbox_id, Answer.person_id == ctx.person.id)
    empty_rows(ctx.session, Answer, mine, None, words=None, value=None)


def _is_known(ctx: ActionContext, words: list[str]) -> bool:
    """Whether others know of it: a name, a code, a number, the name of a language."""
    known = [ctx.person.name or "", ctx.person.place or "", *numbers_of(ctx.session, ctx.person.id)]
    for _, circle in seats_of(ctx.session, ctx.person.id):
        known += [circle.name, circle.code]
    known += [name for each in LANGUAGES.values() for name in (each.name, each.english_name)]
    said = "".join(words)
    return said.isdigit() or any(said == "".join(plain_words(each)) for each in known)
