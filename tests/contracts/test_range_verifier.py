"""The generated verifiers in the VM: what they accept, and by which error each attack is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import pytest

from appliance.chain.address import Contract
from appliance.chain.clarity import NONE, Optional
from circuits import hints as inverses
from circuits.group import LibPoint
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.range_equation import RangeProof, RangeStatement
from circuits.range_proof import prove
from circuits.scalar import EncodingError, N, P, Scalar
from circuits.shape import MONEY, USAGE, Shape, generators
from circuits.verdict import ProofRejected
from contracts.costs.chain import Chain
from contracts.costs.tables import MAINNET
from contracts.range.generator import name_of
from tests.contracts.settlement import account
from tests.contracts.vm import CONTRACTS, Machine, Receipt, value

ENCODING, LENGTH, HINT, ZERO_CHALLENGE, EQUATION = range(1000, 1005)
SHAPES: Final = {name_of(shape): shape for shape in (*USAGE.values(), *MONEY.values())}


FAMILIES: Final = ("range", "money")
PREFIXED: Final = (*(f"range-{m}" for m in USAGE), "money-32")


@dataclass(frozen=True)
class Case:
    """The arguments of one call of the verifier of this name."""

    name: str
    context: bytes
    commitments: tuple[bytes, ...]
    total: tuple[int, bytes] | None
    points: tuple[bytes, ...]
    scalars: tuple[bytes, ...]
    hints: tuple[bytes, ...]

    @property
    def shape(self) -> Shape:
        return SHAPES[self.name]

    def arguments(self) -> list[object]:
        opened = NONE if self.total is None else Optional(value({"total": self.total[0], "blinding": self.total[1]}))
        lists = (self.commitments, self.points, self.scalars, self.hints)
        commitments, *proof = (list(items) for items in lists)
        return [self.context, commitments, opened, *proof]

    def statement(self) -> RangeStatement:
        total = None if self.total is None else Opening(self.total[0], Scalar.from_bytes_checked(self.total[1]))
        return RangeStatement(self.shape, self.context, self.commitments, total)

    def with_own_hints(self) -> Case:
        """Hints as an attacker would make them: right for this statement and proof, true or not."""
        gens = generators(LibPoint, self.shape.slots)
        return replace(self, hints=inverses.make(gens, self.statement(), RangeProof(self.points, self.scalars)))


def made(name: str, values: list[int], rng: random.Random, *, opened: bool = True) -> Case:
    shape = SHAPES[name]
    gens = generators(LibPoint, shape.slots)
    openings = [Opening(v, Scalar(rng.randrange(N))) for v in values]
    commitments = tuple(commit(gens.bases, opening).to_bytes() for opening in openings)
    total = sum_openings(openings) if opened else None
    statement = RangeStatement(shape, rng.randbytes(32), commitments, total)
    proof = prove(gens, statement, openings, rng.randbytes(32))
    return Case(
        name,
        statement.context,
        commitments,
        None if total is None else (total.value, total.blinding.to_bytes()),
        proof.points,
        proof.scalars,
        inverses.make(gens, statement, proof),
    )


@cache
def honest(name: str, *, opened: bool = True) -> Case:
    rng, shape = random.Random(f"proof for {name} {opened}"), SHAPES[name]
    return made(name, [rng.randrange(shape.bound) for _ in range(shape.m)], rng, opened=opened)


@pytest.fixture(scope="module")
def verifiers(machine: Machine) -> dict[str, Contract]:
    deployer = account("deployer of the range verifiers")
    return {name: machine.deploy(name, deployer) for name in SHAPES}


Verify = Callable[[Case], Receipt]


@pytest.fixture
def verify(machine: Machine, verifiers: dict[str, Contract]) -> Verify:
    return lambda case: machine.read(verifiers[case.name], "verify", *case.arguments())


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def put(items: tuple[bytes, ...], at: int, item: bytes) -> tuple[bytes, ...]:
    return (*items[:at], item, *items[at + 1 :])


def test_a_proof_for_one_bound_is_none_for_another(verify: Verify) -> None:
    """Usage and money of as many slots, each with hints for the other's statement: lengths differ already."""
    for m in MONEY:
        usage, money = honest(f"range-{m}", opened=False), honest(f"money-{m}", opened=False)
        assert verify(replace(usage, name=money.name)).refusal() == LENGTH
        assert verify(replace(money, name=usage.name)).refusal() == LENGTH
        assert not {USAGE[m].domain(v) for v in (True, False)} & {MONEY[m].domain(v) for v in (True, False)}


