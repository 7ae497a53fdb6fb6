"""Keys, signing commands and bundles against openssl, a PKCS#11 token and cosign, all offline."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.debian import debian
from tests.registry.artifacts import NOW, rule_of
from tests.registry.test_verification import RELEASE

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.keyfiles import read_private_key, read_public_keys, write_pair
from mcpg_registry.signers import CommandSigner, FileSigner, sign_artifact
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey
from mcpg_registry.trust.statements import COSIGN
from mcpg_registry.trust.verification import verify_signatures

pytestmark = pytest.mark.real

MANIFEST = b'{"schemaVersion":2}'
DIGEST = digest_bytes(MANIFEST)
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


def run(*argv: str | Path, **more: Any) -> str:
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False, timeout=120, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def proven(signer: Any) -> None:
    """Check that what `signer` makes is accepted."""
    bundles = [each.text() for each in await sign_artifact(DIGEST, RELEASE, [signer])]
    rule = Rule("acme", (TrustedKey(signer.public),))
    assert verify_signatures(DIGEST, bundles, rule, now=NOW).keys == (signer.public.id,)


def test_openssl_reads_our_keys(tmp_path: Path) -> None:
    private, public = write_pair(tmp_path / "acme", PrivateKey.generate(), b"secret")
    assert run("openssl", "pkey", "-in", private, "-passin", "pass:secret", "-pubout") == public.read_text()
    shown = run("openssl", "asn1parse", "-in", private)
    assert "PBES2" in shown
    assert "scrypt" in shown
    wrong = subprocess.run(["openssl", "pkey", "-in", private, "-passin", "pass:x"], capture_output=True, check=False)
    assert wrong.returncode != 0


def test_we_read_the_keys_of_openssl(tmp_path: Path) -> None:
    plain, sealed, public = (tmp_path / name for name in ("plain", "sealed", "public"))
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", plain)
    run("openssl", "pkey", "-in", plain, "-pubout", "-out", public)
    run("openssl", "pkcs8", "-topk8", "-in", plain, "-out", sealed, "-passout", "pass:secret")
    (known,) = read_public_keys(public)
    assert read_private_key(plain, lambda: None).public == known
    assert read_private_key(sealed, lambda: b"secret").public == known


async def test_openssl_is_a_signing_command(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
    sign = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", "{input}"]
    await proven(await CommandSigner.ask(sign, ["openssl", "pkey", "-in", str(key), "-pubout"]))


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    debian("pkcs11-tool", "opensc")
    debian("softhsm2-util", "softhsm2")
    module = next(path for path in MODULES if Path(path).exists())
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "conf"))
    monkeypatch.setenv("PIN", "1234")
    run("softhsm2-util", "--init-token", "--free", "--label", "t", "--pin", "1234", "--so-pin", "1234")
    tool = ["pkcs11-tool", "--module", module]
    run(*tool, "--login", "--pin", "1234", "--keypairgen", "--key-type", "EC:edwards25519", "--id", "01")
    return tool


async def test_a_token_behind_pkcs11_is_a_signing_command(token: list[str]) -> None:
    sign = ["--login", "--pin", "env:PIN", "--sign", "--mechanism", "EDDSA", "--id", "01", "--input-file", "{input}"]
    public = ["--read-object", "--type", "pubkey", "--id", "01"]
    await proven(await CommandSigner.ask([*token, *sign], [*token, *public]))


async def test_cosign_verifies_what_we_sign(tmp_path: Path, cosign: Path) -> None:
    _, public = write_pair(tmp_path / "acme", key := PrivateKey.generate(), None)
    _, stranger = write_pair(tmp_path / "other", PrivateKey.generate(), None)
    plain, _ = await sign_artifact(DIGEST, RELEASE, [FileSigner(key)])
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "bundle.json").write_bytes(plain.text())

    def check(known: Path) -> subprocess.CompletedProcess[str]:
        options = ["--bundle", "bundle.json", "--insecure-ignore-tlog", "--type", COSIGN, "manifest.json"]
        argv = [str(cosign), "verify-blob-attestation", "--key", str(known), *options]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    good, bad = check(public), check(stranger)
    assert good.returncode == 0, good.stderr
    assert bad.returncode != 0


def test_what_cosign_signs_with_our_key_is_called_by_its_name(tmp_path: Path, cosign: Path) -> None:
    private, public = write_pair(tmp_path / "acme", key := PrivateKey.generate(), None)
    environment = {**os.environ, "COSIGN_PASSWORD": "x", "HOME": str(tmp_path), "TUF_ROOT": str(tmp_path / "tuf")}

    def make(*argv: str | Path) -> None:
        run(cosign, *argv, cwd=tmp_path, env=environment)

    make("import-key-pair", "--key", private, "--output-key-prefix", "theirs", "--yes")
    assert (tmp_path / "theirs.pub").read_text() == public.read_text()
    make("signing-config", "create", "--out", "config.json")
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    (tmp_path / "predicate.json").write_text(json.dumps({}))
    options = ["--predicate", "predicate.json", "--type", COSIGN, "--signing-config", "config.json", "--yes"]
    make("attest-blob", "--key", "theirs.key", *options, "--bundle", "bundle.json", "manifest.json")
    with pytest.raises(PluginRefused, match="has signed as Ed25519ph") as caught:
        verify_signatures(DIGEST, [(tmp_path / "bundle.json").read_bytes()], rule_of(key), now=NOW)
    assert caught.value.code == "ed25519ph"
    assert "mcpg plugin sign" in caught.value.remedy
