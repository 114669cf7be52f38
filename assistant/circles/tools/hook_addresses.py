"""Which addresses hooks may have: outside, by TLS; never in this machine's own network. Pure."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

LONGEST_URL: Final = 2000
_HIDES_IPV4: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
"""NAT64: the last 32 bits are an address of the old kind."""
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_outside(address: str, *, local: bool = False) -> bool:
    """Whether an IP address is one of the internet's.

    Args:
        address: Resolved; anything else is none.
        local: This machine itself will do, too: while all texts stay on it.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(each) or (local and each.is_loopback) for each in _meant_by(found))


def explain_wrong_url(url: str, *, local: bool = False) -> str | None:
    """Return why an address cannot be a hook's, and how to mend it; None: it can.

    Args:
        url: As it was given.
        local: As for `is_outside`; http will do for this machine then.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return f"The address has letters that addresses have not, or more than {LONGEST_URL} of them."
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "That is no web address. Give one like https://tools.example.org/hooks/circle"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return (
            "The address may hold neither a login nor a #: what is sent is signed, which shows who sends it."
        )
    here = local and (host == "localhost" or _is_loopback(host))
    if not host or parts.scheme not in (("https", "http") if here else ("https",)):
        return "The address must begin with https:// and name a host."
    if here:
        return None
    if _is_ip(host):
        return None if is_outside(host) else f"{host} is no address of the internet: hooks go nowhere else."
    if "." not in host.strip(".") or host.rstrip(".").endswith((".localhost", ".local", ".internal", ".lan")):
        return f"{host} is known in its own network only: hooks go to hosts of the internet."
    return None


def _meant_by(address: _Address) -> list[_Address]:
    """Return where an address leads: to itself, or to the one of the old kind that lies in it."""
    if not isinstance(address, ipaddress.IPv6Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if any(address in each for each in _HIDES_IPV4):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    teredo = address.teredo
    inner = address.sixtofour or (teredo[1] if teredo else None)
    return [address] if inner is None else [address, inner]


def _is_global(address: _Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_ip(host) and ipaddress.ip_address(host).is_loopback
