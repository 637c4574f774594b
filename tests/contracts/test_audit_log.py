"""audit-log: its bytes, its chain, and who may write."""

from __future__ import annotations

import hashlib
import random

import pytest

from appliance.chain.address import Address, Contract, Network
from appliance.chain.clarity import serialize
from tests.contracts.errors import error_name
from tests.contracts.settlement import GATEWAY, STEWARD, Settlement
from tests.contracts.vm import Receipt, VmError, value

GENESIS = bytes(32)
BOOTSTRAP = 900

PEN = """
(define-public (write (topic uint) (digest (buff 32))) (contract-call? .audit-log record topic digest))
"""


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


@pytest.fixture
def log(bare: Settlement) -> Settlement:
    """A log that the contract `pen` writes to, which passes on whatever it is given."""
    pen = bare.vm.deploy("pen", bare.deployer, PEN)
    bare.call(bare.audit, "bootstrap", [pen], sender=bare.deployer).ok()
    return bare


def pen(log: Settlement) -> Contract:
    return Contract(log.deployer, "pen")


def record(log: Settlement, topic: int, digest: bytes) -> Receipt:
    return log.call(pen(log), "write", topic, digest, sender=log.stranger)


def entry_bytes(seq: int, height: int, topic: int, writer: Contract, digest: bytes) -> bytes:
    """An entry as the contract's head comment lays it out."""
    writer_hash = hashlib.sha256(serialize(writer)).digest()
    return seq.to_bytes(16, "big") + height.to_bytes(16, "big") + topic.to_bytes(4, "big") + writer_hash + digest


def test_every_byte_of_an_entry_and_every_head(log: Settlement, rng: random.Random) -> None:
    head = log.read(log.audit, "get-head")["head"]
    for seq in range(2, 7):
        topic, digest = rng.randrange(2**32), rng.randbytes(32)
        log.vm.mine(rng.randrange(1, 4))
        receipt = record(log, topic, digest)
        assert receipt.ok() == seq
        entry = entry_bytes(seq, log.vm.height(), topic, pen(log), digest)
        assert len(entry) == 100
        head = hashlib.sha256(head + entry).digest()
        assert log.read(log.audit, "get-entry", seq) == {"entry": entry, "head": head}
        assert log.read(log.audit, "get-head") == {"seq": seq, "head": head}
        (event,) = receipt.prints
        assert event.contract == str(log.audit)
        assert event.value == value({"topic": "audit-entry", "seq": seq, "entry": entry, "head": head})
    assert log.read(log.audit, "get-entry", 0) is None
    assert log.read(log.audit, "get-entry", 7) is None


def test_the_bootstrap_is_the_first_entry(bare: Settlement) -> None:
    """Digest of the event that names the writers; the writer of the entry is the log itself."""
    s = bare
    assert s.read(s.audit, "get-head") == {"seq": 0, "head": GENESIS}
    writers = [s.registry, s.meter_data, s.registry]  # twice is once
    receipt = s.call(s.audit, "bootstrap", writers, sender=s.deployer)
    assert receipt.ok() is True
    bootstrapped = value({"topic": "audit-bootstrap", "writers": writers})
    digest = hashlib.sha256(serialize(bootstrapped)).digest()
    entry = entry_bytes(1, s.vm.height(), BOOTSTRAP, s.audit, digest)
    head = hashlib.sha256(GENESIS + entry).digest()
    assert s.read(s.audit, "get-entry", 1) == {"entry": entry, "head": head}
    assert s.read(s.audit, "get-head") == {"seq": 1, "head": head}
    assert s.read(s.audit, "get-entry", 2) is None
    assert s.vm.read(s.audit, "verify-chain", 1, 1).ok() == head
    recorded = value({"topic": "audit-entry", "seq": 1, "entry": entry, "head": head})
    assert [event.value for event in receipt.prints] == [bootstrapped, recorded]
    assert [s.read(s.audit, "is-writer", who) for who in (s.registry, s.meter_data)] == [True, True]
    assert s.read(s.audit, "is-writer", s.audit) is False


