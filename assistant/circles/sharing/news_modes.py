"""Lets members choose how what the others share comes to them: at once, daily, weekly, or by READ alone."""

from __future__ import annotations

from typing import Final, Literal

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.sharing.news_planning import replan_news
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.store.tables.circle_tables import NEWS_MODES, SEATED

Mode = Literal["", "each", "daily", "weekly", "read"]
ASKS: Final = ""
"""No mode was named: the member is asked."""


@action("heard")
def hear_news_mode(ctx: ActionContext) -> ActionResult:
    """Which mode the command names, if it names one, before anything else is asked."""
    said = " ".join(plain_words(ctx.words))
    named = {
        " ".join(plain_words(word)): mode
        for language in LANGUAGES.values()
        for mode in NEWS_MODES
        for word in language.replies[f"news_{mode}"]
    }
    return ActionResult("heard", {"news_mode": named.get(said, ASKS)})


@action("ask", "each", "daily", "weekly", "read", "no_seat")
def set_news_mode(ctx: ActionContext, *, news_mode: Mode = "") -> ActionResult:
    """Tell the member by `news_mode` from now on, what waits already, too. ask: none was named."""
    if ctx.member is None or ctx.member.state not in SEATED:
        return ActionResult("no_seat")
    if not news_mode:
        return ActionResult("ask")
    ctx.member.news = news_mode
    ctx.session.flush()
    replan_news(ctx.session, ctx.member, ctx.now)
    return ActionResult(news_mode)