@pytest.mark.parametrize("opened", [True, False], ids=["opened", "closed"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_valid_proof_is_accepted(verify: Verify, name: str, opened: bool) -> None:
    assert verify(honest(name, opened=opened)).ok() is True


@pytest.mark.parametrize("name", ["range-1", "range-4", "range-64", "money-1", "money-4", "money-16", "money-32"])
@pytest.mark.parametrize("kind", ["noughts", "largest", "mixed"])
def test_values_at_the_edges_of_the_range(verify: Verify, rng: random.Random, name: str, kind: str) -> None:
    top, m = SHAPES[name].bound - 1, SHAPES[name].m
    values = {"noughts": [0] * m, "largest": [top] * m, "mixed": [rng.choice((0, 1, top - 1, top)) for _ in range(m)]}
    assert verify(made(name, values[kind], rng)).ok() is True


@pytest.mark.parametrize("name", ["range-1", "range-4", "range-16", "money-1", "money-32"])
def test_lengths(verify: Verify, name: str) -> None:
    case = honest(name)
    for attack in (
        replace(case, context=case.context[:31]),
        replace(case, context=b""),
        replace(case, commitments=case.commitments[:-1]),
        replace(case, commitments=(*case.commitments, case.commitments[0])),
        replace(case, commitments=()),
        replace(case, points=case.points[:-1]),
        replace(case, points=(*case.points, case.points[0])),
        replace(case, scalars=case.scalars[:-1]),
        replace(case, scalars=(*case.scalars, case.scalars[0])),
        replace(case, hints=case.hints[:-1]),
        replace(case, hints=(*case.hints, case.hints[0])),
        replace(case, hints=()),
    ):
        assert verify(attack).refusal() == LENGTH


NOT_POINTS: Final = {
    "empty": b"",
    "identity": bytes(1),
    "32 bytes": b"\x02" + bytes(31),
    "x not on the curve": b"\x02" + (5).to_bytes(32, "big"),
    "x above p": b"\x02" + (P + 1).to_bytes(32, "big"),
    "x of the largest bytes": b"\x03" + b"\xff" * 32,
}


@pytest.mark.parametrize("name", ["range-1", "range-4", "money-4"])
def test_encodings_of_points(verify: Verify, name: str) -> None:
    case = honest(name)
    bad = [*NOT_POINTS.values()]
    bad += [bytes([prefix]) + case.commitments[0][1:] for prefix in (0, 1, 4, 5, 6, 7, 8, 0x82, 0xFF)]
    for encoding in bad:
        assert verify(replace(case, commitments=put(case.commitments, 0, encoding))).refusal() == ENCODING
    for at in range(len(case.points)):
        assert verify(replace(case, points=put(case.points, at, bad[at % len(bad)]))).refusal() == ENCODING


def x_above_the_order() -> bytes:
    """A point of the curve that no signature can name: its x-coordinate lies in [N, p)."""
    for x in range(N, N + 100):
        try:
            return LibPoint.from_x_even(x).to_bytes()
        except EncodingError:
            continue
    raise AssertionError("half of all x have a point")


@pytest.mark.parametrize("name", PREFIXED)
def test_every_wrong_prefix_of_a_point(machine: Machine, verifiers: dict[str, Contract], name: str) -> None:
    """Among them 04, 06 and 07 of the long forms, which a library may take for a point of 33 bytes too."""
    point = honest(name).commitments[0]
    for prefix in range(256):
        encoded = bytes([prefix]) + point[1:]
        decided = machine.private(verifiers[name], "is-point", encoded).plain()
        assert decided is (prefix in (2, 3))


@pytest.mark.parametrize("name", ["range-1", "range-16", "money-16"])
def test_a_wrong_prefix_is_a_wrong_encoding(verify: Verify, name: str) -> None:
    case = honest(name)
    wrong = [prefix for prefix in range(256) if prefix not in (2, 3)]
    for prefix in wrong if name == "range-1" else (0, 1, 4, 5, 6, 7):
        encoded = bytes([prefix]) + case.commitments[0][1:]
        assert verify(replace(case, commitments=put(case.commitments, 0, encoded))).refusal() == ENCODING
        encoded = bytes([prefix]) + case.points[prefix % len(case.points)][1:]
        attack = replace(case, points=put(case.points, prefix % len(case.points), encoded))
        assert verify(attack).refusal() == ENCODING


@pytest.mark.parametrize("name", PREFIXED)
def test_a_wrong_prefix_is_refused_without_the_library(machine: Machine, name: str) -> None:
    """Where the library would take any bytes, the contract still looks at the prefix and the length."""
    text = (CONTRACTS / f"{name}.clar").read_text()
    asked = "(is-ok (secp256k1-decompress? encoded))"
    assert text.count(asked) == 1
    contract = machine.deploy(f"trusting-{name}", account("deployer of test_range"), text.replace(asked, "true"))
    x = honest(name).commitments[0][1:]
    taken = [prefix for prefix in range(256) if machine.private(contract, "is-point", bytes([prefix]) + x).plain()]
    assert taken == [2, 3]
    for encoded in (b"", b"\x02", b"\x03", b"\x02" + x[:31]):
        assert machine.private(contract, "is-point", encoded).plain() is False


@pytest.mark.parametrize("name", ["range-1", "range-16", "money-4"])
def test_points_that_recovery_cannot_take(verify: Verify, name: str) -> None:
    case = honest(name)
    point = x_above_the_order()
    attacks = [replace(case, commitments=put(case.commitments, 0, point))]
    attacks += [replace(case, points=put(case.points, at, point)) for at in range(1, len(case.points))]
    for attack in attacks:
        assert verify(attack.with_own_hints()).refusal() == ENCODING


@pytest.mark.parametrize("name", ["range-1", "range-16", "money-1", "money-32"])
def test_encodings_of_scalars_blinding_and_hints(verify: Verify, name: str) -> None:
    case = honest(name)
    bad = [b"", bytes(31), N.to_bytes(32, "big"), (N + 1).to_bytes(32, "big"), b"\xff" * 32]
    for at in range(len(case.scalars)):
        assert verify(replace(case, scalars=put(case.scalars, at, bad[at % len(bad)]))).refusal() == ENCODING
    assert case.total is not None
    for blinding in bad:
        assert verify(replace(case, total=(case.total[0], blinding))).refusal() == ENCODING
    for at in range(len(case.hints)):
        assert verify(replace(case, hints=put(case.hints, at, bad[at % 2]))).refusal() == ENCODING


@pytest.mark.parametrize("name", ["range-1", "range-4", "range-16", "money-1", "money-16"])
def test_every_hint_altered(verify: Verify, rng: random.Random, name: str) -> None:
    case = honest(name)
    for at, hint in enumerate(case.hints):
        negative = ((P if at else N) - int.from_bytes(hint, "big")).to_bytes(32, "big")
        wrong = [flipped(hint, 31), flipped(hint, 0, 0x80), bytes(32), b"\xff" * 32, negative]
        for changed in wrong if name == "range-1" else rng.sample(wrong, 2):
            assert verify(replace(case, hints=put(case.hints, at, changed))).refusal() == HINT


def test_hints_right_one_by_one_and_wrong_together(verify: Verify) -> None:
    case, other = honest("range-4"), honest("range-4", opened=False)
    for at in range(1, len(case.hints) - 1):
        swapped = put(put(case.hints, at, case.hints[at + 1]), at + 1, case.hints[at])
        assert verify(replace(case, hints=swapped)).refusal() == HINT
        assert verify(replace(case, hints=put(case.hints, at, other.hints[at]))).refusal() == HINT
        # the product of the two is right
        two = [int.from_bytes(hint, "big") for hint in case.hints[at : at + 2]]
        shifted = [(two[0] * 2 % P).to_bytes(32, "big"), (two[1] * pow(2, -1, P) % P).to_bytes(32, "big")]
        assert verify(replace(case, hints=put(put(case.hints, at, shifted[0]), at + 1, shifted[1]))).refusal() == HINT
    assert verify(replace(case, hints=other.hints)).refusal() == HINT


@pytest.mark.parametrize("name", ["range-1", "range-4", "range-16", "money-1", "money-4", "money-32"])
def test_false_statements_with_hints_made_for_them(verify: Verify, rng: random.Random, name: str) -> None:
    case = honest(name)
    assert case.total is not None
    total, blinding = case.total
    other = honest(name, opened=False)
    attacks = [
        replace(case, context=flipped(case.context, 0)),
        replace(case, total=None),
        replace(case, total=(total + 1, blinding)),
        replace(case, total=(2**64 - 1, blinding)),
        replace(case, total=(total, (int.from_bytes(blinding, "big") ^ 1).to_bytes(32, "big"))),
        replace(case, commitments=put(case.commitments, 0, flipped(case.commitments[0], 0))),
        replace(case, commitments=put(case.commitments, case.shape.m - 1, other.commitments[0])),
        replace(case, commitments=put(case.commitments, 0, case.points[0])),
        replace(other, total=case.total),
    ]
    if case.shape.m > 1:
        attacks.append(replace(case, commitments=case.commitments[::-1]))
        attacks.append(replace(case, commitments=(case.commitments[1], case.commitments[0], *case.commitments[2:])))
        attacks.append(replace(case, points=(*case.points[:-2], case.points[-1], case.points[-2])))
    attacks += [replace(case, points=put(case.points, at, flipped(p, 0))) for at, p in enumerate(case.points)]
    for at, scalar in enumerate(case.scalars):
        changed = ((int.from_bytes(scalar, "big") + 1) % N).to_bytes(32, "big")
        attacks.append(replace(case, scalars=put(case.scalars, at, changed)))
    for attack in attacks if case.shape.m < 16 else rng.sample(attacks, 8):
        assert verify(attack.with_own_hints()).refusal() == EQUATION


@pytest.mark.parametrize("name", ["range-1", "money-1"])
def test_a_value_that_is_out_of_range(verify: Verify, name: str) -> None:
    """The proof of another commitment, its blinding kept: the value is moved by the bound, by one, and below zero."""
    case = honest(name)
    bases, bound = generators(LibPoint, case.shape.slots).bases, case.shape.bound
    commitment = LibPoint.from_bytes_checked(case.commitments[0])
    for shift in (bound, 1, N - 1, N - bound):
        moved = commitment + bases.value * Scalar(shift)
        attack = replace(case, commitments=(moved.to_bytes(),), total=case.total)
        assert verify(attack.with_own_hints()).refusal() == EQUATION


@pytest.mark.parametrize("name", ["range-4", "money-4"])
def test_scalars_of_zero_are_refused_as_terms(verify: Verify, name: str) -> None:
    """n = 0 puts zero on generators, which recovery refuses: an error, not an abort."""
    case = honest(name)
    attack = replace(case, scalars=put(case.scalars, 0, bytes(32)))
    with pytest.raises(ProofRejected, match="zero"):
        attack.with_own_hints()
    whole = replace(case, scalars=tuple(bytes(32) for _ in case.scalars))
    for changed in (attack, whole):
        # the first hint still holds: the denominators do not hang on the scalars
        assert verify(changed).refusal() == EQUATION


@pytest.mark.parametrize(
    ("name", "samples"),
    [("range-1", 30), ("range-4", 20), ("range-64", 4), ("money-1", 30), ("money-16", 6), ("money-32", 4)],
)
def test_sampled_bits_flipped(verify: Verify, rng: random.Random, name: str, samples: int) -> None:
    case = honest(name)
    for _ in range(samples):
        lists = [case.commitments, case.points, case.scalars, case.hints, (case.context,)]
        which = rng.randrange(5)
        at = rng.randrange(len(lists[which]))
        item = lists[which][at]
        lists[which] = put(lists[which], at, flipped(item, rng.randrange(len(item)), 1 << rng.randrange(8)))
        commitments, points, scalars, made_hints, (context,) = lists
        attack = Case(name, context, commitments, case.total, points, scalars, made_hints)
        assert verify(attack).refusal() in (ENCODING, HINT)


@pytest.mark.parametrize(
    ("challenge", "name"),
    [(c, f"{family}-1") for family in FAMILIES for c in ("e", "x", "y", "u", "z", "t", "c", "eta", "theta")]
    + [(f"{kind}{bit}", f"{family}-4") for family in FAMILIES for kind in "rvg" for bit in range(2)],
)
def test_a_challenge_of_zero_is_refused(machine: Machine, challenge: str, name: str) -> None:
    """No input with such a hash is known: the contract's text is changed to draw zero."""
    text = (CONTRACTS / f"{name}.clar").read_text()
    drawn = re.compile(rf"^\({challenge} \((?:first-half|second-half|if \(is-some) .*\)\)$", re.MULTILINE)
    assert len(drawn.findall(text)) == 1
    contract = machine.deploy(
        f"zero-{challenge}-{name}", account("deployer of test_range"), drawn.sub(f"({challenge} u0)", text)
    )
    assert machine.read(contract, "verify", *honest(name).arguments()).refusal() == ZERO_CHALLENGE
    if challenge == "theta":
        closed = honest(name, opened=False)
        assert machine.read(contract, "verify", *closed.arguments()).ok() is True


def test_no_total_is_too_large_to_be_refused(verify: Verify) -> None:
    case = honest("range-1")
    assert case.total is not None
    for total in (0, 2**127, 2**128 - 1):
        assert verify(replace(case, total=(total, case.total[1]))).refusal() == HINT


RUNTIME: Final = 5_000_000_000
CEILING: Final = {
    "range-1": (8.5e6, 2.3e6),
    "range-4": (16.5e6, 4.3e6),
    "range-16": (41e6, 9e6),
    "range-32": (59e6, 13.4e6),
    "range-64": (83e6, 21.2e6),
    "money-1": (11e6, 3e6),
    "money-4": (24.5e6, 6.5e6),
    "money-16": (57e6, 13e6),
    "money-32": (82e6, 21e6),
}


@pytest.mark.parametrize("name", SHAPES)
def test_cost(verify: Verify, name: str) -> None:
    """On the simulator's table, and modelled on mainnet's."""
    case = honest(name)
    costs = verify(case).costs
    chain = Chain(MAINNET)
    deployer = account("deployer of the range verifiers")
    contract = chain.deploy(name, (CONTRACTS / f"{name}.clar").read_text(), deployer)
    mainnet = chain.call(contract, "verify", [value(argument) for argument in case.arguments()], deployer).runtime
    share = f"{mainnet / RUNTIME:.2%}"
    print(f"{name}: {costs['runtime']:,} on the simulator's table, {mainnet:,} ({share}) on mainnet's; {costs}")
    assert costs["runtime"] <= CEILING[name][0]
    assert mainnet <= CEILING[name][1]
    assert costs["readCount"] == 3
    assert costs["readLength"] <= 110_001
    assert costs["writeCount"] == costs["writeLength"] == 0
