"""privacy-proof: for every slot one of several branches commits to zero, and what forgers try."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from circuits import each_zero, zero
from circuits.each_zero import EachZeroProof, KnownZero
from circuits.generators import LIB, bases
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.reference import ReferencePoint
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.transcript import MODULUS, buffer_lists
from circuits.verdict import ProofRejected
from tests.contracts.privacy import CONTEXT, Lists, Proof, deploy, no_points, not_scalars, refusal
from tests.contracts.vm import Machine

ELSEWHERE = bytes(32)
A, G = LIB.value, LibPoint.generator()
EQUATION, ENCODING, LENGTH, ZERO_CHALLENGE = "ERR_EQUATION", "ERR_ENCODING", "ERR_LENGTH", "ERR_ZERO_CHALLENGE"
NAMES = {"encoding": ENCODING, "length": LENGTH, "zero challenge": ZERO_CHALLENGE, "final equation": EQUATION}


@dataclass(frozen=True)
class Case:
    """By branch, then by slot."""

    branches: tuple[tuple[bytes, ...], ...]
    proof: EachZeroProof


def made(rng: random.Random, b: int, slots: int, context: bytes = CONTEXT) -> Case:
    """In every slot one branch, anyone of them, is zero and the others are anything, now and then zero too."""
    rows: list[list[bytes]] = [[] for _ in range(b)]
    known = []
    for _ in range(slots):
        chosen = rng.randrange(b)
        for i, row in enumerate(rows):
            opening = Opening(0 if i == chosen else rng.choice((0, 1, 2**48)), Scalar(rng.randrange(1, N)))
            row.append(commit(LIB, opening).to_bytes())
            if i == chosen:
                known.append(KnownZero(i, opening.blinding))
    branches = tuple(map(tuple, rows))
    return Case(branches, each_zero.prove(LIB, branches, known, context, rng.randbytes(32)))


def put(rows: Lists, i: int, slot: int, item: bytes) -> tuple[tuple[bytes, ...], ...]:
    return tuple(tuple(item if (k, j) == (i, slot) else old for j, old in enumerate(row)) for k, row in enumerate(rows))


def swapped(rows: Lists) -> tuple[tuple[bytes, ...], ...]:
    """The first two slots of every branch."""
    return tuple((row[1], row[0], *row[2:]) for row in rows)


def opposite(point: bytes) -> bytes:
    return bytes([point[0] ^ 1]) + point[1:]


def plus_one(number: bytes) -> bytes:
    return (int.from_bytes(number, "big") ^ 1).to_bytes(len(number), "big")


def verdict(proof: Proof, branches: Lists, made_proof: EachZeroProof, context: bytes = CONTEXT) -> str:
    """The contract's, which must be that of circuits."""
    receipt = proof.each_zero(branches, made_proof, context)
    found = "ok" if str(receipt.result).startswith("ResponseOk") else refusal(receipt)
    assert found == verdict_of_circuits(branches, made_proof, context)
    return found


def verdict_of_circuits(branches: Lists, made_proof: EachZeroProof, context: bytes) -> str:
    try:
        each_zero.verify(LIB, branches, context, made_proof)
    except ProofRejected as rejected:
        return NAMES[rejected.check.value]
    return "ok"


@pytest.mark.parametrize("slots", [1, 2, 4, 16, 63, 64])
@pytest.mark.parametrize("b", [2, 3, 4])
def test_one_zero_in_every_slot(proof: Proof, rng: random.Random, b: int, slots: int) -> None:
    case = made(rng, b, slots)
    assert verdict(proof, case.branches, case.proof) == "ok"
    assert verdict(proof, case.branches, case.proof, ELSEWHERE) == EQUATION
    if slots > 1:
        changed = put(case.branches, rng.randrange(b), slots - 1, commit(LIB, Opening(1, Scalar(7))).to_bytes())
        assert verdict(proof, changed, case.proof) == EQUATION
        assert verdict(proof, swapped(case.branches), case.proof) == EQUATION


