"""audit-log: its bytes, its chain, and who may write."""

from __future__ import annotations

import hashlib
import random

import pytest

from appliance.chain.clarity import serialize
from tests.contracts.errors import error_name
from tests.contracts.settlement import GATEWAY, STEWARD, Settlement, account
from tests.contracts.vm import Receipt

WRITER = account("writer")
GENESIS = bytes(32)


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


@pytest.fixture
def log(bare: Settlement) -> Settlement:
    """A log that WRITER, an ordinary account, writes to."""
    bare.call(bare.audit, "bootstrap", [WRITER], sender=bare.deployer).ok()
    return bare


def record(log: Settlement, topic: int, digest: bytes) -> Receipt:
    return log.call(log.audit, "record", topic, digest, sender=WRITER)


def test_every_byte_of_an_entry_and_every_head(log: Settlement, rng: random.Random) -> None:
    assert log.read(log.audit, "get-head") == {"seq": 0, "head": GENESIS}
    head = GENESIS
    for seq in range(1, 6):
        topic, digest = rng.randrange(2**32), rng.randbytes(32)
        log.vm.mine(rng.randrange(1, 4))
        assert record(log, topic, digest).ok() == seq
        entry = b"".join(
            (
                seq.to_bytes(16, "big"),
                log.vm.height().to_bytes(16, "big"),
                topic.to_bytes(4, "big"),
                hashlib.sha256(serialize(WRITER)).digest(),
                digest,
            )
        )
        assert len(entry) == 100
        head = hashlib.sha256(head + entry).digest()
        assert log.read(log.audit, "get-entry", seq) == {"entry": entry, "head": head}
        assert log.read(log.audit, "get-head") == {"seq": seq, "head": head}
    assert log.read(log.audit, "get-entry", 0) is None
    assert log.read(log.audit, "get-entry", 6) is None


def test_the_chain_of_a_whole_settlement_recomputed(settlement: Settlement) -> None:
    s = settlement
    s.zone(9, 16)
    end = s.read(s.audit, "get-head")
    head = GENESIS
    for seq in range(1, end["seq"] + 1):
        stored = s.read(s.audit, "get-entry", seq)
        assert int.from_bytes(stored["entry"][:16], "big") == seq
        assert stored["entry"][36:68] == hashlib.sha256(serialize(s.registry)).digest()
        head = hashlib.sha256(head + stored["entry"]).digest()
        assert stored["head"] == head
    assert head == end["head"]
    assert end["seq"] == 5  # bootstrap, a gateway, three zones


def test_verify_chain_over_any_range(log: Settlement, rng: random.Random) -> None:
    heads = [GENESIS]
    for _ in range(40):
        record(log, 1, rng.randbytes(32)).ok()
        heads.append(log.read(log.audit, "get-head")["head"])
    for first, count in ((1, 1), (1, 32), (9, 32), (2, 3), (40, 1), (33, 8)):
        assert log.vm.read(log.audit, "verify-chain", first, count).ok() == heads[first + count - 1]
    for first, count in ((0, 1), (1, 0), (1, 33), (10, 32), (41, 1), (40, 2), (2**128 - 1, 1), (1, 2**128 - 1)):
        assert refusal(log.vm.read(log.audit, "verify-chain", first, count)) == "audit-log.ERR_RANGE"


def test_a_changed_entry_or_head_breaks_the_chain(log: Settlement, rng: random.Random) -> None:
    """Storage cannot be changed, so the step that verify-chain repeats is tried on changed copies."""
    for _ in range(2):
        record(log, 1, rng.randbytes(32)).ok()
    before = log.read(log.audit, "get-entry", 1)["head"]
    stored = log.read(log.audit, "get-entry", 2)
    assert log.vm.private(log.audit, "verify-link", before, stored).ok() == stored["head"]
    for position in range(100):
        entry = bytearray(stored["entry"])
        entry[position] ^= 1
        receipt = log.vm.private(log.audit, "verify-link", before, stored | {"entry": bytes(entry)})
        assert refusal(receipt) == "audit-log.ERR_BROKEN"
    for wrong in (
        log.vm.private(log.audit, "verify-link", GENESIS, stored),
        log.vm.private(log.audit, "verify-link", before, stored | {"head": before}),
    ):
        assert refusal(wrong) == "audit-log.ERR_BROKEN"


def test_only_writers_write(settlement: Settlement) -> None:
    s = settlement
    before = s.read(s.audit, "get-head")
    for sender in (s.deployer, STEWARD, GATEWAY, s.stranger):
        receipt = s.call(s.audit, "record", 1, bytes(32), sender=sender)
        assert refusal(receipt) == "audit-log.ERR_NOT_WRITER"
    look_alike = s.vm.deploy(
        "meter-data",
        s.stranger,
        f"""(define-public (forge) (contract-call? '{s.audit} record u200 (sha256 0x00)))""",
    )
    for sender in (s.stranger, GATEWAY, s.deployer):
        receipt = s.call(look_alike, "forge", sender=sender)
        assert refusal(receipt) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.audit, "get-head") == before


def test_topic_and_digest_have_their_widths(log: Settlement) -> None:
    assert refusal(record(log, 2**32, bytes(32))) == "audit-log.ERR_TOPIC"
    assert refusal(record(log, 1, bytes(31))) == "audit-log.ERR_DIGEST"
    assert refusal(record(log, 1, b"")) == "audit-log.ERR_DIGEST"
    assert record(log, 2**32 - 1, bytes(32)).ok() == 1


def test_only_the_deployer_bootstraps_once_and_keeps_no_power(bare: Settlement) -> None:
    s = bare
    assert refusal(s.call(s.audit, "record", 1, bytes(32), sender=s.deployer)) == "audit-log.ERR_NOT_WRITER"
    assert refusal(s.call(s.audit, "bootstrap", [s.stranger], sender=s.stranger)) == "audit-log.ERR_NOT_DEPLOYER"
    assert refusal(s.call(s.audit, "bootstrap", [], sender=s.deployer)) == "audit-log.ERR_NO_WRITER"
    s.call(s.audit, "bootstrap", [WRITER], sender=s.deployer).ok()
    assert refusal(s.call(s.audit, "bootstrap", [s.deployer], sender=s.deployer)) == "audit-log.ERR_BOOTSTRAPPED"
    assert refusal(s.call(s.audit, "record", 1, bytes(32), sender=s.deployer)) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.audit, "is-writer", WRITER) is True
    assert s.read(s.audit, "is-writer", s.deployer) is False
