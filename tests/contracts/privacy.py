"""privacy-proof on the VM, and what its callers send along: hints, and proofs by `circuits`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from appliance.chain.address import Contract
from appliance.chain.clarity import NONE, Int, Optional
from circuits.each_zero import EachZeroProof
from circuits.generators import LIB
from circuits.group import LibPoint
from circuits.pedersen import Opening, commit
from circuits.scalar import EncodingError, N, P, Scalar
from tests.contracts.errors import error_name
from tests.contracts.settlement import account, addition_hint, deploy_proof
from tests.contracts.vm import CONTRACTS, Machine, Receipt, value

CONTEXT: Final = bytes(range(32))
Parts = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]
"""Points, scalars and hints."""
Lists = Sequence[Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Proof:
    """privacy-proof; every function takes plain Python."""

    vm: Machine
    contract: Contract

    def batch(
        self,
        commitments: Sequence[bytes],
        total: int,
        blinding: bytes,
        parts: Parts,
        ctx: bytes = CONTEXT,
    ) -> Receipt:
        """verify-usage-batch."""
        return self._read("verify-usage-batch", ctx, list(commitments), total, blinding, *map(list, parts))

    def usage(
        self,
        commitments: Sequence[bytes],
        parts: Parts,
        ctx: bytes = CONTEXT,
    ) -> Receipt:
        return self._read("verify-usage", ctx, list(commitments), *map(list, parts))

    def verify(
        self,
        kind: str,
        commitments: Sequence[bytes],
        opening: tuple[int, bytes] | None = None,
        points: Sequence[bytes] = (),
        scalars: Sequence[bytes] = (),
        hints: Sequence[bytes] = (),
        ctx: bytes = CONTEXT,
    ) -> Receipt:
        opened = NONE if opening is None else Optional(value({"total": opening[0], "blinding": opening[1]}))
        return self._read(
            "verify-proof", kind, ctx, list(commitments), opened, list(points), list(scalars), list(hints)
        )

    def money(self, commitments: Sequence[bytes], parts: Parts, ctx: bytes = CONTEXT) -> Receipt:
        return self._read("verify-money", ctx, list(commitments), *map(list, parts))

    def each_zero(self, branches: Lists, made: EachZeroProof, ctx: bytes = CONTEXT) -> Receipt:
        lists = (branches, made.nonces, made.shares, made.responses)
        return self._read("verify-each-zero", ctx, *([list(row) for row in rows] for rows in lists))

    def add(self, running: list[bytes], batch: list[bytes], hint: bytes) -> Receipt:
        return self._read("add-commitments", running, batch, hint)

    def subtract(self, left: Sequence[bytes], right: Sequence[bytes], hint: bytes) -> Receipt:
        return self._read("subtract-commitments", list(left), list(right), hint)

    def sum_opens(self, commitments: Sequence[bytes], total: int, blinding: bytes, hints: Sequence[bytes]) -> Receipt:
        return self._read("verify-sum", list(commitments), total, blinding, list(hints))

    def sum(self, commitments: Sequence[bytes], hints: Sequence[bytes]) -> Receipt:
        return self._read("sum-commitments", list(commitments), list(hints))

    def opens(self, commitment: bytes, opened: int, blinding: bytes) -> Receipt:
        return self._read("verify-opening", commitment, opened, blinding)

    def zero(self, commitment: bytes, nonce: bytes, response: bytes, ctx: bytes = CONTEXT) -> Receipt:
        return self._read("verify-zero", ctx, commitment, nonce, response)

    def line(
        self, usage: Sequence[bytes], rate: int, constant: int, hint: bytes, occupied: Sequence[bool] | None = None
    ) -> Receipt:
        """compute-line; all slots occupied unless it is said which."""
        taken = [True] * len(usage) if occupied is None else list(occupied)
        return self._read("compute-line", list(usage), rate, Int(constant), taken, hint)

    def _read(self, function: str, *args: Any) -> Receipt:
        return self.vm.read(self.contract, function, *args)


def deploy(vm: Machine, owner: str, *changes: tuple[str, str]) -> Proof:
    """privacy-proof of a deployer of its own; each change replaces a text that is there once."""
    source = (CONTRACTS / "privacy-proof.clar").read_text()
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    deployer = account(f"deployer of privacy-proof for {owner}")
    vm.deploy("audit-log", deployer)
    vm.deploy("user-registry", deployer)
    return Proof(vm, deploy_proof(vm, deployer, source))


@cache
def alone(vm: Machine) -> Proof:
    """Our own, once on each VM."""
    return deploy(vm, "all tests")


def refusal(receipt: Receipt) -> str:
    """The error's name; privacy-proof's own without the contract."""
    return error_name(receipt.refusal()).removeprefix("privacy-proof.")


def openings(rng: random.Random, values: Sequence[int]) -> list[Opening]:
    return [Opening(number, Scalar(rng.randrange(1, N))) for number in values]


def encoded(many: Sequence[Opening]) -> list[bytes]:
    return [commit(LIB, opening).to_bytes() for opening in many]


def points(rng: random.Random, count: int) -> list[LibPoint]:
    return [LibPoint.generator() * Scalar(rng.randrange(1, N)) for _ in range(count)]


def sum_hints(commitments: Sequence[bytes]) -> list[bytes]:
    """One inverse for each level in which the commitments are added up."""
    hints: list[bytes] = []
    level = [LibPoint.from_bytes_checked(commitment) for commitment in commitments]
    while len(level) > 1:
        half = len(level) // 2
        first, second, rest = level[:half], level[half : 2 * half], level[2 * half :]
        hints.append(addition_hint([p.to_bytes() for p in first], [p.to_bytes() for p in second]))
        level = [a + b for a, b in zip(first, second, strict=True)] + rest
    return hints


def off_curve_x(rng: random.Random) -> int:
    while True:
        x = rng.randrange(P)
        try:
            LibPoint.from_x_even(x)
        except EncodingError:
            return x


def no_points(rng: random.Random, good: bytes) -> list[bytes]:
    """Bytes that are no compressed point, each for a reason of its own; `good` is one."""
    return [
        b"",
        b"\x02",
        good[:32],
        bytes(33),
        *(bytes([prefix]) + good[1:] for prefix in (0, 1, 4, 5, 6, 7, 0x12, 0x82, 0xFF)),
        b"\x02" + bytes(32),  # y^2 = 7 has no root
        b"\x02" + P.to_bytes(32, "big"),
        b"\x02" + (P + 1).to_bytes(32, "big"),  # x = 1 is on the curve, but not in this form
        b"\x03" + b"\xff" * 32,
        *(b"\x02" + off_curve_x(rng).to_bytes(32, "big") for _ in range(3)),
    ]


def not_scalars() -> list[bytes]:
    return [N.to_bytes(32, "big"), (N + 1).to_bytes(32, "big"), b"\xff" * 32, bytes(31), b""]
