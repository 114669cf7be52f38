"""Seals words and numbers before they reach a disk, and opens them again: authenticated encryption by key.

A sealed value is ASCII text: `sealed:1:KKKKKKKK:` and base64, where K is the fingerprint of its key. What a
person wrote can begin so, too: kept without a key it is marked as plain (`sealed:0:`), and kept with one it
is sealed, so that no words are ever taken for what they are not.

Words are sealed with AES-256-GCM under a random nonce (safe for 2^32 values a key: NIST SP 800-38D, 8.3),
bound to the column they stand in. What must be found by its value, such as an address, is sealed with AES-SIV
(RFC 5297): the same value gives the same text under one key, which tells whoever reads the file that two
values are equal, and nothing else.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

KEY_BYTES: Final = 32
MARK: Final = "sealed:"
PLAIN_MARK: Final = "sealed:0:"
_VERSION: Final = "sealed:1:"
_FINGERPRINT: Final = 8
PREFIX_LENGTH: Final = len(_VERSION) + _FINGERPRINT + 1
_NONCE: Final = 12
ADDRESSES_KEPT: Final = 4096
"""Some kilobytes of a process that has them in hand anyway."""
_LINES: Final = "line of a file"


class SealError(ValueError):
    """A sealed value cannot be opened, or a key is the wrong one; the message holds no word of it."""


class Keyring:
    """The key that seals, and the one before it, which still opens while values are sealed anew."""

    def __init__(self, key: bytes, old: bytes | None = None) -> None:
        """Take the keys, `KEY_BYTES` long each."""
        self._current = _Key(key)
        self._old = _Key(old) if old is not None and old != key else None
        self._by_prefix = {each.prefix: each for each in (self._current, self._old) if each is not None}
        # The same few addresses are asked for again and again.
        self.seal_to_find = lru_cache(ADDRESSES_KEPT)(self._seal_to_find)
        self.open_found = lru_cache(ADDRESSES_KEPT)(self._open_found)

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell this key from others, and nothing about it."""
        return self._current.fingerprint

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of every key that is here, the current one first."""
        return tuple(each.fingerprint for each in self._by_prefix.values())

    @property
    def prefix(self) -> str:
        """How every value begins that is sealed with the current key."""
        return self._current.prefix

    def seal(self, words: str, where: str) -> str:
        """Return `words` sealed for `where` ("inbox.body"): different each time."""
        nonce = os.urandom(_NONCE)
        sealed = self._current.words.encrypt(nonce, words.encode("utf-8", "surrogatepass"), where.encode())
        return self._current.prefix + b64encode(nonce + sealed).decode("ascii")

    def open(self, sealed: str, where: str) -> str:
        """Return the words of a sealed value.

        Raises:
            SealError: another key sealed it, it was changed, or it was moved here from elsewhere.
        """
        key = self._key_of(sealed, where)

        def decrypt(data: bytes) -> bytes:
            return key.words.decrypt(data[:_NONCE], data[_NONCE:], where.encode())

        return _opened(decrypt, sealed, where)

    def _seal_to_find(self, value: str, where: str, *, old: bool = False) -> str:
        """Return `value` sealed for `where`: the same each time.

        Args:
            value: What will be asked for.
            where: One for all columns that are compared with each other.
            old: As the key before would; where there is none, the value as it is kept without a key.
        """
        if old and self._old is None:
            return keep_plain(value)
        key = self._old if old and self._old is not None else self._current
        sealed = key.findable.encrypt(value.encode("utf-8", "surrogatepass"), [where.encode()])
        return key.prefix + b64encode(sealed).decode("ascii")

    def _open_found(self, sealed: str, where: str) -> str:
        """Return the value that `seal_to_find` sealed.

        Raises:
            SealError: as for `open`.
        """
        key = self._key_of(sealed, where)
        return _opened(lambda data: key.findable.decrypt(data, [where.encode()]), sealed, where)

    def seal_line(self, line: str) -> str:
        """Return a line of a file sealed: one line of ASCII."""
        return self.seal(line, _LINES)

    def open_line(self, line: str) -> str:
        """Return what a line of a file says; one that was written without a key, as it is.

        Raises:
            SealError: as for `open`.
        """
        return self.open(line, _LINES) if line.startswith(MARK) else line

    def _key_of(self, sealed: str, where: str) -> _Key:
        key = self._by_prefix.get(sealed[:PREFIX_LENGTH])
        if key is None:
            raise SealError(
                f"A value ({where}) was sealed with the key {fingerprint_of(sealed)}, which is neither "
                "DATA_KEY nor DATA_KEY_OLD here."
            )
        return key


def keyring_from(key: bytes | None, old: bytes | None = None) -> Keyring | None:
    """Return the keys that words and numbers are sealed with; None: there is no DATA_KEY."""
    return Keyring(key, old) if key is not None else None


class _Key:
    """One key; what seals words and what seals addresses are derived from it, and never the same."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._key = key
        self.fingerprint = self._derived("fingerprint", 4).hex()
        self.prefix = prefix_of(self.fingerprint)

    @cached_property
    def words(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived("words", 32))

    @cached_property
    def findable(self) -> AESSIV:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._derived("addresses", 64))

    def _derived(self, purpose: str, length: int) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        kdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"circle {purpose} 1".encode())
        return kdf.derive(self._key)


def prefix_of(fingerprint: str) -> str:
    """Return how values begin that are sealed with the key of this fingerprint."""
    return f"{_VERSION}{fingerprint}:"


def keep_plain(words: str) -> str:
    """Return how words are kept without a key: as they are, unless they could be taken for sealed."""
    return PLAIN_MARK + words if words.startswith(MARK) else words


def read_plain(kept: str, where: str) -> str:
    """Return what was kept without a key.

    Raises:
        SealError: it is sealed.
    """
    if not kept.startswith(MARK):
        return kept
    if kept.startswith(PLAIN_MARK):
        return kept[len(PLAIN_MARK) :]
    raise SealError(
        f"A value ({where}) is sealed with the key {fingerprint_of(kept)}, and there is no DATA_KEY here."
    )


def is_sealed(kept: str) -> bool:
    """Return whether a kept value is sealed, with whichever key."""
    return kept.startswith(MARK) and not kept.startswith(PLAIN_MARK)


def fingerprint_of(sealed: str) -> str:
    """Return the fingerprint of the key that sealed a value."""
    return sealed[len(_VERSION) : PREFIX_LENGTH - 1]


def _opened(decrypt: Callable[[bytes], bytes], sealed: str, where: str) -> str:
    from cryptography.exceptions import InvalidTag

    try:
        return decrypt(b64decode(sealed[PREFIX_LENGTH:], validate=True)).decode("utf-8", "surrogatepass")
    except (InvalidTag, NotBase64, ValueError) as error:
        raise SealError(
            f"A value ({where}) cannot be opened: it was changed, cut short, or moved from another column."
        ) from error
