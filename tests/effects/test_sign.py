"""The driver `sign`: signatures that others verify, each field of its grant, and a key that never comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from tests.effects.kit import Memory, using

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.desk import Desk
from mcpg.effects.sign import SignDriver

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REFERENCE = "secret://memory/KEY"
SECRETS = {"memory": Memory(KEY=KEY, OTHER="another-secret", SHORT="abc")}
PLAIN = {"key": {"$secret": REFERENCE}, "text": "payload"}
GRANT: dict[str, Any] = {"keys": [REFERENCE]}


def signing(**grant: Any) -> Any:
    return using(SignDriver(), {"sign": {**GRANT, **grant}}, secrets=SECRETS)


def test_the_kit_signs_as_the_rfc_does() -> None:
    # RFC 4231, test case 2: what the expectations below stand on.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac.digest(b"Jefe", b"what do ya want for nothing?", "sha256").hex() == expected


@pytest.mark.parametrize("name", ["sha256", "sha512"])
async def test_a_text_is_signed_in_each_encoding(name: str) -> None:
    raw = hmac.digest(KEY.encode(), b"payload", name)
    encoded = {
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    async with signing(algorithms=["hmac-sha256", "hmac-sha512"]) as use:
        for encoding, signature in encoded.items():
            asked = {**PLAIN, "algorithm": f"hmac-{name}", "encoding": encoding}
            assert await use.ok(**asked) == {"signature": signature}
        body = {"key": PLAIN["key"], "text_base64": base64.b64encode(b"payload").decode()}
        assert (await use.ok(**body, algorithm=f"hmac-{name}"))["signature"] == encoded["hex"]


async def test_aws_signature_4_can_be_made() -> None:
    # The example of "Deriving a signing key" in AWS's documentation.
    async with signing(derive=4) as use:
        reply = await use.ok(
            key={"$secret": REFERENCE, "prefix": "AWS4"},
            derive=["20150830", "us-east-1", "iam", "aws4_request"],
            text="AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
        )
    assert reply == {"signature": "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"}


FIELDS = [
    ("keys", {}, PLAIN, {**PLAIN, "key": {"$secret": "secret://memory/OTHER"}}),
    ("algorithms", {}, PLAIN, {**PLAIN, "algorithm": "hmac-sha512"}),
    ("derive", {}, PLAIN, {**PLAIN, "derive": ["20261121"]}),
    ("derive", {"derive": 1}, {**PLAIN, "derive": ["20261121"]}, PLAIN),
    ("derive", {"derive": 1}, {**PLAIN, "derive": ["20261121"]}, {**PLAIN, "derive": ["20261121", "eu"]}),
    ("max_bytes", {"max_bytes": 7}, PLAIN, {**PLAIN, "text": "payloads"}),
    ("max_bytes", {"max_bytes": 7}, PLAIN, {"key": PLAIN["key"], "text_base64": "cGF5bG9hZHM="}),
]


@pytest.mark.parametrize(("field", "grant", "inside", "outside"), FIELDS)
async def test_each_field_allows_and_denies(
    field: str, grant: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    async with signing(**grant) as use:
        await use.ok(**inside)
        with pytest.raises(EffectDenied, match=rf"\(`{field}`\)"):
            use.check(**outside)
        assert (await use.failed(**outside))[0] == "effect-denied"


@pytest.mark.parametrize(
    "request_",
    [
        {"key": PLAIN["key"]},
        {**PLAIN, "text_base64": "eA=="},
        {"key": PLAIN["key"], "text_base64": "?"},
        {"key": {"$secret": REFERENCE, "prefix": "x" * 65}, "text": "a"},
        {"key": KEY, "text": "a"},
        {**PLAIN, "algorithm": "hmac-md5"},
    ],
)
async def test_what_cannot_be_signed_is_refused_without_a_word_of_the_key(request_: dict[str, Any]) -> None:
    async with signing() as use:
        with pytest.raises(EffectDenied) as denied:
            use.check(**request_)
        assert KEY not in str(denied.value)


async def test_a_key_without_a_value_or_too_short_is_refused() -> None:
    keys = ["secret://memory/GONE", "secret://memory/SHORT"]
    async with signing(keys=keys) as use:
        for key in keys:
            code, message = await use.failed(key={"$secret": key}, text="a")
            assert (code, "abc" in message) == ("effect-denied", False)


async def test_a_large_text_is_signed_off_the_event_loop() -> None:
    text = "x" * 200_000
    async with signing(max_bytes="1MiB") as use:
        reply = await use.ok(key=PLAIN["key"], text=text)
    assert reply["signature"] == hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


async def test_nothing_is_granted_by_default() -> None:
    async with using(SignDriver(), {}, secrets=SECRETS) as use:
        with pytest.raises(EffectDenied, match="has no grant for driver `sign`"):
            use.check(**PLAIN)


@pytest.mark.parametrize(
    "grant",
    [
        {},
        {"keys": []},
        {"keys": ["KEY"]},
        {"keys": ["secret://nowhere/KEY"]},
        {"keys": ["cred://issuer/target"]},
        {**GRANT, "derive": True},
        {**GRANT, "derive": 9},
        {**GRANT, "algorithms": []},
        {**GRANT, "algorithms": ["md5"]},
        {**GRANT, "max_bytes": "2MiB"},
        {**GRANT, "max_bytes": 0},
        {**GRANT, "hosts": ["x"]},
    ],
)
def test_a_bad_grant_is_refused(grant: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Desk([SignDriver()], SECRETS).granted("use", {"sign": grant})
