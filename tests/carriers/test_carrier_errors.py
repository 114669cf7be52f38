"""Error codes: each is in the class that the carrier's pages put it in, and nothing unknown is retried."""

from __future__ import annotations

from assistant.carriers.carrier import Trouble
from assistant.carriers.carrier_errors import ERRORS, classify, error_for, is_known
from tests.case_tables import each_case

CLASSES = {
    Trouble.OPTED_OUT: {21610},
    Trouble.SUPPRESS: {21211, 21614, 21635, 30006, 30005, 63003, 63014, 63024, 63033},
    Trouble.FIX: {20003, 21408, 21606, 21612, 21617, 21703, 30002, 30004, 30007, 30032, 30034, 35114, 35115}
    | {63005, 63013, 63015, 63020, 63021, 63051, 63058, 30610, 30450},
    Trouble.RETRY: {20429, 21611, 30001, 30003, 30008, 30022, 30023, 30500, 63017, 63018, 14107}
    | {21655, 21656, 63012, 63016, 63027, 63028, 63029, 63038, 63040, 63041, 63042},
    Trouble.REFUSED: {63032, 63049, 63050},
    Trouble.UNSURE: {30410},
}


@each_case(("trouble", "code"), [(trouble, code) for trouble in CLASSES for code in CLASSES[trouble]])
def test_each_code_is_in_its_class(trouble: Trouble, code: int) -> None:
    assert classify(code).trouble is trouble
    assert error_for(400, code).trouble is trouble
    assert error_for(400, code).code == code


def test_only_what_may_be_retried_says_when_and_how_often() -> None:
    for code, known in ERRORS.items():
        assert (known.trouble is Trouble.RETRY) == (known.wait is not None) == (known.tries > 0), code


@each_case("code", [None, 0, 99999, 30410000])
def test_what_is_unknown_is_for_the_operator_and_never_retried(code: int | None) -> None:
    assert not is_known(code)
    assert classify(code).trouble is Trouble.FIX
    assert error_for(400, code).trouble is Trouble.FIX
    assert error_for(400, code).permanent


@each_case("code", [None, 20429, 88888])
def test_429_was_not_processed_and_is_safe_to_retry(code: int | None) -> None:
    error = error_for(429, code)
    assert error.trouble is Trouble.RETRY
    assert error.retry_after
    assert error_for(429, code, 7.5).retry_after == 7.5


@each_case("status", [500, 502, 503, 504])
@each_case("code", [None, 20500, 20503])
def test_a_server_s_error_leaves_us_unsure(status: int, code: int | None) -> None:
    assert error_for(status, code).trouble is Trouble.UNSURE


def test_a_carrier_s_own_limits_say_how_long_to_wait() -> None:
    assert (error_for(400, 30003).retry_after or 0) >= 3600
    assert (error_for(400, 30023).retry_after or 0) >= 86_400
