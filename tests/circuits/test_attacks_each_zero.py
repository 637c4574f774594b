"""Forgeries of "in every slot one of these commits to zero", against naive forms and against ours."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from circuits import each_zero, zero
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from circuits.transcript import MODULUS, buffer_lists
from circuits.verdict import Check, ProofRejected
from circuits.zero import ZeroProof
from tests.circuits.zero_tools import HERE, THERE, G, answer, fixed, number, point, scaled_holds

Rows = Sequence[Sequence[bytes]]
SLOTS, BRANCHES = 3, 2
FALSE = [
    [commit(LIB, Opening(10 * k + s + 1, Scalar(100 + 10 * k + s))).to_bytes() for s in range(SLOTS)] for k in (0, 1)
]


def true_in(slots: Sequence[int]) -> tuple[list[list[bytes]], dict[int, int]]:
    """Lists whose second branch is zero in these slots only, and its blindings."""
    rows = [list(row) for row in FALSE]
    blindings = {s: 500 + s for s in slots}
    for s, blinding in blindings.items():
        rows[1][s] = (LIB.blinding * Scalar(blinding)).to_bytes()
    return rows, blindings


def each_hash(missing: str, context: bytes, branches: Rows, nonces: Rows) -> int:
    """What the shares add up to when the hash leaves something out."""
    parts = {"context": context, "branches": buffer_lists(branches), "nonces": buffer_lists(nonces)}
    text = b"".join(data for name, data in parts.items() if name != missing)
    return number(hashlib.sha256(each_zero.DOMAIN + text).digest()[16:])


def verdict(branches: Rows, proof: EachZeroProof, context: bytes = HERE) -> Check | None:
    try:
        each_zero.verify(LIB, branches, context, proof)
    except ProofRejected as found:
        return found.check
    return None


def equations_hold(branches: Rows, shares: Sequence[Sequence[int]], proof: EachZeroProof) -> bool:
    """All that a verifier checks which does not add up the shares. Shares are by branch, then slot."""
    return all(
        scaled_holds(branches[k][s], shares[k][s], ZeroProof(proof.nonces[k][s], proof.responses[k][s]))
        for k in range(len(branches))
        for s in range(len(branches[0]))
    )


def sent(nonces: Rows, shares: Sequence[Sequence[int]], responses: Rows) -> EachZeroProof:
    given = tuple(tuple(share.to_bytes(16, "big") for share in row) for row in shares[:-1])
    return EachZeroProof(tuple(map(tuple, nonces)), given, tuple(map(tuple, responses)))


def simulate(
    branches: Rows, shares: Sequence[Sequence[int]], rng: Random
) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """Nonces and responses that fit shares chosen beforehand, on every branch of every slot."""
    responses = [[fixed(rng.randrange(N)) for _ in row] for row in branches]
    nonces = [
        [
            zero.recovered(LIB, branch, share, number(z)).to_bytes()
            for branch, share, z in zip(row, row_shares, zs, strict=True)
        ]
        for row, row_shares, zs in zip(branches, shares, responses, strict=True)
    ]
    return nonces, responses


def random_shares(rng: Random) -> list[list[int]]:
    return [[rng.randrange(1, MODULUS) for _ in range(SLOTS)] for _ in range(BRANCHES)]


def honest() -> tuple[list[list[bytes]], EachZeroProof]:
    branches, blindings = true_in(range(SLOTS))
    known = [KnownZero(1, Scalar(blinding)) for blinding in blindings.values()]
    return branches, each_zero.prove(LIB, branches, known, HERE, bytes(32))


# The hash ------------------------------------------------------------------------------------------------------------


def test_shares_that_need_not_add_up() -> None:
    rng = Random(1)
    shares = random_shares(rng)
    nonces, responses = simulate(FALSE, shares, rng)
    forged = sent(nonces, shares, responses)
    assert equations_hold(FALSE, shares, forged)
    assert verdict(FALSE, forged) is Check.EQUATION


def test_shares_that_add_up_over_all_slots_only() -> None:
    """A true slot takes whatever share is left: it would pay for false ones if sums were not taken slot by slot."""
    rng, k = Random(2), 99
    branches, blindings = true_in([2])
    shares = random_shares(rng)
    nonces, responses = simulate(branches, shares, rng)
    nonces[1][2] = (G * Scalar(k)).to_bytes()
    whole = each_hash("none", HERE, branches, nonces)
    others = sum(sum(row) for row in shares) - shares[1][2]
    shares[1][2] = (SLOTS * whole - others) % MODULUS
    responses[1][2] = answer(branches[1][2], blindings[2], shares[1][2], k)
    forged = sent(nonces, shares, responses)
    assert equations_hold(branches, shares, forged)
    assert sum(sum(row) for row in shares) % MODULUS == SLOTS * whole % MODULUS
    assert verdict(branches, forged) is Check.EQUATION


def test_a_hash_without_the_nonces() -> None:
    rng = Random(3)
    shares = random_shares(rng)
    whole = each_hash("nonces", HERE, FALSE, [])
    shares[1] = [(whole - share) % MODULUS for share in shares[0]]
    nonces, responses = simulate(FALSE, shares, rng)
    forged = sent(nonces, shares, responses)
    assert equations_hold(FALSE, shares, forged)
    assert all(
        sum(column) % MODULUS == each_hash("nonces", HERE, FALSE, nonces) for column in zip(*shares, strict=True)
    )
    assert verdict(FALSE, forged) is Check.EQUATION


def test_a_hash_without_the_branches() -> None:
    """Plain Schnorr, z*G + R = h*C: with all nonces and so the sum fixed, the commitments may follow."""
    rng = Random(4)
    nonces = [[point(1, rng.randrange(N)) for _ in range(SLOTS)] for _ in range(BRANCHES)]
    encoded = [[nonce.to_bytes() for nonce in row] for row in nonces]
    whole = each_hash("branches", HERE, [], encoded)
    shares = random_shares(rng)
    shares[1] = [(whole - share) % MODULUS for share in shares[0]]
    z = [[rng.randrange(N) for _ in range(SLOTS)] for _ in range(BRANCHES)]
    made = [
        [(nonces[k][s] + G * Scalar(z[k][s])) * Scalar(pow(shares[k][s], -1, N)) for s in range(SLOTS)]
        for k in range(BRANCHES)
    ]
    for k in range(BRANCHES):
        for s in range(SLOTS):
            assert made[k][s] * Scalar(shares[k][s]) == nonces[k][s] + G * Scalar(z[k][s])  # yet it has 1/h on A
    branches = [[each.to_bytes() for each in row] for row in made]
    scaled = [
        [(nonces[k][s] * Scalar(pow(number(branches[k][s][1:]), -1, N))).to_bytes() for s in range(SLOTS)]
        for k in range(BRANCHES)
    ]
    for used in (encoded, scaled):
        assert verdict(branches, sent(used, shares, [[fixed(each) for each in row] for row in z])) is Check.EQUATION


@pytest.mark.parametrize("missing", ["context", "none"])
def test_a_hash_without_the_context(missing: str) -> None:
    """A true proof made by hand; without the context its challenge, and so the proof, serves anywhere."""
    rng, k = Random(5), 7
    branches, blindings = true_in(range(SLOTS))
    shares = random_shares(rng)
    nonces, responses = simulate(branches, shares, rng)
    nonces[1] = [(G * Scalar(k + s)).to_bytes() for s in range(SLOTS)]
    whole = each_hash(missing, HERE, branches, nonces)
    shares[1] = [(whole - share) % MODULUS for share in shares[0]]
    responses[1] = [answer(branches[1][s], blindings[s], shares[1][s], k + s) for s in range(SLOTS)]
    made = sent(nonces, shares, responses)
    assert equations_hold(branches, shares, made)
    assert (whole == each_hash(missing, THERE, branches, nonces)) is (missing == "context")
    assert verdict(branches, made) is (None if missing == "none" else Check.EQUATION)
    assert verdict(branches, made, THERE) is Check.EQUATION


def test_a_challenge_that_is_given_and_not_computed() -> None:
    """The shares of a proof seen in one context still add up to that context's challenge in another."""
    branches, proof = honest()
    whole = each_zero.challenge(HERE, branches, proof.nonces)
    shares = [[number(share) for share in proof.shares[0]]]
    shares.append([(whole - share) % MODULUS for share in shares[0]])
    assert equations_hold(branches, shares, proof)  # says nothing about a context
    assert whole != each_zero.challenge(THERE, branches, proof.nonces)
    assert verdict(branches, proof, THERE) is Check.EQUATION