@pytest.mark.parametrize("b", [2, 3, 4])
def test_the_independent_checker_agrees(proof: Proof, rng: random.Random, b: int) -> None:
    case = made(rng, b, 2)
    each_zero.verify(bases(ReferencePoint), case.branches, CONTEXT, case.proof)
    assert proof.each_zero(case.branches, case.proof).ok() is True


@pytest.mark.parametrize(("b", "slots"), [(2, 1), (3, 4), (4, 4)])
def test_every_part_of_a_proof_counts(proof: Proof, rng: random.Random, b: int, slots: int) -> None:
    case, other = made(rng, b, slots), made(rng, b, slots)
    shown = case.proof
    for i in range(b):
        for slot in range(slots):
            own, foreign = case.branches[i][slot], other.branches[i][slot]
            for point in (foreign, opposite(own), (LibPoint.from_bytes_checked(own) + A).to_bytes()):
                assert verdict(proof, put(case.branches, i, slot, point), shown) == EQUATION
            for nonce in (other.proof.nonces[i][slot], opposite(shown.nonces[i][slot]), own):
                changed = replace(shown, nonces=put(shown.nonces, i, slot, nonce))
                assert verdict(proof, case.branches, changed) == EQUATION
            for response in (plus_one(shown.responses[i][slot]), other.proof.responses[i][slot], bytes(32)):
                changed = replace(shown, responses=put(shown.responses, i, slot, response))
                assert verdict(proof, case.branches, changed) == EQUATION
            if i < b - 1:
                share = shown.shares[i][slot]
                for wrong in (plus_one(share), other.proof.shares[i][slot], b"\xff" * 16):
                    changed = replace(shown, shares=put(shown.shares, i, slot, wrong))
                    assert verdict(proof, case.branches, changed) == EQUATION
    assert verdict(proof, case.branches, shown) == "ok"


def test_slots_and_branches_have_their_places(proof: Proof, rng: random.Random) -> None:
    case = made(rng, 3, 4)
    shown = case.proof
    for changed in (
        replace(shown, nonces=swapped(shown.nonces)),
        replace(shown, shares=swapped(shown.shares)),
        replace(shown, responses=swapped(shown.responses)),
        replace(shown, nonces=shown.nonces[::-1]),
        replace(shown, shares=shown.shares[::-1]),
        replace(shown, responses=shown.responses[::-1]),
        EachZeroProof(swapped(shown.nonces), swapped(shown.shares), swapped(shown.responses)),
    ):
        assert verdict(proof, case.branches, changed) == EQUATION
    # all lists alike, slots exchanged everywhere: the hash is another one
    whole = EachZeroProof(*(swapped(rows) for rows in (shown.nonces, shown.shares, shown.responses)))
    assert verdict(proof, swapped(case.branches), whole) == EQUATION
    assert verdict(proof, case.branches[::-1], shown) == EQUATION


def test_lengths(proof: Proof, rng: random.Random) -> None:
    case, four = made(rng, 3, 4), made(rng, 4, 4)
    shown, c = case.proof, case.branches
    attacks = []
    for changed in range(4):
        rows = full(case)[changed]
        for other in (tuple(row[:-1] for row in rows), (*rows[:-1], rows[-1][:-1]), rows[:-1], (*rows[:-1], ())):
            attacks.append(tuple(other if i == changed else lists for i, lists in enumerate(full(case))))
    attacks += [
        (four.branches, shown.nonces, shown.shares, shown.responses),
        (c, four.proof.nonces, shown.shares, shown.responses),
        (c, shown.nonces, four.proof.shares, shown.responses),
        (c, shown.nonces, shown.shares, four.proof.responses),
        (c[:1], shown.nonces[:1], (), shown.responses[:1]),
        ((), (), (), ()),
        (((), ()), ((), ()), ((),), ((), ())),
        (((), *c[1:]), shown.nonces, shown.shares, shown.responses),
        ((*c[:1], (), c[2]), shown.nonces, shown.shares, shown.responses),
    ]
    for branches, nonces, shares, responses in attacks:
        assert verdict(proof, branches, EachZeroProof(nonces, shares, responses)) == LENGTH
    for context in (b"", CONTEXT[:31]):
        assert verdict(proof, c, shown, context) == LENGTH


