"""Signatures: exactly those that Twilio's own validator accepts, whatever stands between it and us."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from webhooks.signature import Signature, raw_path_and_query
from webhooks.twilio_webhooks import read_pairs

CALL = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}


@pytest.mark.parametrize(
    ("host", "caller", "signature"),
    [
        ("https://example.com", "+14158675310", "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        ("https://mycompany.com", "+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ],
)
def test_twilio_s_own_vectors_verify(host: str, caller: str, signature: str) -> None:
    params = {**CALL, "Caller": caller, "From": caller}
    check = Signature(host, "12345")
    assert check.is_good("/myapp.php", "foo=1&bar=2", params.items(), signature)
    assert not check.is_good("/myapp.php", "foo=1&bar=3", params.items(), signature)
    assert not Signature(host, "12346").is_good("/myapp.php", "foo=1&bar=2", params.items(), signature)


@pytest.mark.parametrize(
    "signature", [None, "", " ", "L/OH5YylLD5NRKLltdqwSvS0BnU", "é", "\udc80", "a" * 10_000]
)
def test_a_missing_or_odd_signature_is_no_signature(signature: str | None) -> None:
    params = {**CALL, "Caller": "+14158675310", "From": "+14158675310"}
    assert not Signature("https://example.com", "12345").is_good(
        "/myapp.php", "foo=1&bar=2", params.items(), signature
    )


words = st.text(max_size=8)
addresses = st.sampled_from(
    [
        "https://circle.example.org",
        "https://circle.example.org:443",
        "https://circle.example.org:8443",
        "http://127.0.0.1:8000",
        "http://circle.example.org",
        "https://circle.example.org/behind/a/proxy",
    ]
)


@settings(max_examples=300)
@given(
    address=addresses,
    query=st.lists(st.tuples(words, words), max_size=3),
    params=st.lists(st.tuples(st.sampled_from(["Body", "From", "A", "é", ""]), words), max_size=6),
    with_port=st.booleans(),
    spoil=st.booleans(),
)
def test_the_check_decides_as_twilio_s_validator_does(
    address: str,
    query: list[tuple[str, str]],
    params: list[tuple[str, str]],
    with_port: bool,
    spoil: bool,
) -> None:
    raw_query = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    path = "/webhooks/twilio/message"
    url = address + path + (f"?{raw_query}" if raw_query else "")
    validator = RequestValidator("token")
    signed = url.replace(".org/", ".org:443/") if with_port else url
    signature = validator.compute_signature(signed, MultiDict(params))
    if spoil:
        signature = signature[::-1]
    theirs = validator.validate(url, MultiDict(params), signature)
    assert Signature(address, "token").is_good(path, raw_query, params, signature) == theirs
    if not spoil and not with_port:
        assert theirs


def test_the_request_line_is_taken_as_it_stood() -> None:
    line = "/webhooks/twilio/status?attempt=1x1&j=%7B%22a%22%3A1%7D&u=%C3%A9"
    path, query = line.split("?")
    gunicorn = {"RAW_URI": line, "PATH_INFO": path, "QUERY_STRING": query}
    granian = {"PATH_INFO": path, "QUERY_STRING": query}
    assert raw_path_and_query(gunicorn) == raw_path_and_query(granian) == (path, query)


def test_a_path_that_was_decoded_is_escaped_again() -> None:
    decoded = {"PATH_INFO": "/caf\u00c3\u00a9/a b", "QUERY_STRING": ""}
    assert raw_path_and_query(decoded) == ("/caf%C3%A9/a%20b", "")


@given(st.text(alphabet="ab=&+%é 20Cf3AZ;\x00", max_size=40))
def test_forms_are_read_as_python_reads_them(form: str) -> None:
    assert read_pairs(form) == parse_qsl(form, keep_blank_values=True)