# Slots and branches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", range(SLOTS))
def test_one_false_slot_among_true_ones(wrong: int) -> None:
    """By who proves as if that slot's value were not there: a verifier that leaves the slot out would accept."""
    branches, proof = honest()
    told = [list(row) for row in branches]
    told[1][wrong] = (LIB.value + LIB.blinding * Scalar(500 + wrong)).to_bytes()
    others = [s for s in range(SLOTS) if s != wrong]
    shares, responses = [list(row) for row in proof.shares], [list(row) for row in proof.responses]
    k = 11
    nonces = [list(row) for row in proof.nonces]
    nonces[1] = [(G * Scalar(k + s)).to_bytes() for s in range(SLOTS)]
    whole = each_zero.challenge(HERE, told, nonces)
    last = [(whole - number(shares[0][s])) % MODULUS for s in range(SLOTS)]
    responses[1] = [answer(told[1][s], 500 + s, last[s], k + s) for s in range(SLOTS)]
    forged = EachZeroProof(tuple(map(tuple, nonces)), tuple(map(tuple, shares)), tuple(map(tuple, responses)))
    given = [[number(share) for share in shares[0]], last]
    holds = [
        all(scaled_holds(told[k][s], given[k][s], ZeroProof(nonces[k][s], responses[k][s])) for k in (0, 1))
        for s in range(SLOTS)
    ]
    assert [s for s in range(SLOTS) if holds[s]] == others
    assert verdict(told, forged) is Check.EQUATION


