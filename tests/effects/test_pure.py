"""The pure parts by property: addresses, paths, echoes, events, pointers, pace, sizes."""

from __future__ import annotations

import base64
import ipaddress
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.addresses import Private, kind_of
from mcpg.effects.echo import EchoGuard
from mcpg.effects.grants import duration, size
from mcpg.effects.pace import Pace
from mcpg.effects.pointers import resolve
from mcpg.effects.streams import LineEvents, SseEvents
from mcpg.effects.targets import parse_target, path_under


@given(st.ip_addresses(v=4))
def test_an_address_that_python_calls_private_is_never_public(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert kind_of(address) != "public"


@given(st.ip_addresses(v=6))
def test_the_same_for_ipv6(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.ipv4_mapped or address.sixtofour or address.teredo:
        assert kind_of(address) != "public"


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_never_public(address: ipaddress.IPv4Address) -> None:
    plain = int(address)
    clothes = (plain, 0xFFFF << 32 | plain, 0x0064_FF9B << 96 | plain, 0x2002 << 112 | plain << 80)
    isatap = 0x2606_4700 << 96 | 0x5EFE << 32 | plain
    for number in (*clothes, isatap):
        assert Private(everywhere=True).refuses(ipaddress.IPv6Address(number)) or number == 1


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_public(text: str) -> None:
    assert kind_of(ipaddress.ip_address(text)) == "public"


def test_a_listed_network_opens_what_it_names_and_nothing_else() -> None:
    opened = Private(networks=(ipaddress.ip_network("169.254.169.254/32"), ipaddress.ip_network("64:ff9b::/96")))
    assert not opened.refuses(ipaddress.ip_address("169.254.169.254"))
    assert not opened.refuses(ipaddress.ip_address("64:ff9b::1"))
    assert opened.refuses(ipaddress.ip_address("169.254.169.253")) == "link-local"
    assert opened.refuses(ipaddress.ip_address("fe80::1%eth0")) == "link-local"


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_denied(text: str) -> None:
    for url in (text, f"https://{text}", f"https://h{text}", f"https://h/{text}"):
        try:
            target = parse_target(url)
        except EffectDenied:
            continue
        assert target.url == url
        assert target.host
        assert target.host.isascii()


@given(st.lists(st.sampled_from([".", "..", "%2e", "%2E", "/", "%2f", "%5c", ";", "a", "%25", "\\"]), max_size=12))
def test_a_path_below_a_prefix_stays_there_after_decoding(parts: list[str]) -> None:
    path = "/v1/" + "".join(parts)
    if path_under(path, ("/v1",)):
        steps = path.replace("%2e", ".").replace("%2E", ".").split("/")
        assert ".." not in [step.partition(";")[0] for step in steps]
        assert "%2f" not in path
        assert "%5c" not in path


@given(st.text(min_size=6, max_size=40), st.binary(max_size=20), st.binary(max_size=20), st.integers(0, 4))
def test_an_encoded_secret_is_found_wherever_it_stands(secret: str, before: bytes, after: bytes, form: int) -> None:
    raw = secret.encode()
    body = {
        0: before + raw + after,
        1: base64.b64encode(before + raw + after),
        2: base64.urlsafe_b64encode(before + raw + after),
        3: quote(before + raw + after, safe="").encode(),
        4: json.dumps([secret]).encode(),
    }[form]
    if form not in {1, 2} or len(raw) >= 8:
        assert EchoGuard([secret]).found_in(body)


def test_what_holds_no_secret_passes() -> None:
    guard = EchoGuard(["a-long-secret"])
    assert not guard.found_in(b"a-long-secre t %61 \\u0061 " + base64.b64encode(b"a-long-sacret"))
    assert not EchoGuard([]).found_in(b"anything % \\u0041")
    assert "a-long" not in repr(guard)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), max_size=8), st.data())
def test_events_do_not_depend_on_how_the_stream_is_cut(datas: list[str], data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r", "\r\n"]))
    text = "".join(f"data: {one}{end}{end}" for one in datas).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    split = SseEvents()
    got = [event for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) for event in split.feed(text[a:b])]
    assert got + split.finish() == [one.encode() for one in datas]


def test_lines_end_with_or_without_a_line_end() -> None:
    split = LineEvents()
    assert split.feed(b"1\r") == []
    assert split.feed(b"\n\n2\n3") == [b"1", b"2"]
    assert split.finish() == [b"3"]


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", {"a": [1, {"b/c": 2}], "~": 3}), ("/a/0", 1), ("/a/1/b~1c", 2), ("/~0", 3), ("/a/9", None), ("/x/y", None),
     ("a", None), ("/a/-1", None), ("/a/²", None)],
)  # fmt: skip
def test_pointers(pointer: str, found: object) -> None:
    assert resolve(pointer, {"a": [1, {"b/c": 2}], "~": 3}) == found


def test_pace_is_for_each_run_and_bounded() -> None:
    pace = Pace(per_second=2, burst=3)
    assert [pace.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert pace.take("b", 0.0)
    assert [pace.take("a", 0.5), pace.take("a", 0.5)] == [True, False]
    for number in range(5000):
        pace.take(f"r{number}", 1.0)
    assert len(pace._runs) <= 4096


@pytest.mark.parametrize(("written", "value"), [("64KiB", 65536), (7, 7), ("3B", 3), ("1GiB", 1 << 30)])
def test_sizes(written: str | int, value: int) -> None:
    assert size(written, "x") == value


@pytest.mark.parametrize(("written", "value"), [("250ms", 0.25), (2, 2.0), ("1m", 60.0), (0.5, 0.5)])
def test_durations(written: str | float, value: float) -> None:
    assert duration(written, "x") == value


@pytest.mark.parametrize("written", ["1KB", "-1", "1.5MiB", "", "ten", True])
def test_odd_sizes_are_refused(written: str) -> None:
    with pytest.raises(ConfigError):
        size(written, "x")
