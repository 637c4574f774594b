"""The chain of hashes, and which challenges must not be zero."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement, draw, verify
from circuits.range_proof import prove
from circuits.scalar import N, Scalar
from circuits.shape import USAGE, generators
from circuits.transcript import HashTranscript, NewTranscript, ZeroChallengeError, buffers, domain, halves, nonzero
from circuits.verdict import Check, ProofRejected

ENTROPY = bytes(range(32))


def test_the_chain_by_hand() -> None:
    start, context = bytes([1]) * 32, bytes([2]) * 32
    transcript = HashTranscript(start, context)
    state = hashlib.sha256(start + context).digest()
    assert transcript.challenges() == (int(state[:16].hex(), 16), int(state[16:].hex(), 16))
    transcript.absorb(b"abc")
    state = hashlib.sha256(state + b"abc").digest()
    assert transcript.challenges() == (int(state[:16].hex(), 16), int(state[16:].hex(), 16))
    for index in (0, 1, 255):
        under = hashlib.sha256(state + bytes([index])).digest()
        assert transcript.derived(index) == halves(under) == (int(under[:16].hex(), 16), int(under[16:].hex(), 16))
    assert transcript.challenges() == halves(state), "drawing changes nothing"


def test_inputs_of_wrong_length_are_refused() -> None:
    for start, context in ((bytes(31), bytes(32)), (bytes(32), bytes(33)), (b"", b"")):
        with pytest.raises(ValueError, match="32 bytes"):
            HashTranscript(start, context)


def test_lists_are_serialized_as_clarity_does() -> None:
    """SIP-005: 0x0b, the number of items, and each item as 0x02, its length, its bytes."""
    assert buffers([]).hex() == "0b00000000"
    assert buffers([b"\xaa\xbb", b""]).hex() == "0b00000002" + "0200000002aabb" + "0200000000"


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.binary(max_size=40), max_size=5))
def test_different_lists_are_different_bytes(left: list[bytes], right: list[bytes]) -> None:
    assert (buffers(left) == buffers(right)) == (left == right)


def test_domains_of_names() -> None:
    assert domain(b"mita/v1/zero") == hashlib.sha256(b"\x0cmita/v1/zero").digest()
    assert domain(b"mita/v1/zero") != domain(b"mita/v1/any-zero")


def test_zero_is_found_among_any_number() -> None:
    nonzero()
    nonzero(1, 2**128 - 1)
    for challenges in ((0,), (1, 0), (0, 1), (3, 0, 7)):
        with pytest.raises(ZeroChallengeError):
            nonzero(*challenges)


class Rigged(HashTranscript):
    """Zero in place of one challenge: `call` counts the calls of challenges(), or is ("derived", index)."""

    __slots__ = ("_call", "_calls", "_half")

    def __init__(self, start: bytes, context: bytes, call: int | tuple[str, int], half: int) -> None:
        super().__init__(start, context)
        self._call, self._half, self._calls = call, half, 0

    def challenges(self) -> tuple[int, int]:
        self._calls += 1
        return self._rigged(super().challenges(), self._calls - 1)

    def derived(self, index: int) -> tuple[int, int]:
        return self._rigged(super().derived(index), ("derived", index))

    def _rigged(self, pair: tuple[int, int], call: int | tuple[str, int]) -> tuple[int, int]:
        if call != self._call:
            return pair
        return (0, pair[1]) if self._half == 0 else (pair[0], 0)


def rigged(call: int | tuple[str, int], half: int) -> NewTranscript:
    return lambda start, context: Rigged(start, context, call, half)


def known(m: int, *, opened: bool) -> tuple[RangeStatement, list[Opening]]:
    openings = [Opening(100 + j, Scalar(1000 + j)) for j in range(m)]
    bases = generators(LibPoint, USAGE[m].slots).bases
    commitments = tuple(commit(bases, opening).to_bytes() for opening in openings)
    return RangeStatement(USAGE[m], bytes(32), commitments, sum_openings(openings) if opened else None), openings


# m = 4: two rounds; calls of challenges() are e, then (t, c), gamma_0, gamma_1, (eta, theta)
USED = [
    *[(0, 0), (1, 0), (1, 1), (2, 0), (3, 0), (4, 0), (4, 1)],
    *[(("derived", index), half) for index in range(4) for half in (0, 1)],
]


@pytest.mark.parametrize(("call", "half"), USED)
def test_every_used_challenge_is_refused_when_zero(call: int | tuple[str, int], half: int) -> None:
    statement, openings = known(4, opened=True)
    base = generators(LibPoint, statement.shape.slots)
    proof = prove(base, statement, openings, ENTROPY)
    verify(base, statement, proof)
    with pytest.raises(ProofRejected) as rejected:
        verify(base, statement, proof, rigged(call, half))
    assert rejected.value.check is Check.ZERO_CHALLENGE


@pytest.mark.parametrize(("opened", "call"), [(True, 0), (True, 2), (True, 3), (False, 4)])
def test_second_halves_that_nobody_uses_may_be_zero(opened: bool, call: int) -> None:
    statement, openings = known(4, opened=opened)
    base = generators(LibPoint, statement.shape.slots)
    new = rigged(call, 1)
    proof = prove(base, statement, openings, ENTROPY, new)
    verify(base, statement, proof, new)


class Once:
    """Transcripts of which the first has a zero."""

    def __init__(self, call: int | tuple[str, int]) -> None:
        self.made = 0
        self._call = call

    def __call__(self, start: bytes, context: bytes) -> HashTranscript:
        self.made += 1
        return Rigged(start, context, self._call, 0) if self.made == 1 else HashTranscript(start, context)


@pytest.mark.parametrize("call", [0, 1, 2, 3, ("derived", 0), ("derived", 3)])
def test_the_prover_tries_again_with_other_nonces(call: int | tuple[str, int]) -> None:
    statement, openings = known(4, opened=True)
    base = generators(LibPoint, statement.shape.slots)
    first = prove(base, statement, openings, ENTROPY)
    new = Once(call)
    second = prove(base, statement, openings, ENTROPY, new)
    assert new.made == 2
    verify(base, statement, second)
    assert not set(first.points) & set(second.points)
    assert not set(first.scalars) & set(second.scalars)


def test_the_prover_does_not_try_for_ever() -> None:
    statement, openings = known(1, opened=False)
    base = generators(LibPoint, statement.shape.slots)
    with pytest.raises(AssertionError, match="attempts"):
        prove(base, statement, openings, ENTROPY, rigged(0, 0))


def absorbed(change: Callable[[RangeStatement, RangeProof], tuple[RangeStatement, RangeProof]]) -> list[bool]:
    """Which of e, weights, t, first gamma, eta change."""
    statement, openings = known(4, opened=True)
    base = generators(LibPoint, statement.shape.slots)
    proof = prove(base, statement, openings, ENTROPY)
    a, b = draw(statement, proof), draw(*change(statement, proof))
    return [a.e != b.e, a.weights != b.weights, a.t != b.t, a.gammas != b.gammas, a.eta != b.eta]


@pytest.mark.parametrize(("point", "first"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 3), (8, 3)])
def test_every_point_is_hashed_before_the_challenge_that_follows_it(point: int, first: int) -> None:
    def change(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        points = list(proof.points)
        points[point] = bytes([points[point][0] ^ 1]) + points[point][1:]
        return statement, replace(proof, points=tuple(points))

    assert absorbed(change) == [step >= first for step in range(5)]


@pytest.mark.parametrize("scalar", range(9))
def test_every_scalar_is_hashed_before_the_last_challenge(scalar: int) -> None:
    def change(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        scalars = list(proof.scalars)
        scalars[scalar] = ((int.from_bytes(scalars[scalar], "big") + 1) % N).to_bytes(32, "big")
        return statement, replace(proof, scalars=tuple(scalars))

    assert absorbed(change) == [False, False, False, False, True]


def test_statement_and_total_are_hashed() -> None:
    def context(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        return replace(statement, context=bytes([1]) * 32), proof

    def commitments(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        return replace(statement, commitments=statement.commitments[::-1]), proof

    def variant(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        return replace(statement, total=None), proof

    def value(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        assert statement.total is not None
        return replace(statement, total=Opening(statement.total.value + 1, statement.total.blinding)), proof

    def blinding(statement: RangeStatement, proof: RangeProof) -> tuple[RangeStatement, RangeProof]:
        assert statement.total is not None
        return replace(statement, total=Opening(statement.total.value, Scalar(5))), proof

    for change in (context, commitments, variant):
        assert absorbed(change) == [True] * 5
    for change in (value, blinding):
        assert absorbed(change) == [False, False, False, False, True]
