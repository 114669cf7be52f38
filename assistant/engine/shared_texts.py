"""Holds the texts that several steps say, each under a name: written once, in shared.toml."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.engine.flow_model import Texts
from assistant.engine.problems import did_you_mean


@dataclass(slots=True)
class Shared:
    """The shared texts of a folder, and which of them are named by some step or notice."""

    texts: dict[str, Texts] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    unread: bool = False
    """Whether the file could not be read at all; then nobody is blamed for what it names."""

    def find(self, name: str) -> Texts | None:
        """Return the text of that name, which counts as used from now on; None when there is none."""
        self.named.add(name)
        return self.texts.get(name)

    def hint(self, name: str) -> str:
        """Return what is to be said where a text names one that there is not."""
        return f'there is no shared text "{name}" in shared.toml.{did_you_mean(name, self.texts)}'

    def holds(self, texts: Texts) -> bool:
        """Whether these very texts are shared: they are checked in shared.toml alone."""
        return any(texts is shared for shared in self.texts.values())

    def unused(self) -> list[str]:
        """Return the names that nobody says, in the order of the file."""
        return [name for name in self.texts if name not in self.named]
