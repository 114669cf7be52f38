"""Remembers which phones have opted out of our number, as a carrier does by itself."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.fake_twilio.records import Block


class OptOuts:
    """The phones that get nothing from a sender: a number, or the whole messaging service it belongs to."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._blocks: set[tuple[str, str]] = set()

    def blocked(self, phone: str) -> bool:
        """Return whether this phone has opted out."""
        return (phone, self._sender) in self._blocks

    def apply(self, keyword: str, phone: str) -> Block | None:
        """Block or unblock a phone for a keyword (stop, start); return what changed, None if nothing did."""
        if keyword not in ("stop", "start") or self.blocked(phone) == (keyword == "stop"):
            return None
        change = Block(phone, self._sender, keyword == "stop")
        self.restore(change)
        return change

    def restore(self, change: Block) -> None:
        """Take back a change that an earlier process told of."""
        key = (change.phone, change.sender)
        (self._blocks.add if change.blocked else self._blocks.discard)(key)

    def snapshot(self) -> Iterator[Block]:
        """Yield every block there is, so that `restore` gives the same ones again."""
        for phone, sender in sorted(self._blocks):
            yield Block(phone, sender, True)
