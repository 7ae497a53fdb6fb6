"""The file of a gateway that stands before the suite's server. It starts nothing."""

from __future__ import annotations

from typing import Any

__all__ = ["document"]


def document(url: str, context: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the file's document, and the texts of the files that it names, for a server at `url`.

    `context` is what the suite gives a client: credentials become those of the upstream.
    """
    http: dict[str, Any] = {"url": url, "private": True}
    files: dict[str, str] = {}
    given = context or {}
    if "client_secret" in given:
        who = {"client_id": given["client_id"], "client_secret": "secret://file/client"}
        http["oauth"] = {**who, "issuer": given["issuer"]}
        files["client"] = given["client_secret"]
    elif "private_key_pem" in given:
        http["oauth"] = {"client_id": given["client_id"], "private_key": "key.pem"}
        files["key.pem"] = given["private_key_pem"]
    written: dict[str, Any] = {
        "version": 1,
        "server": {"listen": "127.0.0.1:0"},
        "plugins": {
            "anyone": {"from": "builtin:identity-anonymous"},
            "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
        },
        "identity": {"chain": ["anyone"]},
        "policy": {"engines": ["rules"]},
        "upstreams": {"suite": {"http": http}},
        "secrets": {"file_directory": "."},
    }
    return written, files
