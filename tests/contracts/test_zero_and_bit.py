"""privacy-proof: "commits to zero" and "commits to 0 or 1", and what forgers try."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest

from circuits import bit, disjunction, zero
from circuits.bit import BitProof
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.transcript import MODULUS, buffers
from circuits.verdict import ProofRejected
from circuits.zero import ZeroProof
from tests.contracts.privacy import CONTEXT, Proof, deploy, no_points, not_scalars, off_curve_x, refusal
from tests.contracts.vm import Machine

ELSEWHERE = bytes(32)
A, G = LIB.value, LibPoint.generator()


def opposite(point: bytes) -> bytes:
    return bytes([point[0] ^ 1]) + point[1:]


def fixed(number: int) -> bytes:
    return (number % N).to_bytes(32, "big")


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def zero_of(rng: random.Random, blinding: Scalar, context: bytes = CONTEXT) -> tuple[bytes, ZeroProof]:
    return (LIB.blinding * blinding).to_bytes(), zero.prove(LIB, blinding, context, rng.randbytes(32))


def simulated(commitment: LibPoint, challenge: int, response: int) -> bytes:
    """The nonce point to which a response leads, for a challenge known beforehand: x_C^-1 * (h*C - z*G)."""
    inverse = Scalar(pow(number(commitment.to_bytes()[1:]), -1, N))
    return ((commitment * Scalar(challenge) - G * Scalar(response)) * inverse).to_bytes()


# ------------------------------------------------------------------------------------------------ zero


def test_true_zeros(proof: Proof, rng: random.Random) -> None:
    for blinding in (Scalar(1), Scalar(N - 1), *(Scalar(rng.randrange(1, N)) for _ in range(10))):
        commitment, made = zero_of(rng, blinding)
        assert proof.zero(commitment, made.nonce, made.response).ok() is True
    # the checker that shares no curve arithmetic with the prover agrees
    zero.verify(bases(ReferencePoint), commitment, CONTEXT, made)
    assert proof.verify("zero", [commitment], None, [made.nonce], [made.response]).ok() is True


def test_a_zero_is_shown_for_one_context_and_one_commitment(proof: Proof, rng: random.Random) -> None:
    blinding = Scalar(rng.randrange(1, N))
    commitment, made = zero_of(rng, blinding)
    other, other_made = zero_of(rng, blinding + Scalar(1))
    for args in (
        (commitment, made.nonce, made.response, ELSEWHERE),
        (opposite(commitment), made.nonce, made.response),
        (other, made.nonce, made.response),
        ((commit(LIB, Opening(0, blinding)) + A).to_bytes(), made.nonce, made.response),
        (commitment, opposite(made.nonce), made.response),
        (commitment, other_made.nonce, made.response),
        (commitment, commitment, made.response),
        (commitment, made.nonce, other_made.response),
        (commitment, made.nonce, fixed(-number(made.response))),
        (commitment, made.nonce, fixed(number(made.response) + 1)),
        (commitment, made.nonce, bytes(32)),
    ):
        assert refusal(proof.zero(*args)) == "ERR_EQUATION"
    for ctx in (b"", CONTEXT[:31]):
        assert refusal(proof.zero(commitment, made.nonce, made.response, ctx)) == "ERR_LENGTH"


@pytest.mark.parametrize("value", [1, 2, 2**20, N - 1])
def test_other_values_with_an_honest_prover_s_steps(proof: Proof, rng: random.Random, value: int) -> None:
    """The prover's own algorithm, on a commitment to something else."""
    blinding = Scalar(rng.randrange(1, N))
    commitment = (A * Scalar(value) + LIB.blinding * blinding).to_bytes()
    k = rng.randrange(1, N)
    nonce = (G * Scalar(k)).to_bytes()
    challenge = zero.challenge(CONTEXT, commitment, nonce)
    response = zero.respond(LIB, blinding, zero.x_of(commitment), challenge, k)
    assert refusal(proof.zero(commitment, nonce, response)) == "ERR_EQUATION"


def test_zero_proofs_have_one_encoding(proof: Proof, rng: random.Random) -> None:
    commitment, made = zero_of(rng, Scalar(7))
    for bad in no_points(rng, commitment):
        assert refusal(proof.zero(bad, made.nonce, made.response)) == "ERR_ENCODING"
        assert refusal(proof.zero(commitment, bad, made.response)) == "ERR_ENCODING"
        assert refusal(proof.zero(bad, bad, made.response)) == "ERR_ENCODING"
    for scalar in not_scalars():
        assert refusal(proof.zero(commitment, made.nonce, scalar)) == "ERR_ENCODING"