def full(case: Case) -> tuple[tuple[tuple[bytes, ...], ...], ...]:
    return case.branches, case.proof.nonces, case.proof.shares, case.proof.responses


def test_proofs_have_one_encoding(proof: Proof, rng: random.Random) -> None:
    case = made(rng, 2, 4)
    shown = case.proof
    for bad in no_points(rng, case.branches[0][0]):
        i, slot = rng.randrange(2), rng.randrange(4)
        assert verdict(proof, put(case.branches, i, slot, bad), shown) == ENCODING
        changed = replace(shown, nonces=put(shown.nonces, i, slot, bad))
        assert verdict(proof, case.branches, changed) == ENCODING
    for scalar in not_scalars():
        i, slot = rng.randrange(2), rng.randrange(4)
        changed = replace(shown, responses=put(shown.responses, i, slot, scalar))
        assert verdict(proof, case.branches, changed) == ENCODING
    for share in (b"", shown.shares[0][2][:15], b"\x05", bytes(15)):
        changed = replace(shown, shares=put(shown.shares, 0, 2, share))
        assert verdict(proof, case.branches, changed) == ENCODING


def test_a_response_above_the_order_is_no_second_encoding(proof: Proof, rng: random.Random) -> None:
    """Recovery itself would reduce it: a response below 2^256 - N has another form, which the contract refuses."""
    point, share = LIB.blinding * Scalar(9), 77
    response = rng.randrange(2**256 - N)
    nonce = simulated(point, share, response)
    answered = proof.vm.private(
        proof.contract, "answers", point.to_bytes(), nonce, share.to_bytes(16, "big"), fixed(response)
    )
    assert answered.plain() is True
    above = (response + N).to_bytes(32, "big")
    args = (point.to_bytes(), nonce, share.to_bytes(16, "big"), above)
    assert proof.vm.private(proof.contract, "answers", *args).plain() is False
    # so it is the contract's own look at it that refuses
    assert recovers(proof, point.to_bytes(), share.to_bytes(32, "big"), above) == nonce


def recovers(proof: Proof, point: bytes, s: bytes, z: bytes) -> bytes:
    found: bytes = proof.vm.private(proof.contract, "recover-from", point, s, z).ok()
    return found


def test_an_x_that_recovery_refuses(proof: Proof, rng: random.Random) -> None:
    x = N
    while True:
        try:
            point = LibPoint.from_x_even(x).to_bytes()
            break
        except EncodingError:
            x += 1
    assert x < P
    case = made(rng, 2, 4)
    assert verdict(proof, put(case.branches, 1, 3, point), case.proof) == ENCODING


# ------------------------------------------------------------------------------------------------ forgeries


def fixed(number: int) -> bytes:
    return (number % N).to_bytes(32, "big")


def simulated(commitment: LibPoint, challenge: int, response: int) -> bytes:
    """The nonce point to which a response leads, for a challenge known beforehand: x_C^-1 * (h*C - z*G)."""
    inverse = Scalar(pow(int.from_bytes(commitment.to_bytes()[1:], "big"), -1, N))
    return ((commitment * Scalar(challenge) - G * Scalar(response)) * inverse).to_bytes()


@dataclass(frozen=True)
class Forger:
    """Branches of which none commits to zero in slot 0, and in slot 1 the first does."""

    points: list[list[LibPoint]]
    blinding: Scalar

    @property
    def branches(self) -> list[list[bytes]]:
        return [[point.to_bytes() for point in row] for row in self.points]