def test_the_chain_of_a_whole_settlement_recomputed(settlement: Settlement) -> None:
    s = settlement
    s.zone(9, 16)
    end = s.read(s.audit, "get-head")
    head = GENESIS
    topics = []
    for seq in range(1, end["seq"] + 1):
        stored = s.read(s.audit, "get-entry", seq)
        assert int.from_bytes(stored["entry"][:16], "big") == seq
        topics.append(int.from_bytes(stored["entry"][32:36], "big"))
        assert stored["entry"][36:68] == hashlib.sha256(serialize(s.audit if seq == 1 else s.registry)).digest()
        head = hashlib.sha256(head + stored["entry"]).digest()
        assert stored["head"] == head
    assert head == end["head"]
    roles = [104, 105] * 5  # a provider, an agent, three treasurers; the first steward's call and the second's
    zones = [104, 102, 104, 106, 104, 102, *[104, 106] * 4, 104, 102, 104, 106]  # zones, 16 dwellings at once
    assert topics == [BOOTSTRAP, 100, *roles, 101, *zones]
    assert s.vm.read(s.audit, "verify-chain", 1, len(topics)).ok() == head


def test_verify_chain_over_any_range(log: Settlement, rng: random.Random) -> None:
    heads = [GENESIS, log.read(log.audit, "get-head")["head"]]
    for _ in range(39):
        record(log, 1, rng.randbytes(32)).ok()
        heads.append(log.read(log.audit, "get-head")["head"])
    for first, count in ((1, 1), (1, 32), (9, 32), (2, 3), (40, 1), (33, 8)):
        assert log.vm.read(log.audit, "verify-chain", first, count).ok() == heads[first + count - 1]
    for first, count in ((0, 1), (1, 0), (1, 33), (10, 32), (41, 1), (40, 2), (2**128 - 1, 1), (1, 2**128 - 1)):
        assert refusal(log.vm.read(log.audit, "verify-chain", first, count)) == "audit-log.ERR_RANGE"


def test_a_changed_entry_or_head_breaks_the_chain(log: Settlement, rng: random.Random) -> None:
    """Storage cannot be changed, so the step that verify-chain repeats is tried on changed copies."""
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
    assert record(log, 2**32 - 1, bytes(32)).ok() == 2


def test_only_the_deployer_bootstraps_once_and_keeps_no_power(bare: Settlement) -> None:
    s = bare
    assert refusal(s.call(s.audit, "record", 1, bytes(32), sender=s.deployer)) == "audit-log.ERR_NOT_WRITER"
    for sender in (s.stranger, STEWARD):
        assert refusal(s.call(s.audit, "bootstrap", [s.registry], sender=sender)) == "audit-log.ERR_NOT_DEPLOYER"
    assert refusal(s.call(s.audit, "bootstrap", [], sender=s.deployer)) == "audit-log.ERR_NO_WRITER"
    s.call(s.audit, "bootstrap", [s.registry], sender=s.deployer).ok()
    head = s.read(s.audit, "get-head")
    for writers in ([s.meter_data], [s.registry]):
        assert refusal(s.call(s.audit, "bootstrap", writers, sender=s.deployer)) == "audit-log.ERR_BOOTSTRAPPED"
    assert refusal(s.call(s.audit, "record", 1, bytes(32), sender=s.deployer)) == "audit-log.ERR_NOT_WRITER"
    assert s.read(s.audit, "is-writer", s.registry) is True
    assert s.read(s.audit, "is-writer", s.meter_data) is False
    assert s.read(s.audit, "get-head") == head


def test_no_person_is_a_writer(bare: Settlement) -> None:
    """Nor what looks like a contract but is of another network, where no call could come from it."""
    s = bare
    mainnet = Address(Network.MAINNET.address_version, s.deployer.hash160)
    for person in (s.deployer, s.stranger, STEWARD, mainnet, Contract(mainnet, "meter-data")):
        for writers in (
            [person],
            [person, s.registry],
            [s.registry, s.meter_data, person],
            [s.registry] * 15 + [person],
        ):
            receipt = s.call(s.audit, "bootstrap", writers, sender=s.deployer)
            assert refusal(receipt) == "audit-log.ERR_NOT_CONTRACT"
            assert receipt.prints == ()
        assert s.read(s.audit, "is-writer", person) is False
    assert s.read(s.audit, "get-head") == {"seq": 0, "head": GENESIS}
    s.call(s.audit, "bootstrap", [s.registry] * 16, sender=s.deployer).ok()


def test_the_private_door_to_the_chain_is_shut(settlement: Settlement) -> None:
    """What bootstrap and record share cannot be called from outside."""
    s = settlement
    before = s.read(s.audit, "get-head")
    with pytest.raises(VmError):
        s.call(s.audit, "append-entry", 1, s.registry, bytes(32), sender=s.deployer)
    assert s.read(s.audit, "get-head") == before