def test_where_recovery_finds_nothing_nothing_matches_it(proof: Proof, rng: random.Random) -> None:
    """Neither bytes that are no point, nor a response that leads to infinity, agrees with any nonce."""
    for nothing in (bytes(33), b"\x02" + bytes(32), b"\x03" + bytes(32), b""):
        for x in (0, off_curve_x(rng), P, 2**256 - 1):
            commitment = b"\x02" + x.to_bytes(32, "big")
            assert refusal(proof.zero(commitment, nothing, bytes(32))) == "ERR_ENCODING"
        commitment, _ = zero_of(rng, Scalar(7))
        c = -7 * LIB.x.inverse().value
        to_infinity = fixed(zero.challenge(CONTEXT, commitment, nothing) * c)
        assert refusal(proof.zero(commitment, nothing, to_infinity)) == "ERR_ENCODING"


def test_an_x_that_recovery_refuses(proof: Proof, rng: random.Random) -> None:
    """N and above, below p: points that no blinding anybody knows leads to."""
    x = N
    while True:
        try:
            point = LibPoint.from_x_even(x).to_bytes()
            break
        except EncodingError:
            x += 1
    assert x < P
    _, made = zero_of(rng, Scalar(7))
    assert refusal(proof.zero(point, made.nonce, made.response)) == "ERR_ENCODING"
    assert refusal(proof.opens(point, 0, bytes(31) + b"\x05")) == "ERR_OPENING"
    assert refusal(proof.line([point], 100, 0, b"")) == "ERR_ENCODING"
    with pytest.raises(ProofRejected, match="encoding"):
        zero.verify(LIB, point, CONTEXT, made)


def test_challenges_that_are_no_challenges(proof: Proof, rng: random.Random) -> None:
    """No hash that anybody finds is zero or above N: asked of the step behind it."""
    commitment, made = zero_of(rng, Scalar(7))

    def step(challenge: bytes) -> str:
        args = (commitment, made.nonce, challenge, made.response)
        return refusal(proof.vm.private(proof.contract, "shows-zero", *args))

    for challenge in (bytes(32), N.to_bytes(32, "big"), b"\xff" * 32):
        assert step(challenge) == "ERR_ZERO_CHALLENGE"
    assert step(fixed(1)) == "ERR_EQUATION"
    zero_response = fixed(0)  # with a challenge of zero and this response any commitment would lead to infinity
    args = (commitment, made.nonce, bytes(32), zero_response)
    assert refusal(proof.vm.private(proof.contract, "shows-zero", *args)) == "ERR_ZERO_CHALLENGE"


ZERO_HASH = "(concat ZERO_DOMAIN ctx commitment nonce)"


def test_a_hash_without_the_nonce_shows_anything(machine: Machine, proof: Proof, rng: random.Random) -> None:
    """Response first, nonce afterwards: the mutated contract takes a million for zero, ours does not."""
    weak = deploy(machine, "a hash without the nonce", (ZERO_HASH, "(concat ZERO_DOMAIN ctx commitment)"))
    point = commit(LIB, Opening(10**6, Scalar(rng.randrange(1, N))))
    commitment, response = point.to_bytes(), rng.randrange(N)
    challenge = number(hashlib.sha256(zero.DOMAIN + CONTEXT + commitment).digest())
    nonce = simulated(point, challenge, response)
    assert weak.zero(commitment, nonce, fixed(response)).ok() is True
    assert refusal(proof.zero(commitment, nonce, fixed(response))) == "ERR_EQUATION"


def test_a_hash_without_the_context_is_good_everywhere(machine: Machine, proof: Proof, rng: random.Random) -> None:
    weak = deploy(machine, "a hash without the context", (ZERO_HASH, "(concat ZERO_DOMAIN commitment nonce)"))
    blinding, k = Scalar(rng.randrange(1, N)), rng.randrange(1, N)
    commitment, nonce = (LIB.blinding * blinding).to_bytes(), (G * Scalar(k)).to_bytes()
    challenge = number(hashlib.sha256(zero.DOMAIN + commitment + nonce).digest())
    response = zero.respond(LIB, blinding, zero.x_of(commitment), challenge, k)
    assert weak.zero(commitment, nonce, response, CONTEXT).ok() is True
    assert weak.zero(commitment, nonce, response, ELSEWHERE).ok() is True
    for context in (CONTEXT, ELSEWHERE):
        assert refusal(proof.zero(commitment, nonce, response, context)) == "ERR_EQUATION"


