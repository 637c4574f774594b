"""The appliance's codec against @stacks/transactions 7.6.0, c32check 2.0.0 and the contract VM."""

import pytest

from appliance.chain.clarity import TRUE, Buffer, Optional, Tuple, deserialize, serialize
from appliance.chain.transaction import PrivateKey, SignatureError
from appliance.chain.transaction import deserialize as deserialize_transaction

from .descriptions import ANY_NAME, Description, Draw, literal, transaction, value
from .oracle import Oracle


@pytest.mark.parametrize("seed", range(12))
def test_transactions_are_those_of_the_library(oracle: Oracle, seed: int) -> None:
    draw = Draw(seed)
    descriptions = [draw.transaction() for _ in range(200)]
    answers = oracle.ask("transactions", descriptions)
    for description, theirs in zip(descriptions, answers, strict=True):
        ours = transaction(description)
        raw = ours.serialize()
        assert raw.hex() == theirs["raw"], description
        assert ours.txid() == theirs["txid"]
        assert ours.origin_address.c32() == theirs["sender"]
        read = deserialize_transaction(raw)
        assert read == ours
        assert read.serialize() == raw
        read.verify()
        assert read.verify_origin() == PrivateKey(bytes.fromhex(description["key"])[:32]).public_key


def test_the_generated_transactions_reach_every_kind() -> None:
    found = [description for seed in range(12) for description in _descriptions(seed)]
    for network in ("mainnet", "testnet"):
        for sponsored in (False, True):
            of = [d for d in found if d["network"] == network and (d["sponsor"] is not None) is sponsored]
            assert {d["kind"] for d in of} == {"call", "deploy", "transfer"}
            assert {d["mode"] for d in of} == {"allow", "deny", "originator"}
            conditions = {(c["type"], c["condition"]) for d in of for c in d["conditions"]}
            assert len(conditions) == 5 + 5 + 3
    assert len(found) >= 2000


def _descriptions(seed: int) -> list[Description]:
    draw = Draw(seed)
    return [draw.transaction() for _ in range(200)]


def test_the_library_reads_what_the_appliance_writes(oracle: Oracle) -> None:
    draw = Draw(99)
    ours = [transaction(draw.transaction()) for _ in range(100)]
    answers = oracle.ask("reread_transaction", [t.serialize().hex() for t in ours])
    assert answers == [{"raw": t.serialize().hex(), "txid": t.txid()} for t in ours]


def test_a_transaction_that_a_wallet_signed_is_sponsored(oracle: Oracle) -> None:
    draw = Draw(7)
    waiting = [d for d in (draw.transaction() for _ in range(100)) if d["sponsor"] is not None]
    complete = oracle.ask("transactions", waiting)
    for description, raw, theirs in zip(waiting, oracle.ask("awaiting_sponsor", waiting), complete, strict=True):
        paying = PrivateKey(bytes.fromhex(description["sponsor"]["key"])[:32])
        read = deserialize_transaction(bytes.fromhex(raw))
        with pytest.raises(SignatureError):
            read.verify()
        done = read.sign_sponsor(
            paying, nonce=int(description["sponsor"]["nonce"]), fee=int(description["sponsor"]["fee"])
        )
        assert done.serialize().hex() == theirs["raw"]


def test_values_are_those_of_the_library(oracle: Oracle) -> None:
    draw = Draw(1)
    descriptions = [draw.value(draw.shape(draw.rng.randint(1, 8))) for _ in range(2000)]
    for description, theirs in zip(descriptions, oracle.ask("values", descriptions), strict=True):
        ours = value(description)
        assert serialize(ours).hex() == theirs
        assert deserialize(bytes.fromhex(theirs)) == ours


@pytest.mark.parametrize("seed", range(4))
def test_values_pass_through_the_vm(oracle: Oracle, seed: int) -> None:
    """The VM reads our bytes as the type they are of, finds them equal to the same value written as Clarity source,
    and writes them again; it orders tuple keys by bytes, over the whole alphabet of names."""
    draw = Draw(seed, ANY_NAME)
    snippets, expected = [], []
    for _ in range(400):
        shape = draw.shape(draw.rng.randint(1, 5))
        description = draw.value(shape)
        ours = serialize(value(description))
        read = f"(from-consensus-buff? {shape.clarity()} 0x{ours.hex()})"
        snippets.append(
            f"(let ((read {read})) {{same: (is-eq read (some {literal(description)})), "
            f"again: (to-consensus-buff? (unwrap-panic read))}})"
        )
        expected.append(ours)
    for snippet, ours, answer in zip(snippets, expected, oracle.ask("evaluate", snippets), strict=True):
        found = deserialize(bytes.fromhex(answer))
        assert found == Tuple.of({"same": TRUE, "again": Optional(Buffer(ours))}), snippet
