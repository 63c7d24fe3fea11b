"""What the vault promises: sealed, bound to its row, found by equality, signed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.clock import Clock
from bot.crypto import Vault, _unwrap, open_vault, read_master
from bot.db import Database
from bot.errors import ConfigurationError, KeyUnknown, SealBroken
from bot.schema import keys

MASTER = bytes(range(32))


@given(data=st.binary(max_size=300), context=st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
async def test_what_is_sealed_opens_in_its_context(vault: Vault, data: bytes, context: str) -> None:
    context = context.encode("utf-8", "replace").decode()
    sealed = vault.seal(data, context)
    assert vault.open(sealed, context) == data
    with pytest.raises(SealBroken):
        vault.open(sealed, context + "x")


async def test_the_same_text_never_looks_the_same_and_never_shows(vault: Vault) -> None:
    text = "ຂ້ອຍຊື່ ບຸນມີ".encode()
    sealed = {vault.seal(text, "messages:1") for _ in range(100)}
    assert len(sealed) == 100
    assert not any(text[:8] in each for each in sealed)


async def test_every_changed_byte_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(b"twelve bytes", "messages:1")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises((SealBroken, KeyUnknown)):
            vault.open(bytes(changed), "messages:1")
    for length in range(len(sealed)):
        with pytest.raises((SealBroken, KeyUnknown)):
            vault.open(sealed[:length], "messages:1")


async def test_json_keeps_its_shape(vault: Vault) -> None:
    value = {"slots": {"language": "lo", "fee": None, "ຊື່": ["ບຸນມີ", 3, True]}}
    assert vault.open_json(vault.seal_json(value, "trackers:1"), "trackers:1") == value


async def test_a_lookup_is_equal_for_equals_and_keyed(db: Database, vault: Vault, clock: Clock) -> None:
    assert vault.lookup("tel:+8562055512345") == vault.lookup("tel:+8562055512345")
    assert vault.lookup("tel:+8562055512345") != vault.lookup("tel:+8562055512346")
    assert len(vault.lookup("")) == 64
    again = await open_vault(db, MASTER, clock)
    assert again.lookup("x") == vault.lookup("x")


async def test_a_signature_is_verified_with_the_public_key_alone(vault: Vault) -> None:
    signature = vault.sign(b"head")
    public = Ed25519PublicKey.from_public_bytes(vault.public_key())
    public.verify(signature, b"head")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"heae")


async def test_opening_again_and_at_once_finds_the_same_keys(db: Database, clock: Clock) -> None:
    vaults = await asyncio.gather(*(open_vault(db, MASTER, clock) for _ in range(5)))
    sealed = vaults[0].seal(b"data", "x:1")
    assert [vault.open(sealed, "x:1") for vault in vaults] == [b"data"] * 5
    assert len(await db.fetch(select(keys))) == 3


@pytest.mark.usefixtures("vault")
async def test_another_master_opens_nothing(db: Database, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="does not open this database"):
        await open_vault(db, bytes(32), clock)


async def test_no_key_lies_in_the_database_in_the_clear(db: Database, vault: Vault) -> None:
    rows = await db.fetch(select(keys))
    secrets = [_unwrap(vault._master, row).secret for row in rows]
    assert len({*secrets, vault._signer.private_bytes_raw()}) == len(rows) == 3
    stored = b"".join(row.wrapped for row in rows)
    assert not any(secret in stored for secret in [*secrets, MASTER])


def test_the_master_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    made = read_master(tmp_path / "data")
    path = tmp_path / "data" / "secret.key"
    assert read_master(tmp_path / "data") == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    read_master(tmp_path)
    (tmp_path / "secret.key").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_master(tmp_path)


@pytest.mark.parametrize(
    "written",
    [
        MASTER.hex(),
        MASTER.hex().upper(),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_the_setting_is_read_as_hexadecimal_or_base64(tmp_path: Path, written: str) -> None:
    assert read_master(tmp_path, written) == MASTER
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("written", ["short", "00" * 31, "zz" * 32, "AAEC", "ກ" * 32])
def test_a_malformed_setting_is_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError, match="PATOU_SECRET_KEY") as raised:
        read_master(tmp_path, written)
    assert written not in str(raised.value)