def test_plain_schnorr_without_the_commitment_in_its_hash(proof: Proof, rng: random.Random) -> None:
    """z*G + R = h*C with h over context and R alone: C = (R + z*G)/h follows and commits to 1/h.

    With R scaled by x_C, as in ours, C would have to be known first; the hash covers it all the same.
    """
    nonce, z = A + G * Scalar(rng.randrange(N)), rng.randrange(N)
    challenge = number(hashlib.sha256(zero.DOMAIN + CONTEXT + nonce.to_bytes()).digest())
    point = (nonce + G * Scalar(z)) * Scalar(pow(challenge, -1, N))
    assert point * Scalar(challenge) == nonce + G * Scalar(z)
    commitment = point.to_bytes()
    x = number(commitment[1:])
    for scaled in (nonce, nonce * Scalar(pow(x, -1, N)), nonce * Scalar(x % N)):
        for response in (z, -z, z * x, z * pow(x, -1, N)):
            assert refusal(proof.zero(commitment, scaled.to_bytes(), fixed(response))) == "ERR_EQUATION"


# ------------------------------------------------------------------------------------------------ bit


def bit_of(rng: random.Random, value: int, context: bytes = CONTEXT) -> tuple[bytes, BitProof]:
    opening = Opening(value, Scalar(rng.randrange(1, N)))
    return commit(LIB, opening).to_bytes(), bit.prove(LIB, opening, context, rng.randbytes(32))


def ask(proof: Proof, commitment: bytes, made: BitProof, context: bytes = CONTEXT) -> str:
    receipt = proof.verify("bit", [commitment], None, made.points, made.scalars, made.hints, context)
    typed = proof.vm.read(
        proof.contract, "verify-bit", context, commitment, list(made.points), list(made.scalars), list(made.hints)
    )
    assert receipt.result == typed.result
    return "ok" if str(receipt.result).startswith("ResponseOk") else refusal(receipt)


@pytest.mark.parametrize("value", [0, 1])
def test_both_bits(proof: Proof, rng: random.Random, value: int) -> None:
    for _ in range(4):
        commitment, made = bit_of(rng, value)
        assert ask(proof, commitment, made) == "ok"
    bit.verify(bases(ReferencePoint), commitment, CONTEXT, made)


@pytest.mark.parametrize("value", [0, 1])
def test_a_bit_is_shown_for_one_context_and_one_commitment(proof: Proof, rng: random.Random, value: int) -> None:
    commitment, made = bit_of(rng, value)
    other, other_made = bit_of(rng, value)
    assert ask(proof, commitment, made, ELSEWHERE) == "ERR_EQUATION"
    assert ask(proof, opposite(commitment), made) == "ERR_EQUATION"  # same x, so the same hint
    assert ask(proof, other, replace(made, hints=other_made.hints)) == "ERR_EQUATION"
    assert ask(proof, other, made) == "ERR_HINT"
    (share, first, second), (r0, r1) = made.scalars, made.points
    for points, scalars in (
        ((r1, r0), made.scalars),
        ((opposite(r0), r1), made.scalars),
        ((r0, opposite(r1)), made.scalars),
        (made.points, (share, second, first)),
        (made.points, (share, first, fixed(number(second) + 1))),
        (made.points, (share, fixed(number(first) + 1), second)),
        (made.points, (fixed(number(share) ^ 1), first, second)),
    ):
        assert ask(proof, commitment, BitProof(points, scalars, made.hints)) == "ERR_EQUATION"


@pytest.mark.parametrize("value", [2, 3, 2**20, N - 1])
def test_no_other_value_is_a_bit(proof: Proof, rng: random.Random, value: int) -> None:
    """One branch simulated as it should be, the other by its prover's own steps: neither commits to zero."""
    blinding = Scalar(rng.randrange(1, N))
    point = A * Scalar(value) + LIB.blinding * blinding
    branches = (point.to_bytes(), (point - A).to_bytes())
    for honest in (0, 1):
        k, share, response = rng.randrange(1, N), rng.randrange(1, MODULUS), rng.randrange(N)
        nonces = [(G * Scalar(k)).to_bytes()] * 2
        nonces[1 - honest] = simulated((point, point - A)[1 - honest], share, response)
        rest = (disjunction.challenge(CONTEXT, branches, nonces) - share) % MODULUS
        answer = zero.respond(LIB, blinding, zero.x_of(branches[honest]), rest, k)
        shares = (rest, share) if honest == 0 else (share, rest)
        responses = (answer, fixed(response)) if honest == 0 else (fixed(response), answer)
        made = BitProof(tuple(nonces), (fixed(shares[0]), *responses), (bit.hint(LIB, point),))
        assert ask(proof, point.to_bytes(), made) == "ERR_EQUATION"


