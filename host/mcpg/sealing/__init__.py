"""The host's own cryptography: sealed tokens, key files, Ed25519, key derivation. It judges no plugin signatures.

Nothing else in `host/` imports `cryptography`; trust in what others signed is `mcpg_registry.trust`.
"""

from mcpg.sealing.assertions import AssertionKey
from mcpg.sealing.derive import derive_key
from mcpg.sealing.files import private_file, replace_private_file
from mcpg.sealing.keys import SealKey, SealKeys, load_seal_keys, rotate_seal_keys
from mcpg.sealing.seal import Sealer, Unsealed
from mcpg.sealing.signing import SigningKey, VerifyKey, load_signing_key

__all__ = [
    "AssertionKey",
    "SealKey",
    "SealKeys",
    "Sealer",
    "SigningKey",
    "Unsealed",
    "VerifyKey",
    "derive_key",
    "load_seal_keys",
    "load_signing_key",
    "private_file",
    "replace_private_file",
    "rotate_seal_keys",
]
