"""Signers by file and by command, and the signatures of an artifact. The commands are small Python programs."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.registry import ed25519ph
from tests.registry.artifacts import rule_of
from tests.registry.test_verification import MANIFEST, RELEASE, A, B, verify

from mcpg.contract.problems import ConfigError
from mcpg_registry.signers import CommandSigner, FileSigner, sign_artifact, sign_statement
from mcpg_registry.trust.bundles import Bundle, read_bundle
from mcpg_registry.trust.prehashed import is_prehashed
from mcpg_registry.trust.signing import sign_manifest, sign_release, vulnerability_statement
from mcpg_registry.trust.statements import COSIGN, parse_statement
from mcpg_registry.trust.statements import RELEASE as RELEASE_TYPE

READ = "import sys, base64; data = sys.stdin.buffer.read(); "
SIGN = (
    "from cryptography.hazmat.primitives.serialization import load_pem_private_key as load; "
    "sig = load(open(sys.argv[1], 'rb').read(), None).sign(data); "
)
RAW = "sys.stdout.buffer.write(sig)"
BASE64 = "print(base64.b64encode(sig).decode())"


def program(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", text, *arguments]


def gone(path: str) -> bool:
    return not Path(path).exists()


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "a.pem"
    path.write_text(A.pem())
    return str(path)


async def failed(told: str, argv: list[str], **more: Any) -> ConfigError:
    with pytest.raises(ConfigError, match=told) as caught:
        await CommandSigner(argv, A.public, **more).sign(b"data")
    assert caught.value.code == "signer-failed"
    return caught.value


@pytest.mark.parametrize("answer", [RAW, BASE64])
async def test_a_command_signs(answer: str, key_file: str) -> None:
    signer = CommandSigner(program(READ + SIGN + answer, key_file), A.public)
    assert signer.public == A.public
    assert await signer.sign(b"data") == A.sign(b"data")


async def test_a_command_can_take_a_file_instead(key_file: str, tmp_path: Path) -> None:
    take = "import sys; place = sys.argv[2].removeprefix('file='); data = open(place, 'rb').read(); "
    note = f"open({str(tmp_path / 'seen')!r}, 'w').write(place); "
    signer = CommandSigner(program(take + note + SIGN + RAW, key_file, "file={input}"), A.public)
    assert await signer.sign(b"data") == A.sign(b"data")
    assert gone((tmp_path / "seen").read_text())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (READ + "sys.exit(3)", "it ended with 3"),
        (READ, "found 0 bytes"),
        (READ + "print('hello')", "wanted 64 bytes or their base64"),
        (READ + "sys.stdout.buffer.write(bytes(65))", "found 65 bytes"),
        (READ + "sys.stdout.buffer.write(bytes(64))", "not one of key"),
        (READ + "print('x' * 100_000)", "more than 65536 bytes"),
    ],
)
async def test_an_answer_that_is_no_signature_is_refused(text: str, told: str) -> None:
    await failed(told, program(text))


async def test_a_signature_by_another_key_or_over_other_bytes_is_refused(key_file: str) -> None:
    with pytest.raises(ConfigError, match=f"not one of key `{B.public.id}`"):
        await CommandSigner(program(READ + SIGN + RAW, key_file), B.public).sign(b"data")
    await failed("not one of key", program(READ + "data += b'x'; " + SIGN + RAW, key_file))


async def test_a_command_that_signs_as_ed25519ph_is_told_so(tmp_path: Path) -> None:
    sig = b64encode(ed25519ph.sign(seed_of(), b"data")).decode()
    await failed("Ed25519ph", program(f"print({sig!r})"))


async def test_a_command_has_its_time_and_leaves_nobody_behind(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    await failed("took longer than 1.5 s", ["sh", "-c", f"echo $$ > {noted}; exec sleep 60"], seconds=1.5)
    assert gone(f"/proc/{noted.read_text().strip()}")


async def test_an_endless_answer_ends() -> None:
    await failed("more than 65536 bytes", program("while True: print('x' * 1000)"))


@pytest.mark.parametrize("argv", [[], [""], ["/does/not/exist"], ["a\0b"]])
async def test_a_command_that_cannot_be_started(argv: list[str]) -> None:
    await failed("empty|no such file|cannot be started", argv)


async def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    await failed("found 0 bytes", program("import sys", f"; touch {mark}", "$(touch x)", f"`touch {mark}`"))
    assert not mark.exists()


async def test_an_error_tells_no_argument() -> None:
    error = await failed("failed", program("import sys; sys.exit(1)", "--pin=1234"))
    assert "1234" not in error.diagnostics()


@pytest.mark.parametrize("form", ["pem", "der"])
async def test_the_public_key_is_asked_for(form: str, key_file: str) -> None:
    body = "".join(A.public.pem.splitlines()[1:-1])
    text = f"print({(A.public.pem if form == 'pem' else body)!r})"
    signer = await CommandSigner.ask(program(READ + SIGN + RAW, key_file), program(text))
    assert signer.public == A.public
    assert await signer.sign(b"x") == A.sign(b"x")


@pytest.mark.parametrize("text", ["", "print('junk!')", "print('AAAA')", f"print({(A.public.pem + B.public.pem)!r})"])
async def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="printed no Ed25519 public key"):
        await CommandSigner.ask(program("x"), program(text))


async def test_an_artifact_is_signed_by_each_signer_with_both_statements(key_file: str) -> None:
    signers = [CommandSigner(program(READ + SIGN + BASE64, key_file), A.public), FileSigner(B)]
    bundles = await sign_artifact(MANIFEST, RELEASE, signers)
    stated = [(each.key_id, parse_statement(each.envelope.payload).predicate_type) for each in bundles]
    assert stated == [(key.public.id, kind) for key in (A, B) for kind in (COSIGN, RELEASE_TYPE)]
    assert bundles[:2] == (sign_manifest(MANIFEST, A), sign_release(MANIFEST, RELEASE, A))
    assert len(verify([each.text() for each in bundles], rule_of(A, B, threshold=2)).keys) == 2


async def test_what_is_there_is_not_made_again() -> None:
    mine = [sign_manifest(MANIFEST, A).text(), sign_release(MANIFEST, RELEASE, A).text()]
    assert await sign_artifact(MANIFEST, RELEASE, [FileSigner(A)], existing=mine) == ()
    (missing,) = await sign_artifact(MANIFEST, RELEASE, [FileSigner(A)], existing=[b"junk", mine[0]])
    assert missing.text() == mine[1]
    assert len(await sign_artifact(MANIFEST, RELEASE, [FileSigner(B)], existing=mine)) == 2
    forged = read_bundle(sign_manifest(MANIFEST, B).text())
    assert isinstance(forged, Bundle)
    stolen = Bundle(forged.envelope, A.public.id).text()
    assert len(await sign_artifact(MANIFEST, RELEASE, [FileSigner(A)], existing=[stolen, mine[1]])) == 1


async def test_nobody_or_the_same_key_twice_signs_nothing() -> None:
    for signers in ([], [FileSigner(A), FileSigner(A)]):
        with pytest.raises(ValueError, match="each once"):
            await sign_artifact(MANIFEST, RELEASE, signers)


async def test_vulnerabilities_are_stated_by_trusted_signers_only() -> None:
    pair = [each.text() for each in await sign_artifact(MANIFEST, RELEASE, [FileSigner(A)])]
    said = [
        (await sign_statement(vulnerability_statement(MANIFEST, ids), FileSigner(key))).text()
        for key, ids in ((A, ["CVE-2026-2"]), (A, ["CVE-2026-1", "CVE-2026-2"]), (B, ["CVE-2026-3"]))
    ]
    assert verify(pair + said, rule_of(A)).vulnerabilities == ("CVE-2026-1", "CVE-2026-2")


def seed_of() -> bytes:
    return load_pem_private_key(A.pem().encode(), None).private_bytes_raw()  # type: ignore[union-attr]


def test_ed25519ph_is_recognised_and_nothing_else_is() -> None:
    public, sig = A.public.raw(), ed25519ph.sign(seed_of(), b"data")
    assert is_prehashed(public, sig, b"data")
    assert not is_prehashed(public, sig, b"date")
    assert not is_prehashed(B.public.raw(), sig, b"data")
    assert not is_prehashed(public, A.sign(b"data"), b"data")
    assert not is_prehashed(public, sig[:-1], b"data")
    assert not is_prehashed(public, sig[:32] + b"\xff" * 32, b"data")
    assert not is_prehashed(public, b"\xff" * 32 + sig[32:], b"data")
    assert not is_prehashed(b"\x02" + bytes(31), sig, b"data")


def test_ed25519ph_of_rfc_8032() -> None:
    public = bytes.fromhex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf")
    sig = bytes.fromhex(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )
    assert is_prehashed(public, sig, b"abc")
