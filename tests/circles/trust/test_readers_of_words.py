"""Every module that reads words which people wrote is named here, with what becomes of them.

A new reader fails this test. Whoever adds one says which it is: `SHOWN` words come before another's eyes, and
so are named in `carries`, by which `delivery.outbox.put` writes the receipt; all others show them to nobody.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[3]
COLUMNS: Final = frozenset({"words", "plan", "body"})
NOT_ROWS: Final = frozenset({"ctx", "context", "self", "handed", "command", "option", "reading", "heard"})
"""What has an attribute of such a name and is no row: a text's own words, a command's."""

SHOWN: Final = {
    "circles/at_hand/being_there.py": "a call for someone now, to whoever is asked",
    "circles/buddies/buddy_actions.py": "what a buddy can share",
    "circles/buddies/relay.py": "lines to buddies",
    "circles/check_ins/broadcasts.py": "what a host says or asks",
    "circles/check_ins/check_in_replies.py": "answers to the host who asked",
    "circles/check_ins/polls.py": "a poll's question and choices",
    "circles/exchange/being_asked.py": "an ask or an offer, to whoever is asked",
    "circles/exchange/finding.py": "what members can share, of those who agreed",
    "circles/exchange/host_looks.py": "an ask that a host looks at first",
    "circles/exchange/introductions/being_introduced.py": "what may be said of one, to them and another",
    "circles/exchange/listing_menus.py": "LEADS and ASKS",
    "circles/exchange/outcomes.py": "a line of thanks",
    "circles/rallies/rally_care.py": "what others said to a joy, and thanks",
    "circles/rallies/standing_by.py": "a rally, and a line for whoever rallied",
    "circles/hosts/alert_words.py": "words between a member and whoever looks after them",
    "circles/hosts/notes.py": "a host's note",
    "circles/hosts/open_requests.py": "what members asked their circle for",
    "circles/sharing/news_lines.py": "what the circle hears of each other",
    "circles/hours/hour_rows.py": "how to come to the circle hour, as its host wrote it",
    "circles/hours/live_hour.py": "what was said in the circle hour",
    "circles/hours/sending_hours.py": "how to come to the circle hour",
    "circles/seasons/closing.py": "a keepsake of what others wrote",
    "circles/sharing/host_words.py": "a host's notes, for READ",
    "circles/sharing/read_command.py": "READ",
    "circles/sharing/unrouted_messages.py": "words for a host",
    "circles/trust/report_review.py": "what a review is about",
    "conversations/translating/translations.py": "a translation, which carries what the text above it does",
    "safety/danger_labels.py": "a text that was taken for danger, to an operator who says what it was",
    "pages/page_turns.py": "what a text would have brought, on a page",
    "pages/page_commands.py": "what a command would have brought, on a page",
    "cli/person_commands.py": "a file for their writer, which passes through the hands of whoever runs this",
}
"""Before another person's eyes: with a receipt."""
OWN: Final = {
    "circles/actions/placeholders.py": "the member's goal, to the member",
    "circles/at_hand/calling.py": "a call before anyone sees it, to its writer",
    "circles/at_hand/help_line_now.py": "what line fits it",
    "circles/rallies/rally_drafts.py": "a rally before anyone sees it, to its writer",
    "circles/exchange/introductions/introducing.py": "what would be said of a member, to the member",
    "circles/hours/hour_attendance.py": "how to come, to the host who wrote it",
    "circles/hours/setting_hours.py": "how to come, to the host who wrote it",
    "circles/exchange/posting.py": "an ask or an offer before anyone sees it, to its writer",
    "circles/sharing/goals.py": "the member's steps and goal, to the member",
    "circles/sharing/retraction.py": "what was taken back, to its writer",
    "circles/sharing/shares.py": "what is about to be shared, to its writer",
    "circles/trust/copying.py": "COPY",
    "conversations/held_words.py": "what stays given when other words are taken back, to its writer",
    "pages/mine/my_pages.py": "a member's own page",
    "circles/trust/who_read.py": "whether there are any left",
}
"""Before nobody's eyes but their writer's."""
KEPT: Final = {
    "circles/rallies/rally_telling.py": "hands a rally for the host on; `unrouted_messages` says whose it is",
    "circles/buddies/follow_ups.py": "whether anything was written",
    "circles/buddies/groups.py": "who fits whom",
    "circles/exchange/drafts.py": "forgets what was never said yes to",
    "circles/exchange/likely_helpers.py": "who fits whom; `linking` says whose words speak for a helper",
    "circles/exchange/listings.py": "for texts that name the listing in `carries`",
    "circles/exchange/introductions/two_sides.py": "what may be said of someone, for texts that name the row",
    "circles/exchange/introductions/taken_back.py": "erases",
    "circles/exchange/withdrawal.py": "erases",
    "circles/people/carried_words.py": "erases, and puts several texts of one reader into one",
    "circles/people/recent_texts.py": "whether a shared phone's last text was the very same words of ours",
    "circles/people/foreign_words.py": "for translations",
    "circles/reports/season_counts.py": "counts",
    "pages/host/circle_view.py": "who is with whom and why, which holds nobody's words",
    "circles/seasons/retention.py": "erases",
    "circles/sharing/given_words.py": "erases",
    "circles/sharing/news_planning.py": "whether there is anything to tell",
    "circles/sharing/witness.py": "whether it is what was asked for a buddy's ears",
    "circles/sharing/second_halves.py": "joins halves of one answer",
    "circles/trust/erasing.py": "erases",
    "circles/trust/held_about_me.py": "counts",
    "conversations/moves/handed_on.py": "a text as it comes in: whether it is ours come back",
    "circles/trust/one_person.py": "whether two phones were about to get the same text",
    "circles/trust/own_words.py": "lists them for COPY, WHO and ME, each for their writer",
    "circles/trust/reports.py": "copies for a review, and erases",
    "circles/trust/traces.py": "erases",
    "conversations/crossing.py": "joins halves of one answer",
    "conversations/media/media_fetching.py": "what a machine heard in a voice, for its speaker",
    "conversations/helping/misunderstandings.py": "whether it was said before",
    "conversations/helping/switching_language.py": "which language they are in",
    "conversations/dispatch.py": "takes what a reaction quotes out of it",
    "conversations/inbox.py": "hands a text to its turn",
    "conversations/interruptions.py": "what was asked last",
    "conversations/keywords.py": "reads what a text means",
    "conversations/prefetch.py": "the text before this one",
    "conversations/turn_context.py": "whether a draft says the same to the same person",
    "conversations/moves/rewording.py": "words texts of ours anew, in another language",
    "circles/hosts/renaming.py": "the circle's new name, for every text",
    "channels/opening_texts.py": "a choice's labels, which stand in flows",
    "cli/channels/templates_command.py": "templates, which are made of flows and say what nobody wrote",
    "conversations/effect_handlers.py": "what a host meant by a sentence, as the command that it is",
    "circles/people/readdressing.py": "how long a text is that goes another way",
    "delivery/templates.py": "templates, as above",
    "delivery/template_states.py": "templates, as above",
    "delivery/waited.py": "says together what waited; whose words each carries is noted for all of it",
    "delivery/ways.py": "sends",
    "cli/doctor.py": "what /health answers",
    "cli/greeting.py": "what /health answers",
    "delivery/claims.py": "sends",
    "delivery/sender.py": "sends",
    "delivery/verdicts.py": "whether it was erased",
    "delivery/reconciliation.py": "finds a text of ours in the carrier's log",
    "delivery/outbox.py": "cuts a text into parts, and writes the receipts",
    "delivery/recorder.py": "writes down what came",
    "safety/first_response.py": "whether the same was written again",
}
"""Before nobody's eyes: decided by, counted, sent on as they are, or erased."""