@pytest.fixture
def forger(rng: random.Random) -> Forger:
    blindings = [Scalar(rng.randrange(1, N)) for _ in range(4)]
    fives = [A * Scalar(5) + LIB.blinding * b for b in blindings]
    return Forger([[fives[0], LIB.blinding * blindings[1]], [fives[2], fives[3]]], blindings[1])


def answered(forger: Forger, rng: random.Random, whole: int, shares: Sequence[int]) -> EachZeroProof:
    """Every branch simulated, for shares of slot 0 and 1 in the first branch that follow no hash."""
    nonces, responses = [], []
    for i, row in enumerate(forger.points):
        challenges = [share if i == 0 else (whole - share) % MODULUS for share in shares]
        answers = [rng.randrange(N) for _ in row]
        nonces.append(tuple(simulated(p, h, z) for p, h, z in zip(row, challenges, answers, strict=True)))
        responses.append(tuple(map(fixed, answers)))
    sent = tuple(share.to_bytes(16, "big") for share in shares)
    return EachZeroProof(tuple(nonces), (sent,), tuple(responses))


def test_all_branches_simulated_for_a_guessed_hash(proof: Proof, rng: random.Random, forger: Forger) -> None:
    guess = rng.randrange(MODULUS)
    forged = answered(forger, rng, guess, [rng.randrange(1, MODULUS) for _ in range(2)])
    assert verdict(proof, forger.branches, forged) == EQUATION


NONCES = """
          (unwrap! (to-consensus-buff? nonces) ERR_LENGTH)"""


def test_a_hash_without_the_nonces_shows_anything(
    machine: Machine, proof: Proof, rng: random.Random, forger: Forger
) -> None:
    """The hash is known before the nonces: every branch is simulated for shares that fit it."""
    weak = deploy(machine, "each zero, a hash without the nonces", (NONCES, ""))
    digest = hashlib.sha256(each_zero.DOMAIN + CONTEXT + buffer_lists(forger.branches)).digest()
    forged = answered(forger, rng, int.from_bytes(digest[16:], "big"), [5, 2**127])
    assert weak.each_zero(forger.branches, forged).ok() is True
    assert verdict(proof, forger.branches, forged) == EQUATION