def test_branches_or_slots_in_another_order() -> None:
    branches, proof = honest()
    assert verdict(branches, proof) is None
    assert verdict(branches[::-1], proof) is Check.EQUATION
    assert verdict([row[::-1] for row in branches], proof) is Check.EQUATION
    # with everything moved along: what was hashed is not what is hashed now
    moved = EachZeroProof(*(tuple(row[::-1] for row in part) for part in (proof.nonces, proof.shares, proof.responses)))
    assert verdict([row[::-1] for row in branches], moved) is Check.EQUATION
    flat = [item for row in branches for item in row]
    assert buffer_lists(branches) != buffer_lists([flat])  # nor can a list be cut in another way
    assert buffer_lists(branches) != buffer_lists([[*branches[0], branches[1][0]], branches[1][1:]])


def test_a_branch_of_another_slot() -> None:
    """Slot 0 shows slot 1's zero with the whole answer that belongs to it; then its own with that answer."""
    branches, proof = honest()
    borrowed = [[row[1], *row[1:]] for row in branches]
    assert verdict(borrowed, proof) is Check.EQUATION
    along = EachZeroProof(
        *(tuple((row[1], *row[1:]) for row in part) for part in (proof.nonces, proof.shares, proof.responses))
    )
    assert verdict(borrowed, along) is Check.EQUATION
    assert verdict(branches, along) is Check.EQUATION


def test_a_share_of_zero() -> None:
    """With a share of zero a branch holds whatever it commits to, and recovery in a contract cannot take it."""
    rng = Random(7)
    branches, proof = honest()
    z = rng.randrange(N)
    nonce = zero.recovered(LIB, branches[0][1], 0, z).to_bytes()
    assert scaled_holds(branches[0][1], 0, ZeroProof(nonce, fixed(z)))
    first = (proof.shares[0][0], bytes(16), proof.shares[0][2])
    assert verdict(branches, replace(proof, shares=(first,))) is Check.ZERO_CHALLENGE
    whole = each_zero.challenge(HERE, branches, proof.nonces).to_bytes(16, "big")
    last = (*proof.shares[0][:2], whole)  # leaves zero for the last branch of the last slot
    assert verdict(branches, replace(proof, shares=(last,))) is Check.ZERO_CHALLENGE


def test_every_byte() -> None:
    branches, proof = honest()
    rng = Random(8)
    rows = [*branches, *proof.nonces, *proof.shares, *proof.responses]
    for r, row in enumerate(rows):
        for s, data in enumerate(row):
            for at in rng.sample(range(len(data)), 6):
                flipped = bytearray(data)
                flipped[at] ^= rng.randrange(1, 256)
                now = [
                    [bytes(flipped) if (i, j) == (r, s) else d for j, d in enumerate(line)]
                    for i, line in enumerate(rows)
                ]
                forged = EachZeroProof(*(tuple(map(tuple, part)) for part in (now[2:4], now[4:5], now[5:])))
                assert verdict(now[:2], forged) in {Check.ENCODING, Check.EQUATION}


# What it shows, and what it does not ---------------------------------------------------------------------------------


def test_a_simulator_without_witness_is_accepted_by_the_oracle_it_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On branches of which none is zero: a proof says nothing but its statement. By the real hash it is a forgery."""
    rng = Random(9)
    whole = rng.randrange(MODULUS)
    shares = random_shares(rng)
    shares[1] = [(whole - share) % MODULUS for share in shares[0]]
    nonces, responses = simulate(FALSE, shares, rng)
    made = sent(nonces, shares, responses)
    assert verdict(FALSE, made) is Check.EQUATION
    monkeypatch.setattr("circuits.each_zero.challenge", lambda *_: whole)
    assert verdict(FALSE, made) is None


def test_two_answers_to_the_same_nonces_give_every_slots_blinding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extraction by rewinding: with another hash some share of every slot is another, and its branch opens to zero."""
    branches, blindings = true_in(range(SLOTS))
    known = [KnownZero(1, Scalar(blinding)) for blinding in blindings.values()]
    proofs, wholes = [], (12345, 2**100)
    for whole in wholes:
        monkeypatch.setattr("circuits.each_zero.challenge", lambda *_, whole=whole: whole)
        proofs.append(each_zero.prove(LIB, branches, known, HERE, bytes(32)))
    first, second = proofs
    assert first.nonces == second.nonces
    for s in range(SLOTS):
        assert first.shares[0][s] == second.shares[0][s]  # simulated before the hash
        shares = [whole - number(proof.shares[0][s]) for whole, proof in zip(wholes, proofs, strict=True)]
        responses = [number(proof.responses[1][s]) for proof in proofs]
        on_g = (responses[0] - responses[1]) * pow((shares[0] - shares[1]) % N, -1, N)
        assert (G * Scalar(on_g % N)).to_bytes() == branches[1][s]
        assert Scalar(-on_g * LIB.x.value % N) == known[s].blinding
