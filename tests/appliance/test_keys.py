"""Secrets at rest: sealed, bound to their names, never shown."""

import itertools
import os
from pathlib import Path

import pytest

from appliance.keys import KeyFileError, Seal, Secret, load_device_key

SECRET = Secret(bytes(range(32)))


def test_a_secret_opens_only_under_its_key_and_name() -> None:
    seal = Seal(bytes(32), os.urandom)
    box = seal.close("dwelling/A-01", SECRET.raw)
    assert seal.open("dwelling/A-01", box) == SECRET.raw
    assert SECRET.raw not in box
    assert seal.close("dwelling/A-01", SECRET.raw) != box, "a nonce is never used twice"
    for other, name, damaged in (
        (seal, "dwelling/A-02", box),
        (Seal(b"\1" + bytes(31), os.urandom), "dwelling/A-01", box),
        *((seal, "dwelling/A-01", box[:i] + bytes([box[i] ^ 1]) + box[i + 1 :]) for i in range(len(box))),
    ):
        with pytest.raises(KeyFileError, match="put back the key file"):
            other.open(name, damaged)


def test_what_derives_from_a_secret_is_different_and_fixed() -> None:
    derived = {SECRET.blinding_key().secret, SECRET.sign_in_salt(), SECRET.raw[:16]}
    assert len(derived) == 3
    assert SECRET.sign_in_code() == Secret(bytes(range(32))).sign_in_code()
    assert SECRET.sign_in_code() != Secret(bytes(32)).sign_in_code()
    assert SECRET.raw.hex() not in repr(SECRET)
    with pytest.raises(ValueError, match="32 bytes"):
        Secret(bytes(31))


def test_the_device_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "device.key"
    key = load_device_key(path, os.urandom)
    assert load_device_key(path, lambda _: pytest.fail("made twice")) == key
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(key[:31])
    with pytest.raises(KeyFileError, match="31 bytes instead of 32"):
        load_device_key(path, os.urandom)


def test_a_cut_while_the_key_is_made_leaves_no_half_key(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    fails = itertools.chain([OSError("power")])

    def failing(size: int) -> bytes:
        raise next(fails)

    with pytest.raises(OSError, match="power"):
        load_device_key(path, failing)
    assert not path.exists()
    assert len(load_device_key(path, os.urandom)) == 32
