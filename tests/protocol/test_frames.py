"""Frames: what is parsed, what is refused with which code, and that nothing is lost on the way round."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.protocol import frames
from mcpg.protocol.frames import Failure, FrameError, Notification, Request, Response

some = settings(deadline=None, max_examples=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=9), values, max_size=4)
ids = st.text(max_size=frames.MAX_ID_TEXT) | st.integers(-(2**53) + 1, 2**53 - 1)
methods = st.text(min_size=1, max_size=256)


@some
@given(ids, methods, objects)
def test_a_request_survives_the_way_round(request_id: str | int, method: str, params: dict[str, object]) -> None:
    parsed = frames.parse(frames.encode_request(request_id, method, params))
    assert parsed == Request(request_id, method, params)
    assert isinstance(parsed, Request)
    assert type(parsed.id) is type(request_id)


@some
@given(ids, objects)
def test_an_answer_survives_the_way_round(request_id: str | int, result: dict[str, object]) -> None:
    assert frames.parse(frames.encode_response(request_id, result)) == Response(request_id, result)


@some
@given(ids | st.none(), st.integers(-40000, 40000), st.text(), values.filter(lambda value: value is not None))
def test_an_error_survives_the_way_round(request_id: str | int | None, code: int, message: str, data: object) -> None:
    assert frames.parse(frames.encode_failure(request_id, code, message, data)) == Failure(
        request_id, code, message, data
    )


@some
@given(methods, objects)
def test_a_notification_survives_the_way_round(method: str, params: dict[str, object]) -> None:
    assert frames.parse(frames.encode_notification(method, params)) == Notification(method, params)


@some
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_frame_error(body: bytes) -> None:
    assert _code_of(body) in {0, frames.PARSE_ERROR, frames.INVALID_REQUEST}


@some
@given(values)
def test_any_json_is_a_message_or_a_frame_error(value: object) -> None:
    assert _code_of(json.dumps(value).encode()) in {0, frames.PARSE_ERROR, frames.INVALID_REQUEST}


def _code_of(body: bytes) -> int:
    try:
        frames.parse(body)
    except FrameError as error:
        return error.code
    return 0


REFUSED = {
    "nothing": (b"", frames.PARSE_ERROR),
    "a word": (b"hello", frames.PARSE_ERROR),
    "invalid UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', frames.PARSE_ERROR),
    "a lone surrogate": (b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', frames.PARSE_ERROR),
    "a byte order mark": (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"x"}', frames.PARSE_ERROR),
    "not a number": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}', frames.PARSE_ERROR),
    "infinity": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":-Infinity}}', frames.PARSE_ERROR),
    "a double out of range": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1e999}}', frames.PARSE_ERROR),
    "a raw control character": (b'{"jsonrpc":"2.0","id":1,"method":"a\x00b"}', frames.PARSE_ERROR),
    "two messages": (b'{"jsonrpc":"2.0","id":1,"method":"x"}{}', frames.PARSE_ERROR),
    "a string": (b'"x"', frames.INVALID_REQUEST),
    "null": (b"null", frames.INVALID_REQUEST),
    "a batch": (b'[{"jsonrpc":"2.0","id":1,"method":"x"}]', frames.INVALID_REQUEST),
    "no version": (b'{"id":1,"method":"x"}', frames.INVALID_REQUEST),
    "version 1.0": (b'{"jsonrpc":"1.0","id":1,"method":"x"}', frames.INVALID_REQUEST),
    "version as a number": (b'{"jsonrpc":2.0,"id":1,"method":"x"}', frames.INVALID_REQUEST),
    "id null": (b'{"jsonrpc":"2.0","id":null,"method":"x"}', frames.INVALID_REQUEST),
    "id true": (b'{"jsonrpc":"2.0","id":true,"method":"x"}', frames.INVALID_REQUEST),
    "id 1.5": (b'{"jsonrpc":"2.0","id":1.5,"method":"x"}', frames.INVALID_REQUEST),
    "id an object": (b'{"jsonrpc":"2.0","id":{},"method":"x"}', frames.INVALID_REQUEST),
    "id of many characters": (b'{"jsonrpc":"2.0","id":"%s","method":"x"}' % (b"i" * 257), frames.INVALID_REQUEST),
    "id of many digits": (b'{"jsonrpc":"2.0","id":%s,"method":"x"}' % (b"9" * 40), frames.INVALID_REQUEST),
    "id of too many digits": (b'{"jsonrpc":"2.0","id":%s,"method":"x"}' % (b"9" * 5000), frames.PARSE_ERROR),
    "method a number": (b'{"jsonrpc":"2.0","id":1,"method":5}', frames.INVALID_REQUEST),
    "method empty": (b'{"jsonrpc":"2.0","id":1,"method":""}', frames.INVALID_REQUEST),
    "method null": (b'{"jsonrpc":"2.0","id":1,"method":null}', frames.INVALID_REQUEST),
    "params an array": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":[]}', frames.INVALID_REQUEST),
    "params null": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":null}', frames.INVALID_REQUEST),
    "request and answer": (b'{"jsonrpc":"2.0","id":1,"method":"x","result":{}}', frames.INVALID_REQUEST),
    "neither": (b'{"jsonrpc":"2.0","id":1}', frames.INVALID_REQUEST),
    "result and error": (
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
        frames.INVALID_REQUEST,
    ),
    "result without id": (b'{"jsonrpc":"2.0","result":{}}', frames.INVALID_REQUEST),
    "result a list": (b'{"jsonrpc":"2.0","id":1,"result":[]}', frames.INVALID_REQUEST),
    "error code text": (b'{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}', frames.INVALID_REQUEST),
    "129 levels": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":%s1%s}}', frames.INVALID_REQUEST),
    "100,000 levels": (b"[" * 100_000, frames.INVALID_REQUEST),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_message_is_refused(name: str) -> None:
    body, code = REFUSED[name]
    if name == "129 levels":
        body %= (b"[" * 127, b"]" * 127)
    with pytest.raises(FrameError) as caught:
        frames.parse(body)
    assert caught.value.code == code
    assert len(caught.value.message) < 300


def test_128_levels_pass() -> None:
    nested = b"[" * 126 + b"]" * 126
    parsed = frames.parse(b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":%s}}' % nested)
    assert isinstance(parsed, Request)


def test_many_brackets_in_a_flat_message_pass() -> None:
    flat = frames.encode_request(1, "x", {"a": [[]] * 1000, "text": "[" * 1000})
    assert isinstance(frames.parse(flat), Request)


def test_brackets_are_counted_in_error_data_too() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":%s%s}}' % (b"[" * 200, b"]" * 200)
    with pytest.raises(FrameError, match="deeper"):
        frames.parse(body)


def test_the_id_of_a_refused_request_is_echoed_if_it_is_sound() -> None:
    with pytest.raises(FrameError) as caught:
        frames.parse(b'{"jsonrpc":"2.0","id":"a","method":"x","params":[]}')
    assert caught.value.request_id == "a"
    with pytest.raises(FrameError) as caught:
        frames.parse(b'{"jsonrpc":"1.0","id":7,"method":"x"}')
    assert caught.value.request_id == 7


def test_of_a_key_given_twice_the_last_counts() -> None:
    parsed = frames.parse(b'{"jsonrpc":"2.0","id":1,"id":2,"method":"x","params":{"name":"a","name":"b"}}')
    assert parsed == Request(2, "x", {"name": "b"})


def test_big_integers_keep_their_value() -> None:
    parsed = frames.parse(b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"n":123456789012345678901234567890}}')
    assert parsed == Request(1, "x", {"n": 123456789012345678901234567890})


def test_batches_are_seen_by_their_first_character() -> None:
    assert frames.is_batch(b" \r\n\t[")
    assert not frames.is_batch(b'{"a":[]}')
    assert not frames.is_batch(b"")


def test_a_batch_keeps_its_good_and_bad_messages() -> None:
    good, bad, note = frames.parse_batch(b'[{"jsonrpc":"2.0","id":1,"method":"x"},5,{"jsonrpc":"2.0","method":"n"}]')
    assert good == Request(1, "x", {})
    assert isinstance(bad, FrameError)
    assert note == Notification("n", {})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", frames.INVALID_REQUEST),
        (b"[" + b"1," * 64 + b"1]", frames.INVALID_REQUEST),
        (b"[1", frames.PARSE_ERROR),
        (b"{}", frames.INVALID_REQUEST),
        (b"[" * 100_000, frames.INVALID_REQUEST),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes, code: int) -> None:
    with pytest.raises(FrameError) as caught:
        frames.parse_batch(body)
    assert caught.value.code == code


def test_what_the_parser_says_keeps_its_abbreviations() -> None:
    with pytest.raises(FrameError) as caught:
        frames.parse(b'{"a": NaN}')
    assert caught.value.message.startswith("body is not JSON: JSON is malformed")
