"""Hooks go to addresses of the internet and nowhere else."""

from __future__ import annotations

from assistant.circles.tools.hook_addresses import explain_wrong_url, is_outside
from tests.case_tables import each_case

INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.9", "192.168.1.1", "100.64.0.1"),
    *("169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1"),
    *("nowhere", "", "1.2.3"),
)
OUTSIDE = ("8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
WRONG = (
    *(
        "http://tools.example.org/",
        "ftp://tools.example.org/",
        "tools.example.org",
        "",
        "https://",
        "//x.org",
    ),
    *("https://user:pass@tools.example.org/", "https://tools.example.org/#x", "https://localhost/hook"),
    *(
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://metadata/",
        "https://2130706433/",
    ),
    *(
        "https://db.internal/",
        "https://printer.local/",
        "https://a.b.localhost/",
        "https://x.lan./",
        "https://tools.example.org:99999/",
    ),
    *("https://tools.example.org/\r\nHost: x", "https://tools.example.org/ x", "https://tööls.example.org/"),
    "https://tools.example.org/" + "x" * 2000,
)


@each_case("address", INSIDE)
def test_an_address_of_our_own_network_is_not_outside(address: str) -> None:
    assert not is_outside(address)


@each_case("address", OUTSIDE)
def test_an_address_of_the_internet_is_outside(address: str) -> None:
    assert is_outside(address)


@each_case("url", WRONG)
def test_an_address_that_cannot_be_a_hooks_says_why(url: str) -> None:
    assert explain_wrong_url(url)


def test_this_machine_will_do_only_while_all_texts_stay_on_it() -> None:
    here = ("http://127.0.0.1:9000/hook", "https://localhost/hook", "http://[::1]:9000/")
    assert [explain_wrong_url(url, local=True) for url in here] == [None] * 3
    assert all(explain_wrong_url(url) for url in here)
    assert explain_wrong_url("http://10.0.0.1/", local=True)
    assert explain_wrong_url("https://169.254.169.254/", local=True)
    assert is_outside("127.0.0.1", local=True)
    assert not is_outside("10.0.0.1", local=True)
    assert explain_wrong_url("https://tools.example.org:8443/hooks/circle?x=1") is None
