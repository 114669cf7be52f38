"""Who sees to the service is said by command line, and labelled texts come out as cases."""

from __future__ import annotations

from tests.cli.shell import Circle


def test_an_operator_is_added_once_listed_and_removed(circle: Circle) -> None:
    added = circle("operator", "add", "+1 415 555 0101")
    assert added.code == 0
    assert "text PAGE to" in added.out + added.err
    assert "already" in circle("operator", "add", "4155550101").out
    assert len(circle("operator", "list", "--json").data) == 1
    assert circle("operator", "remove", "4155550101").code == 0
    again = circle("operator", "remove", "4155550101")
    assert again.code == 1
    assert "no operator" in again.err
    assert circle("operator", "list", "--json").data == []
    assert circle("danger", "labels").out == ""
