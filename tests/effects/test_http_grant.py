"""Each field of the `http` grant: what it allows and what it denies, before anything is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.certificates import new_authority
from tests.effects.kit import Memory
from tests.effects.peer import Names

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.contract.verdicts import Effect
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.desk import Desk
from mcpg.effects.http import HttpDriver

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.ports import Effects

API = {"hosts": ["api.example"]}


def granted(http: dict[str, Any], **secrets: Any) -> Effects:
    desk = Desk([HttpDriver(GuardedConnector(Names()))], {"env": Memory()})
    return desk.granted("use", {"http": http, "secrets": secrets.pop("places", {})})


def allows(http: dict[str, Any], url: str = "https://api.example/", **more: Any) -> bool:
    try:
        granted(http, places=more.pop("places", {})).check(Effect("http", json.dumps({"url": url, **more})))
    except EffectDenied:
        return False
    return True


def denial(http: dict[str, Any], url: str = "https://api.example/", **more: Any) -> str:
    with pytest.raises(EffectDenied) as caught:
        granted(http, places=more.pop("places", {})).check(Effect("http", json.dumps({"url": url, **more})))
    return caught.value.message


FIELDS = [
    ("hosts", API, {"url": "https://api.example/x"}, {"url": "https://other.example/"}),
    ("hosts", {"hosts": ["*.api.example"]}, {"url": "https://a.b.api.example/"}, {"url": "https://api.example/"}),
    ("hosts", {"hosts": ["*.api.example"]}, {"url": "https://x.api.example/"}, {"url": "https://xapi.example/"}),
    ("hosts", {"hosts": ["8.8.8.8"]}, {"url": "https://8.8.8.8/"}, {"url": "https://8.8.4.4/"}),
    ("schemes", API, {"url": "https://api.example/"}, {"url": "http://api.example/"}),
    ("schemes", {**API, "schemes": ["http"]}, {"url": "http://api.example/"}, {"url": "https://api.example/"}),
    ("ports", API, {"url": "https://api.example:443/"}, {"url": "https://api.example:8443/"}),
    ("ports", {**API, "ports": [8443]}, {"url": "https://api.example:8443/"}, {"url": "https://api.example/"}),
    ("methods", API, {"method": "GET"}, {"method": "DELETE"}),
    ("methods", {**API, "methods": ["POST"]}, {"method": "POST"}, {"method": "GET"}),
    ("paths", {**API, "paths": ["/v1"]}, {"url": "https://api.example/v1/x?a=/v2"}, {"url": "https://api.example/v2"}),
    ("paths", {**API, "paths": ["/v1/"]}, {"url": "https://api.example/v1/x"}, {"url": "https://api.example/v1"}),
    ("max_request", {**API, "methods": ["POST"], "max_request": "4B"}, {"method": "POST", "body": "1234"},
     {"method": "POST", "body": "12345"}),
    ("private", {"hosts": ["127.0.0.1"], "private": True}, {"url": "https://127.0.0.1/"},
     {"url": "https://127.0.0.2/"}),
    ("private", {"hosts": ["10.0.0.1", "10.1.0.1"], "private": ["10.0.0.0/16"]}, {"url": "https://10.0.0.1/"},
     {"url": "https://10.1.0.1/"}),
    ("private", {"hosts": ["8.8.8.8", "127.0.0.1"]}, {"url": "https://8.8.8.8/"}, {"url": "https://127.0.0.1/"}),
    ("private", {"hosts": ["127.0.0.1", "169.254.169.254"], "private": True}, {"url": "https://127.0.0.1/"},
     {"url": "https://169.254.169.254/"}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "grant", "inside", "outside"), FIELDS)
def test_each_field_allows_and_denies(
    field: str, grant: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    assert field in grant or grant == API or field == "private"
    assert allows(grant, **inside)
    assert denial(grant, **outside)


@pytest.mark.parametrize(
    "path",
    ["/v1/../v2", "/v1/%2e%2e/v2", "/v1/%2E./v2", "/v1/..%2fv2", "/v1/%252e%252e/v2", "/v1/..;x/v2", "/v1//v2",
     "/v1/..%5cv2", "/v1\\..\\v2", "/v1x", "/V1/x", "/%76%31/x", "//v1/x", "/v1/%00", "/v1/%25252525252e"],
)  # fmt: skip
def test_no_path_leaves_its_prefix(path: str) -> None:
    assert not allows({**API, "paths": ["/v1"]}, "https://api.example" + path)


@pytest.mark.parametrize(
    "url",
    ["https://api.example@evil.example/", "https://user:pw@api.example/", "https://api.example\\@evil.example/",
     "https://api.example#@evil.example/", "https://api.example./", "https://API.example/", "https://api%2eexample/",
     "https://api.example:443@evil.example", "//api.example/", "file:///etc/passwd", "ftp://api.example/",
     "https://api.example/\r\nx: y", "https://api.example /", "https:api.example/", "https://", "", "https://api.example:0/",
     "https://api.example:99999/", "https://\uff41pi.example/", "https://api.example/\u00e9"],
)  # fmt: skip
def test_no_odd_url_passes(url: str) -> None:
    assert not allows(API, url)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "1.2.3.4.5"])
def test_no_odd_spelling_of_an_address_passes(host: str) -> None:
    assert not allows({"hosts": ["*.example", "127.0.0.1"], "private": True}, f"https://{host}/")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "hosts"),
        ({"host": ["x"]}, "did you mean `hosts`"),
        ({"hosts": []}, "hosts"),
        ({"hosts": ["*"]}, "hosts"),
        ({"hosts": ["a b"]}, "hosts"),
        ({**API, "schemes": ["ftp"]}, "schemes"),
        ({**API, "ports": [0]}, "ports"),
        ({**API, "methods": ["TRACE"]}, "methods"),
        ({**API, "paths": ["v1"]}, "paths"),
        ({**API, "paths": ["/a/../b"]}, "paths"),
        ({**API, "max_request": "much"}, "max_request"),
        ({**API, "max_response": -1}, "max_response"),
        ({**API, "timeout": "0s"}, "timeout"),
        ({**API, "timeout": "2h"}, "timeout"),
        ({**API, "ca": "/nowhere.pem"}, "ca"),
        ({**API, "key": "/k.pem"}, "key"),
        ({**API, "private": ["nonsense"]}, "private"),
        ({**API, "redirects": 99}, "redirects"),
        ("text", "mapping"),
    ],
)
def test_a_bad_grant_is_refused_by_its_field(document: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        granted(document)


def test_a_good_certificate_passes(tmp_path: Path) -> None:
    authority = new_authority()
    (tmp_path / "me.pem").write_bytes(authority.issue("me", client=True))
    granted({**API, "ca": authority.file(tmp_path), "certificate": str(tmp_path / "me.pem")})


@pytest.mark.parametrize(
    "headers",
    [{"host": "x"}, {"Content-Length": "1"}, {"connection": "x"}, {"transfer-encoding": "chunked"}, {"upgrade": "x"},
     {"x": "a\r\nb: c"}, {"x": "a\nb"}, {"x\r\ny": "a"}, {"": "a"}, {"x": "\x00"}, {"idempotency-key": "1"},
     {"proxy-authorization": "x"}, {"x": "a", "X": "b"}, {"x": "y" * 20_000}],
)  # fmt: skip
def test_headers_that_are_not_the_plugins_are_denied(headers: dict[str, str]) -> None:
    assert "header" in denial(API, headers=headers)


PLACES = {"secret://env/TOKEN": {"host": "api.example", "header": "Authorization"}}
TOKEN = {"$secret": "secret://env/TOKEN", "prefix": "Bearer "}


@pytest.mark.parametrize(
    ("field", "grant", "inside", "outside"),
    [
        ("reference", API, {"headers": {"authorization": TOKEN}},
         {"headers": {"authorization": {"$secret": "secret://env/OTHER"}}}),
        ("host", {"hosts": ["api.example", "other.example"]}, {"headers": {"authorization": TOKEN}},
         {"headers": {"authorization": TOKEN}, "url": "https://other.example/"}),
        ("header", API, {"headers": {"Authorization": TOKEN}}, {"headers": {"x-key": TOKEN}}),
    ],
)  # fmt: skip
def test_each_field_of_a_secrets_place(
    field: str, grant: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    assert allows(grant, places=PLACES, **inside)
    assert "is not granted" in denial(grant, places=PLACES, **outside)


def test_a_secrets_place_names_its_driver() -> None:
    with pytest.raises(ConfigError, match="no driver `sql`"):
        granted(API, places={"secret://env/TOKEN": {"host": "x", "header": "y", "driver": "sql"}})


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"TOKEN": {"host": "x", "header": "y"}}, "is not secret"),
        ({"secret://vault/T": {"host": "x", "header": "y"}}, "unknown source"),
        ({"secret://env/../T": {"host": "x", "header": "y"}}, "is not secret"),
        ({"secret://env/T": {"host": "x"}}, "header"),
        ({"secret://env/T": {"hots": "x", "header": "y"}}, "did you mean `host`"),
        ([], "must map"),
    ],
)
def test_a_bad_secrets_grant_is_refused(places: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        granted(API, places=places)


def test_a_secret_is_no_value_outside_headers() -> None:
    for more in ({"body": TOKEN}, {"url": TOKEN}, {"body_base64": TOKEN}, {"method": TOKEN}):
        assert "cannot be read" in denial(API, places=PLACES, **more)
    injected = {**TOKEN, "prefix": "Bearer x\r\ny: "}
    assert "header" in denial(API, places=PLACES, headers={"authorization": injected})


def test_a_credential_without_a_vault_is_denied() -> None:
    places = {"cred://github/repos": {"host": "api.example", "header": "authorization"}}
    said = denial(API, places=places, headers={"authorization": {"$secret": "cred://github/repos"}})
    assert "no credential plugin" in said


def test_only_one_body_can_be_sent() -> None:
    assert "only one of" in denial({**API, "methods": ["POST"]}, method="POST", body="a", json={})


def test_what_is_not_granted_at_all_is_denied() -> None:
    with pytest.raises(EffectDenied, match="no grant for driver `sql`"):
        granted(API).check(Effect("sql", "{}"))
    with pytest.raises(ConfigError, match="did you mean `http`"):
        Desk([HttpDriver(GuardedConnector(Names()))], {}).granted("use", {"htp": {}})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"url": 1}', '{"url": "x", "extra": 1}', "[" * 100_000])
def test_requests_outside_the_schema_are_denied(text: str) -> None:
    with pytest.raises(EffectDenied, match="cannot be read"):
        granted(API).check(Effect("http", text))
