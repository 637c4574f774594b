"""Forgeries of "one of these commits to zero", against naive forms and against ours."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest

from circuits import bit, disjunction, zero
from circuits.disjunction import DisjunctionProof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.range_equation import Check, ProofRejected
from circuits.scalar import N, P, Scalar
from circuits.transcript import MODULUS
from circuits.zero import ZeroProof
from tests.circuits.zero_tools import (
    HERE,
    THERE,
    A,
    G,
    answer,
    any_hash,
    fixed,
    number,
    point,
    scaled_holds,
    verdict_any,
)

# Disjunction ---------------------------------------------------------------------------------------------------------

G_ZERO = (LIB.blinding * Scalar(5)).to_bytes()
FALSE = [commit(LIB, Opening(v, Scalar(v + 9))).to_bytes() for v in (3, 4, 5, 6)]


def simulate(branches: Sequence[bytes], shares: Sequence[int], rng: Random) -> tuple[list[bytes], list[bytes]]:
    """Nonces and responses that fit shares chosen beforehand."""
    responses = [rng.randrange(N) for _ in branches]
    nonces = [
        zero.recovered(LIB, branch, share, z).to_bytes()
        for branch, share, z in zip(branches, shares, responses, strict=True)
    ]
    return nonces, [fixed(z) for z in responses]


def each_holds(branches: Sequence[bytes], shares: Sequence[int], proof: DisjunctionProof) -> bool:
    """All that a verifier checks which does not add up the shares."""
    return all(
        scaled_holds(branch, share, ZeroProof(nonce, response))
        for branch, share, nonce, response in zip(branches, shares, proof.nonces, proof.responses, strict=True)
    )


def sent(shares: Sequence[int]) -> tuple[bytes, ...]:
    return tuple(share.to_bytes(16, "big") for share in shares[:-1])


@pytest.mark.parametrize("m", [2, 3, 4])
def test_each_branch_may_be_the_true_one_and_one_has_to(m: int) -> None:
    for index in range(m):
        branches = FALSE[:m]
        branches[index] = G_ZERO
        made = disjunction.prove(LIB, branches, index, Scalar(5), HERE, bytes(32))
        assert verdict_any(branches, HERE, made) is None
        assert verdict_any(FALSE[:m], HERE, made) is Check.EQUATION
        assert {len(s) for s in made.shares} == {16}
        for order in permutations(range(m)):
            moved = [branches[i] for i in order]
            assert verdict_any(moved, HERE, made) is (None if moved == branches else Check.EQUATION)
    with pytest.raises(ValueError, match="does not open"):
        disjunction.prove(LIB, FALSE[:m], 0, Scalar(12), HERE, bytes(32))


@pytest.mark.parametrize("m", [2, 3, 4])
def test_shares_that_need_not_add_up(m: int) -> None:
    """All branches simulated: each equation holds. The sum is what is missing."""
    rng, branches = Random(m), FALSE[:m]
    shares = [rng.randrange(1, MODULUS) for _ in branches]
    nonces, responses = simulate(branches, shares, rng)
    forged = DisjunctionProof(tuple(nonces), sent(shares), tuple(responses))
    assert each_holds(branches, shares, forged)
    assert verdict_any(branches, HERE, forged) is Check.EQUATION


@pytest.mark.parametrize("m", [2, 4])
def test_a_hash_without_the_nonces(m: int) -> None:
    rng, branches = Random(m), FALSE[:m]
    shares = [rng.randrange(1, MODULUS) for _ in branches[1:]]
    shares.append((any_hash("nonces", HERE, branches, []) - sum(shares)) % MODULUS)
    nonces, responses = simulate(branches, shares, rng)
    forged = DisjunctionProof(tuple(nonces), sent(shares), tuple(responses))
    assert each_holds(branches, shares, forged)
    assert sum(shares) % MODULUS == any_hash("nonces", HERE, branches, nonces)
    assert verdict_any(branches, HERE, forged) is Check.EQUATION


def test_a_hash_without_the_branches() -> None:
    """Plain Schnorr branches, z_i*G + R_i = h_i*C_i: with all R_i and so the sum fixed, each C_i may follow."""
    rng = Random(8)
    nonces = [point(1, rng.randrange(N)) for _ in range(2)]
    encoded = [nonce.to_bytes() for nonce in nonces]
    shares = [rng.randrange(1, MODULUS)]
    shares.append((any_hash("branches", HERE, [], encoded) - shares[0]) % MODULUS)
    z = [rng.randrange(N) for _ in nonces]
    branches = [
        (nonce + G * Scalar(each)) * Scalar(pow(share, -1, N))
        for nonce, each, share in zip(nonces, z, shares, strict=True)
    ]
    for branch, nonce, each, share in zip(branches, nonces, z, shares, strict=True):
        assert branch * Scalar(share) == nonce + G * Scalar(each)  # yet each has 1/h_i on A
    bytes_of = [branch.to_bytes() for branch in branches]
    scaled = [nonce * Scalar(pow(number(b[1:]), -1, N)) for nonce, b in zip(nonces, bytes_of, strict=True)]
    for used in (encoded, [nonce.to_bytes() for nonce in scaled]):
        forged = DisjunctionProof(tuple(used), sent(shares), tuple(fixed(each) for each in z))
        assert verdict_any(bytes_of, HERE, forged) is Check.EQUATION


@pytest.mark.parametrize("missing", ["context", "none"])
def test_a_hash_without_the_context(missing: str) -> None:
    """A true disjunction made by hand; without the context it serves anywhere."""
    rng, branches, k = Random(9), [FALSE[0], G_ZERO], 8
    first = rng.randrange(1, MODULUS)
    (nonce,), (response,) = simulate(branches[:1], [first], rng)
    nonces = [nonce, (G * Scalar(k)).to_bytes()]
    shares = [first, (any_hash(missing, HERE, branches, nonces) - first) % MODULUS]
    made = DisjunctionProof(tuple(nonces), sent(shares), (response, answer(G_ZERO, 5, shares[1], k)))
    assert each_holds(branches, shares, made)
    assert (sum(shares) % MODULUS == any_hash(missing, THERE, branches, nonces)) is (missing == "context")
    assert verdict_any(branches, HERE, made) is (None if missing == "none" else Check.EQUATION)
    assert verdict_any(branches, THERE, made) is Check.EQUATION


def test_all_shares_chosen_before_the_hash() -> None:
    """The share left over is what the hash makes it; the last one computed, any one replaced by it, none fits."""
    rng, branches = Random(5), FALSE[:3]
    for attempt in range(20):
        shares = [rng.randrange(1, MODULUS) for _ in branches]
        nonces, responses = simulate(branches, shares, rng)
        total = disjunction.challenge(HERE, branches, nonces)
        for left in range(3):
            others = sum(shares) - shares[left]
            patched = [*shares[:left], (total - others) % MODULUS, *shares[left + 1 :]]
            forged = DisjunctionProof(tuple(nonces), sent(patched), tuple(responses))
            assert verdict_any(branches, HERE, forged) is Check.EQUATION, attempt


def test_a_share_of_zero() -> None:
    """R = -z/x*G then, whatever the branch is: such a branch holds for nothing, and recovery in a contract cannot take
    it."""
    rng = Random(6)
    branches, z = [FALSE[0], FALSE[1]], rng.randrange(N)
    nonce = zero.recovered(LIB, branches[0], 0, z).to_bytes()
    assert scaled_holds(branches[0], 0, ZeroProof(nonce, fixed(z)))
    made = disjunction.prove(LIB, [FALSE[0], G_ZERO], 1, Scalar(5), HERE, bytes(32))
    forged = DisjunctionProof((nonce, made.nonces[1]), (bytes(16),), (fixed(z), made.responses[1]))
    assert verdict_any([FALSE[0], G_ZERO], HERE, forged) is Check.ZERO_CHALLENGE
    # the last share, made zero by the one before
    total = disjunction.challenge(HERE, branches, forged.nonces)
    forged = replace(forged, shares=(total.to_bytes(16, "big"),))
    assert verdict_any(branches, HERE, forged) is Check.ZERO_CHALLENGE


def test_every_byte_of_a_disjunction() -> None:
    branches = [FALSE[0], G_ZERO]
    made = disjunction.prove(LIB, branches, 1, Scalar(5), HERE, bytes(32))
    assert verdict_any(branches, HERE, made) is None
    parts = [*branches, *made.nonces, *made.shares, *made.responses]
    rng = Random(4)
    for part, data in enumerate(parts):
        for at in range(len(data)):
            flipped = bytearray(data)
            flipped[at] ^= rng.randrange(1, 256)
            now = [bytes(flipped) if i == part else old for i, old in enumerate(parts)]
            proof = DisjunctionProof(tuple(now[2:4]), (now[4],), tuple(now[5:]))
            assert verdict_any(now[:2], HERE, proof) in {Check.ENCODING, Check.EQUATION}


CHANGES: dict[str, tuple[Callable[[DisjunctionProof], DisjunctionProof], Check]] = {
    "no share": (lambda p: replace(p, shares=()), Check.LENGTH),
    "a share for each": (lambda p: replace(p, shares=p.shares * 2), Check.LENGTH),
    "a nonce less": (lambda p: replace(p, nonces=p.nonces[:1]), Check.LENGTH),
    "a response more": (lambda p: replace(p, responses=(*p.responses, p.responses[0])), Check.LENGTH),
    "15 bytes": (lambda p: replace(p, shares=(p.shares[0][1:],)), Check.ENCODING),
    "17 bytes": (lambda p: replace(p, shares=(b"\0" + p.shares[0],)), Check.ENCODING),
    "32 bytes": (lambda p: replace(p, shares=(bytes(16) + p.shares[0],)), Check.ENCODING),
    "response of N": (lambda p: replace(p, responses=(N.to_bytes(32, "big"), p.responses[1])), Check.ENCODING),
}


@pytest.mark.parametrize(("change", "check"), CHANGES.values(), ids=CHANGES.keys())
def test_disjunctions_of_wrong_form(change: Callable[[DisjunctionProof], DisjunctionProof], check: Check) -> None:
    branches = [FALSE[0], G_ZERO]
    made = disjunction.prove(LIB, branches, 1, Scalar(5), HERE, bytes(32))
    assert verdict_any(branches, HERE, change(made)) is check
    assert verdict_any([G_ZERO], HERE, made) is Check.LENGTH
    assert verdict_any([*branches, G_ZERO], HERE, made) is Check.LENGTH


def test_no_branch_alone_is_a_disjunction() -> None:
    lone = DisjunctionProof((), (), ())
    assert verdict_any([], HERE, lone) is Check.LENGTH
    made = zero.prove(LIB, Scalar(5), HERE, bytes(32))
    assert verdict_any([G_ZERO], HERE, DisjunctionProof((made.nonce,), (), (made.response,))) is Check.LENGTH


def verdict_bit(commitment: bytes, proof: bit.BitProof) -> Check | None:
    try:
        bit.verify(LIB, commitment, HERE, proof)
    except ProofRejected as rejected:
        return rejected.check
    return None


@pytest.mark.parametrize("value", [0, 1, 2, 3, N - 1, 2**64])
def test_a_bit_is_zero_or_one(value: int) -> None:
    blinding = Scalar(77)
    commitment = (A * Scalar(value) + LIB.blinding * blinding).to_bytes()
    for claimed in (0, 1):
        made = bit.prove(LIB, Opening(claimed, blinding), HERE, bytes(32))
        hint = pow((A.xy()[0] - LibPoint.from_bytes_checked(commitment).xy()[0]) % P, -1, P).to_bytes(32, "big")
        assert verdict_bit(commitment, replace(made, hints=(hint,))) is (None if value == claimed else Check.EQUATION)


def test_which_branch_is_true_does_not_show() -> None:
    """Lengths, prefixes and repetition of proofs for 0 and for 1."""
    seen = []
    for claimed in (0, 1):
        for i in range(60):
            made = bit.prove(LIB, Opening(claimed, Scalar(1000 + i)), HERE, bytes(31) + bytes([i]))
            assert [len(p) for p in made.points] == [33, 33]
            assert [len(s) for s in made.scalars] == [32, 32, 32]
            seen += [made.points[0][1:], made.points[1][1:], made.scalars[0][16:], *made.scalars[1:]]
    for half in (seen[:300], seen[300:]):
        assert abs(sum(piece[0] >> 7 for piece in half) - 150) < 5 * 75**0.5
    pieces = [piece[i : i + 6] for piece in seen for i in range(len(piece) - 5)]
    assert len(set(pieces)) == len(pieces)
