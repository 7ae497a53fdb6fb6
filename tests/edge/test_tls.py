"""TLS: client certificates reach the credentials, and who has none is let in only where that is said."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
from typing import TYPE_CHECKING, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.edge.kit import FakeService, modern
from tests.effects.certificates import SIGNS

from mcpg.contract.problems import ConfigError
from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.front import front_door
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, Tls, serve
from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC)
SPIFFE = "spiffe://example.org/agent"


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
        self.issue("ca", None)

    def issue(self, name: str, subject: x509.GeneralName | None) -> tuple[str, str]:
        key = self.key if subject is None else ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=subject is None, path_length=None), critical=True)
        )
        issuer = self.key.public_key()
        if subject is None:
            builder = builder.add_extension(SIGNS, critical=True)
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(issuer), critical=False)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        chain, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(chain), str(secret)


async def _ask(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    message, headers = modern("tools/list")
    body = json.dumps(message).encode()
    headers |= {"host": "h", "accept": "*/*", "content-type": "application/json", "authorization": "Bearer ana"}
    headers |= {"content-length": str(len(body)), "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except (ssl.SSLError, ConnectionError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("clients", ["required", "optional"])
async def test_client_certificates(
    service: FakeService, tmp_path: Path, clients: Literal["required", "optional"]
) -> None:
    authority = Authority(tmp_path)
    server = authority.issue("server", x509.DNSName("localhost"))
    agent = authority.issue("agent", x509.UniformResourceIdentifier(SPIFFE))
    listener, running = open_listener("127.0.0.1:0"), Running()
    tls = Tls(*server, client_ca=str(tmp_path / "ca.pem"), clients=clients)
    site = Site(front_door(McpEndpoint(service, EdgeSettings()), public_app(lambda: True)), listener, tls)
    task = asyncio.create_task(serve([site], running=running, handle_signals=False))
    await asyncio.wait_for(running.started.wait(), 10)
    port = int(listener.name.rpartition(":")[2])
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    if clients == "optional":
        assert b" 200 " in await _ask(port, context)
        assert service.seen[-1].peer.certificates == ()
    else:
        assert await _ask(port, context) == b""
        assert not service.seen
    context.load_cert_chain(*agent)
    assert b" 200 " in await _ask(port, context)
    peer = service.seen[-1].peer
    assert peer.names == (f"URI:{SPIFFE}",)
    assert x509.load_pem_x509_certificate(peer.certificates[0].encode()).subject.rfc4514_string() == "CN=agent"
    running.stop()
    await asyncio.wait_for(task, 10)


async def test_a_missing_key_is_said(service: FakeService) -> None:
    site = Site(McpEndpoint(service), open_listener("127.0.0.1:0"), Tls("/nowhere.pem", "/nowhere.key"))
    with pytest.raises(ConfigError, match="TLS file"):
        await serve([site], handle_signals=False)
    site.listener.close()
