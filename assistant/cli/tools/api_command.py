"""Makes, lists and revokes what an organizer's other tools come in by, and hear from us by."""

from __future__ import annotations

import asyncio

import click

from assistant.cli.output import as_json, print_json, say, show_rows
from assistant.store.tables.tool_tables import EVENTS, RIGHTS


@click.group()
def api() -> None:
    """An organizer's other tools: tokens to read and act with, hooks that tell what happened.

    What tools may ask for stands at PUBLIC_URL/api/openapi.json, and in docs/api.md.
    """


@api.group()
def token() -> None:
    """Tokens: each opens one cohort, and nothing beyond it."""


@token.command("add")
@click.argument("cohort")
@click.option("--rights", type=click.Choice(RIGHTS), default="read", show_default=True)
@click.option(
    "--days", type=click.IntRange(min=1, max=3650), metavar="N", help="Until it expires; else never."
)
@click.option("--for", "label", default="", metavar="TOOL", help="Which tool it is for, to know it again.")
@as_json
def add_token(cohort: str, rights: str, days: int | None, label: str, as_json: bool) -> None:
    """Make a token for COHORT and print it, once: it is nowhere to be had again."""
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.tools.api_tokens import make_token
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.write() as session:
        whose = find_cohort(session, cohort)
        made, secret = make_token(session, whose, rights, label, opened.clock.now(), days)
        data = {"id": made.id, "cohort": whose.name, "rights": rights, "expires_at": made.expires_at}
        url = opened.settings.public_url
    if as_json:
        print_json({**data, "token": secret})
        return
    click.echo(secret)
    say(f"Token {data['id']} may {rights} in {data['cohort']}. It is shown this once.")
    say(f"Try it: curl -H 'Authorization: Bearer ...' {url}/api/v1/cohort")


@token.command("list")
@as_json
def list_tokens(as_json: bool) -> None:
    """Every token that there was, what it may do, and when it was last used."""
    from assistant.circles.tools.api_tokens import all_tokens, standing_of
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        now = opened.clock.now()
        rows = [
            {
                "id": each.id,
                "cohort": cohort,
                "for": each.label,
                "rights": each.rights,
                "state": standing_of(each, now),
                "made_at": each.made_at,
                "expires_at": each.expires_at,
                "used_at": each.used_at,
            }
            for each, cohort in all_tokens(session)
        ]
    show_rows(rows, as_json=as_json, nothing="There is no token: circle api token add COHORT")


@token.command("revoke")
@click.argument("token_id", type=int, metavar="ID")
def revoke(token_id: int) -> None:
    """Let the token ID open nothing any more, from the next request on."""
    from assistant.circles.tools.api_tokens import revoke_token
    from assistant.cli.opening import runtime

    with runtime() as opened, opened.database.write() as session:
        revoke_token(session, token_id, opened.clock.now())
    click.echo(f"Token {token_id} opens nothing any more.")


@api.group()
def hook() -> None:
    """Hooks: addresses that hear that something happened, never whose it was or what was said."""


@hook.command("add")
@click.argument("cohort")
@click.argument("url")
@click.option(
    "--events",
    default=",".join(EVENTS),
    show_default=True,
    metavar="LIST",
    help="Which, with commas between.",
)
@as_json
def add_hook(cohort: str, url: str, events: str, as_json: bool) -> None:
    """Tell URL what happens in COHORT from now on, and print the secret that it is signed with, once."""
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.tools.hook_targets import add_target
    from assistant.cli.opening import runtime

    wanted = [each.strip() for each in events.split(",") if each.strip()]
    with runtime(quiet=as_json) as opened, opened.database.write() as session:
        whose = find_cohort(session, cohort)
        local = opened.settings.local_carrier
        made = add_target(session, whose, url, wanted, opened.clock.now(), local=local)
        data = {"id": made.id, "cohort": whose.name, "events": made.events.split(","), "secret": made.secret}
    if as_json:
        print_json(data)
        return
    click.echo(data["secret"])
    say(
        f"Hook {data['id']} hears of {made.events.replace(',', ', ')}. With that secret it checks what comes."
    )
    say(f"See whether it hears: circle api hook test {data['id']}")


@hook.command("list")
@as_json
def list_hooks(as_json: bool) -> None:
    """Every hook, what waits for it, and since when it does not answer."""
    from assistant.circles.tools.hook_targets import all_targets
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        rows = [
            {
                "id": each.target.id,
                "cohort": each.cohort,
                "url": each.target.url,
                "events": each.target.events,
                "waiting": each.waiting,
                "given_up": each.given_up,
                "failing_since": each.target.failing_since,
                "trouble": each.target.trouble,
                "ended_at": each.target.ended_at,
            }
            for each in all_targets(session)
        ]
    show_rows(rows, as_json=as_json, nothing="There is no hook: circle api hook add COHORT URL")


@hook.command("remove")
@click.argument("hook_id", type=int, metavar="ID")
def remove(hook_id: int) -> None:
    """Tell the hook ID nothing any more, not even what waits for it."""
    from assistant.circles.tools.hook_targets import remove_target
    from assistant.cli.opening import runtime

    with runtime() as opened, opened.database.write() as session:
        remove_target(session, hook_id, opened.clock.now())
    click.echo(f"Hook {hook_id} hears nothing any more.")


@hook.command("test")
@click.argument("hook_id", type=int, metavar="ID")
def test(hook_id: int) -> None:
    """Tell the hook ID something harmless at once, and say what it answers."""
    from assistant.circles.tools.hook_targets import add_test, find_target
    from assistant.cli.opening import runtime
    from assistant.delivery.hooks.hook_calls import call_now
    from assistant.errors import NotPossible

    with runtime() as opened:
        with opened.database.write() as session:
            target = find_target(session, hook_id)
            send = add_test(session, target, opened.clock.now(), opened.clock.real())
            name, send_id = send.name, send.id
        local = opened.settings.local_carrier
        heard = asyncio.run(call_now(opened.database, opened.clock, target, send_id, local=local))
    if not heard.taken:
        raise NotPossible(f"Hook {hook_id} did not take it: {heard.trouble or f'it answers {heard.status}'}.")
    click.echo(f"Hook {hook_id} took it: it answers {heard.status}. The event was {name}.")