def test_shares_that_need_not_add_up_show_anything(
    machine: Machine, proof: Proof, rng: random.Random, forger: Forger
) -> None:
    """With shares that a forger chooses for every branch, nothing is answered for."""
    rule = "(if (>= left n) (- left n) (+ (- MAX_HALF n) left u1))"
    weak = deploy(machine, "each zero, shares that need not add up", (rule, "(if (>= left n) n n)"))
    shares = [rng.randrange(1, MODULUS // 2) for _ in range(2)]
    nonces, responses = [], []
    for row in forger.points:
        answers = [rng.randrange(N) for _ in row]
        nonces.append(tuple(simulated(p, h, z) for p, h, z in zip(row, shares, answers, strict=True)))
        responses.append(tuple(map(fixed, answers)))
    forged = EachZeroProof(tuple(nonces), (tuple(s.to_bytes(16, "big") for s in shares),), tuple(responses))
    assert weak.each_zero(forger.branches, forged).ok() is True
    assert verdict(proof, forger.branches, forged) == EQUATION


def test_a_slot_with_a_zero_does_not_help_its_neighbour(proof: Proof, rng: random.Random, forger: Forger) -> None:
    """Slot 1 is proved honestly, with the hash that comes out; slot 0 was simulated before and does not fit it."""
    guess = rng.randrange(MODULUS)
    forged = answered(forger, rng, guess, [7, 7])
    k, simulated_share = rng.randrange(1, N), rng.randrange(1, MODULUS)
    response = rng.randrange(N)
    nonces = put(forged.nonces, 0, 1, (G * Scalar(k)).to_bytes())
    nonces = put(nonces, 1, 1, simulated(forger.points[1][1], simulated_share, response))
    whole = each_zero.challenge(CONTEXT, forger.branches, nonces)
    share = (whole - simulated_share) % MODULUS
    x = zero.x_of(forger.branches[0][1])
    responses = put(forged.responses, 0, 1, zero.respond(LIB, forger.blinding, x, share, k))
    responses = put(responses, 1, 1, fixed(response))
    shares = put(forged.shares, 0, 1, share.to_bytes(16, "big"))
    attack = EachZeroProof(nonces, shares, responses)
    assert verdict(proof, forger.branches, attack) == EQUATION
    # slot 1 alone, over its own hash, would have been accepted
    alone = [[row[1]] for row in forger.branches]
    honest = each_zero.prove(LIB, alone, [KnownZero(0, forger.blinding)], CONTEXT, rng.randbytes(32))
    assert verdict(proof, alone, honest) == "ok"


@pytest.mark.parametrize("last", [False, True], ids=["a share that is sent", "the share that follows"])
def test_shares_of_zero(proof: Proof, rng: random.Random, forger: Forger, last: bool) -> None:
    """A share of zero would make its branch a matter of choice: x_C^-1 * -z*G is a nonce for anything."""
    point, other = forger.points[0][1], forger.points[1][1]
    branches = [[point.to_bytes()], [other.to_bytes()]] if last else [[other.to_bytes()], [point.to_bytes()]]
    k, z = rng.randrange(1, N), rng.randrange(1, N)
    nonce = (G * Scalar(k)).to_bytes()
    free = simulated(other, 0, z)
    nonces = ((nonce,), (free,)) if last else ((free,), (nonce,))
    whole = each_zero.challenge(CONTEXT, branches, nonces)
    response = zero.respond(LIB, forger.blinding, zero.x_of(point.to_bytes()), whole, k)
    share = whole if last else 0
    responses = ((response,), (fixed(z),)) if last else ((fixed(z),), (response,))
    attack = EachZeroProof(nonces, ((share.to_bytes(16, "big"),),), responses)
    assert verdict(proof, branches, attack) == ZERO_CHALLENGE


def test_shares_of_zero_are_refused_without_the_library(machine: Machine, rng: random.Random) -> None:
    """Recovery takes no zero; where it did, and led to any nonce, the contract still looks at the shares."""
    asked = "(is-eq (ok nonce) (recover-from commitment (concat ZERO_16 share) response))"
    trusting = deploy(machine, "each zero, any recovery", (asked, "true"))
    case = made(rng, 3, 2)
    assert trusting.each_zero(case.branches, case.proof).ok() is True
    sent = replace(case.proof, shares=put(case.proof.shares, 1, 1, bytes(16)))
    whole = each_zero.challenge(CONTEXT, case.branches, case.proof.nonces)
    rest = (whole - int.from_bytes(case.proof.shares[0][1], "big")) % MODULUS
    follows = replace(case.proof, shares=put(case.proof.shares, 1, 1, rest.to_bytes(16, "big")))
    for attack in (sent, follows):
        assert refusal(trusting.each_zero(case.branches, attack)) == ZERO_CHALLENGE


def test_a_proof_of_another_statement_is_none_of_this(proof: Proof, rng: random.Random) -> None:
    """A ballot's hash has another domain, and a single zero's challenge is not shared."""
    blinding = Scalar(rng.randrange(1, N))
    point = LIB.blinding * blinding
    branches = [[point.to_bytes()], [(point - A).to_bytes()]]
    from_bit = each_zero.prove(LIB, branches, [KnownZero(0, blinding)], CONTEXT, rng.randbytes(32))
    scalars = [bytes(16) + from_bit.shares[0][0], *(row[0] for row in from_bit.responses)]
    hint = pow(A.xy()[0] - point.xy()[0], -1, P).to_bytes(32, "big")
    nonces = [row[0] for row in from_bit.nonces]
    assert refusal(proof.verify("bit", branches[0], None, nonces, scalars, [hint])) == EQUATION