def test_shares_of_zero(proof: Proof, rng: random.Random) -> None:
    """A share of zero would make its branch a matter of choice; both can be reached by anyone who hashes."""
    point = A * Scalar(5) + LIB.blinding * Scalar(9)
    branches = (point.to_bytes(), (point - A).to_bytes())
    nonces = tuple((G * Scalar(rng.randrange(1, N))).to_bytes() for _ in range(2))
    whole = disjunction.challenge(CONTEXT, branches, nonces)
    hint = (bit.hint(LIB, point),)
    none = BitProof(nonces, (bytes(32), fixed(5), fixed(6)), hint)
    assert ask(proof, branches[0], none) == "ERR_ZERO_CHALLENGE"
    # the first branch answered for the whole hash, as an honest prover of zero: the second has a share of zero
    commitment = (LIB.blinding * Scalar(9)).to_bytes()
    branches = (commitment, (LIB.blinding * Scalar(9) - A).to_bytes())
    k = rng.randrange(1, N)
    nonces = ((G * Scalar(k)).to_bytes(), nonces[1])
    whole = disjunction.challenge(CONTEXT, branches, nonces)
    response = zero.respond(LIB, Scalar(9), zero.x_of(commitment), whole, k)
    all_of_it = BitProof(nonces, (fixed(whole), response, fixed(6)), (bit.hint(LIB, LIB.blinding * Scalar(9)),))
    assert ask(proof, commitment, all_of_it) == "ERR_ZERO_CHALLENGE"


def test_bit_proofs_have_one_encoding(proof: Proof, rng: random.Random) -> None:
    commitment, made = bit_of(rng, 1)
    for bad in no_points(rng, commitment):
        assert ask(proof, bad, made) == "ERR_ENCODING"
        for points in ((bad, made.points[1]), (made.points[0], bad)):
            # another nonce is another hash: the honest branch fails first, for whatever reason
            assert ask(proof, commitment, replace(made, points=points)) in ("ERR_ENCODING", "ERR_EQUATION")
    share, first, second = made.scalars
    for scalars in (
        (b"\x01" + share[1:], first, second),
        ((number(share) + MODULUS).to_bytes(32, "big"), first, second),
        *((share, scalar, second) for scalar in not_scalars()),
    ):
        assert ask(proof, commitment, replace(made, scalars=scalars)) == "ERR_ENCODING"
    for scalar in not_scalars():
        assert ask(proof, commitment, replace(made, scalars=(share, first, scalar))) == "ERR_ENCODING"


def test_a_bit_s_hint_is_the_inverse(proof: Proof, rng: random.Random) -> None:
    commitment, made = bit_of(rng, 1)
    hint = number(made.hints[0])
    for wrong in (0, 1, P - hint, hint ^ 1):
        assert ask(proof, commitment, replace(made, hints=(wrong.to_bytes(32, "big"),))) == "ERR_HINT"
    plus = replace(made, hints=(((hint + P) % 2**256).to_bytes(32, "big"),))
    assert ask(proof, commitment, plus) == ("ok" if hint + P < 2**256 else "ERR_HINT")
    for point in (A, -A):  # blinding zero: no difference to invert
        for anything in (bytes(32), bytes(31) + b"\x01"):
            assert ask(proof, point.to_bytes(), replace(made, hints=(anything,))) == "ERR_HINT"


def test_a_hash_without_the_nonces_makes_anything_a_bit(machine: Machine, proof: Proof, rng: random.Random) -> None:
    """Both branches simulated for shares that fit a hash known beforehand: 5 becomes a ballot."""
    nonces = """
          (unwrap! (to-consensus-buff? points) ERR_LENGTH)"""
    weak = deploy(machine, "a hash without the nonces", (nonces, ""))
    point = A * Scalar(5) + LIB.blinding * Scalar(rng.randrange(1, N))
    branches = (point.to_bytes(), (point - A).to_bytes())
    digest = hashlib.sha256(disjunction.DOMAIN + CONTEXT + buffers(branches)).digest()
    first = rng.randrange(1, MODULUS)
    second = (number(digest[16:]) - first) % MODULUS
    responses = [rng.randrange(N) for _ in range(2)]
    points = (simulated(point, first, responses[0]), simulated(point - A, second, responses[1]))
    forged = BitProof(points, (fixed(first), *map(fixed, responses)), (bit.hint(LIB, point),))
    assert ask(weak, branches[0], forged) == "ok"
    assert ask(proof, branches[0], forged) == "ERR_EQUATION"


def test_shares_that_need_not_add_up_make_anything_a_bit(machine: Machine, proof: Proof, rng: random.Random) -> None:
    rule = "(if (>= whole first) (- whole first) (+ (- MAX_HALF first) whole u1))"
    weak = deploy(machine, "shares that need not add up", (rule, "(if (>= whole first) first first)"))
    point = A * Scalar(5) + LIB.blinding * Scalar(rng.randrange(1, N))
    share = rng.randrange(1, MODULUS)
    responses = [rng.randrange(N) for _ in range(2)]
    points = (simulated(point, share, responses[0]), simulated(point - A, share, responses[1]))
    forged = BitProof(points, (fixed(share), *map(fixed, responses)), (bit.hint(LIB, point),))
    assert ask(weak, point.to_bytes(), forged) == "ok"
    assert ask(proof, point.to_bytes(), forged) == "ERR_EQUATION"