def readers() -> dict[str, list[int]]:
    """Return the modules that read such a column of a row, with the lines."""
    found: dict[str, list[int]] = {}
    for path in sorted((ROOT / "assistant").rglob("*.py")):
        where = str(path.relative_to(ROOT / "assistant"))
        if where.startswith(("store/", "simulation/", "fake_twilio/", "engine/", "language/")):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        if lines := list(_reads(tree)):
            found[where] = lines
    return found


def _reads(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in COLUMNS:
            of = node.value
            if not (isinstance(of, ast.Name) and of.id in NOT_ROWS):
                yield node.lineno


def test_every_reader_of_words_is_named_with_what_becomes_of_them() -> None:
    known = {*SHOWN, *OWN, *KEPT}
    assert len(known) == len(SHOWN) + len(OWN) + len(KEPT)
    found = readers()
    assert {where: lines for where, lines in found.items() if where not in known} == {}
    assert known - set(found) == set(), "these read none any more"


@pytest.mark.parametrize("where", SHOWN)
def test_whoever_shows_words_says_whose_they_are(where: str) -> None:
    source = (ROOT / "assistant" / where).read_text("utf-8")
    assert any(each in source for each in ("carries=", "CARRIED", "note_reads("))


def test_a_new_reader_is_noticed() -> None:
    tree = ast.parse(
        "from assistant.store.tables import Share\n"
        "def peep(session):\n"
        "    return [share.words for share in session.scalars(select(Share))]\n"
    )
    assert list(_reads(tree)) == [3]
