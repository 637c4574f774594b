"""Ballots and proposals: what a gateway casts, with the proofs behind it, and settlements in which all may vote."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Bool, Optional
from circuits import each_zero
from circuits.each_zero import KnownZero
from circuits.generators import LIB
from circuits.opening import sum_openings
from circuits.pedersen import Opening, commit
from circuits.scalar import N, Scalar
from tests.contracts.errors import error_name
from tests.contracts.money_texts import BELIEVER
from tests.contracts.privacy import sum_hints
from tests.contracts.settlement import (
    CHAIN_ID,
    GATEWAY,
    STEWARD,
    Settlement,
    account,
    added,
    addition_hint,
    consensus_hash,
    household,
)
from tests.contracts.vm import Machine, Receipt, plain, value

ZONE: Final = 1
SHORTEST: Final = 1008
TALLY_TIME: Final = 432
VERIFIER_LOCK: Final = 432
TIMELOCK: Final = 2016
EXECUTION_TIME: Final = 4320
PAUSE: Final = 432
PAUSE_REST: Final = 4320
ONE: Final = LIB.value.to_bytes()
TEXT: Final = hashlib.sha256(b"what is asked, in the residents' languages").digest()
PHOTO: Final = hashlib.sha256(b"the sheet with the hands that were counted").digest()
YES, NO, ABSTAIN = 1, -1, 0
NOTHING: Final[Mapping[str, Any]] = {}


def refusal(receipt: Receipt) -> str:
    return error_name(receipt.refusal())


def burn_to(s: Settlement, height: int) -> None:
    """The next call runs in burn block `height`."""
    now = s.vm.burn(1)
    assert now <= height, (now, height)
    if now < height:
        assert s.vm.burn(height - now) == height


def action(kind: str, **fields: Any) -> dict[str, Any]:
    """An action with the fields that are named, and none of the others."""
    names = ("name", "number", "who", "holds", "tariff")
    assert set(fields) <= set(names)
    given = {name: Bool(field) if isinstance(field, bool) else value(field) for name, field in fields.items()}
    return {"kind": kind} | {name: Optional(given[name]) if name in given else None for name in names}


QUORUM_30: Final = action("parameter", name="quorum-pct", number=30)


@dataclass(frozen=True, slots=True)
class Ballots:
    """A zone's vector and the openings behind it. `bits` and `hints` are the arguments of cast-ballots."""

    yes: tuple[Opening, ...]
    no: tuple[Opening, ...]

    @property
    def lists(self) -> tuple[list[bytes], list[bytes]]:
        return (
            [commit(LIB, opening).to_bytes() for opening in self.yes],
            [commit(LIB, opening).to_bytes() for opening in self.no],
        )

    @property
    def hints(self) -> list[bytes]:
        yes, no = self.lists
        ones = [ONE] * len(yes)
        either = added(yes, no)
        return [addition_hint(yes, no), *(addition_hint(each, ones) for each in (yes, no, either))]

    def bits(self, context: bytes) -> list[dict[str, Any]]:
        either = tuple(sum_openings(pair) for pair in zip(self.yes, self.no, strict=True))
        return [prove_bits(openings, context) for openings in (self.yes, self.no, either)]


def ballots(rng: random.Random, votes: Sequence[int]) -> Ballots:
    """YES, NO or ABSTAIN by slot."""
    return Ballots(
        tuple(Opening(int(vote == YES), Scalar(rng.randrange(1, N))) for vote in votes),
        tuple(Opening(int(vote == NO), Scalar(rng.randrange(1, N))) for vote in votes),
    )


def prove_bits(openings: Sequence[Opening], context: bytes) -> dict[str, Any]:
    """Each of these is 0 or 1: one element of the argument of cast-ballots."""
    points = [commit(LIB, opening) for opening in openings]
    branches = [[p.to_bytes() for p in points], [(p - LIB.value).to_bytes() for p in points]]
    known = [KnownZero(opening.value, opening.blinding) for opening in openings]
    made = each_zero.prove(LIB, branches, known, context, hashlib.sha256(context).digest())
    return {
        "nonces": [list(row) for row in made.nonces],
        "shares": [list(row) for row in made.shares],
        "responses": [list(row) for row in made.responses],
    }


NO_BITS: Final = {"nonces": [[b"\x02" * 33]], "shares": [[bytes(16)]], "responses": [[bytes(32)]]}


@dataclass(frozen=True, slots=True)
class Polls:
    """The governance of a settlement."""

    s: Settlement
    rng: random.Random

    def call(self, function: str, *args: Any, sender: Address) -> Receipt:
        return self.s.call(self.s.governance, function, *args, sender=sender)

    def read(self, function: str, *args: Any) -> Any:
        return self.s.read(self.s.governance, function, *args)

    def proposal(self, number: int) -> dict[str, Any]:
        found = self.read("get-proposal", number)
        assert isinstance(found, dict)
        return found

    def propose(self, what: dict[str, Any], *, sender: Address = STEWARD, open_for: int = SHORTEST + 10) -> int:
        """The number of a proposal; so many burn blocks are left for ballots."""
        closes = self.s.vm.burn(1) + open_for
        number = self.call("propose", what, TEXT, closes, sender=sender).ok()
        assert isinstance(number, int)
        return number

    def context(self, number: int, zone: int, made: Ballots, changes: Mapping[str, Any] = NOTHING) -> bytes:
        """The 32 bytes that a vector's proofs are bound to; `changes` for another call's."""
        yes, no = made.lists
        bound: dict[str, Any] = {
            "domain": "mita/v1/ballots",
            "chain": CHAIN_ID,
            "contract": self.s.governance,
            "proof": self.s.proof,
            "submitter": GATEWAY,
            "proposal": number,
            "zone": zone,
            "yes-hash": consensus_hash(yes),
            "no-hash": consensus_hash(no),
        }
        assert set(changes) <= set(bound)
        return consensus_hash(bound | dict(changes))

    def cast(
        self,
        number: int,
        zone: int,
        made: Ballots,
        *,
        sender: Address = GATEWAY,
        through: Contract | None = None,
        bits: list[dict[str, Any]] | None = None,
        changes: Mapping[str, Any] = NOTHING,
    ) -> Receipt:
        """Real proofs, for another call with `changes`, unless `bits` are given."""
        proofs = made.bits(self.context(number, zone, made, changes)) if bits is None else bits
        args = (number, zone, *made.lists, made.hints, proofs, through or self.s.proof)
        return self.call("cast-ballots", *args, sender=sender)

    def believed(self, number: int, zone: int, made: Ballots, **how: Any) -> Receipt:
        """Without proofs, for a privacy-proof that asks for none."""
        return self.cast(number, zone, made, bits=[NO_BITS] * 3, **how)

    def tally(
        self,
        number: int,
        zone: int,
        made: Ballots,
        voters: Sequence[int] | None = None,
        *,
        sender: Address = GATEWAY,
        through: Contract | None = None,
        claims: Mapping[str, int] = NOTHING,
    ) -> Receipt:
        """Over the slots `voters`, or all; `claims` are totals other than theirs."""
        slots = range(len(made.yes)) if voters is None else voters
        sides = []
        for name, openings in (("yes", made.yes), ("no", made.no)):
            chosen = [openings[slot] for slot in slots]
            whole = sum_openings(chosen)
            whole = replace(whole, value=claims.get(name, whole.value))
            points = [commit(LIB, opening).to_bytes() for opening in chosen]
            sides += [whole.value, whole.blinding.to_bytes(), sum_hints(points)]
        return self.call("tally", number, zone, *sides, through or self.s.proof, sender=sender)

    def tally_together(
        self,
        number: int,
        zones: Sequence[tuple[int, Ballots, Sequence[int]]],
        *,
        sender: Address = GATEWAY,
        through: Contract | None = None,
        claims: Mapping[str, int] = NOTHING,
        shift: bool = False,
    ) -> Receipt:
        """Of each zone its ballots and the slots that vote. `claims` are totals other than theirs; `shift` makes the
        blindings false."""
        sides: list[Any] = []
        for name in ("yes", "no"):
            chosen = [[getattr(made, name)[slot] for slot in voters] for _, made, voters in zones]
            sums = [sum_openings(openings) if openings else Opening(0, Scalar(1)) for openings in chosen]
            whole = sum_openings(sums) if sums else Opening(0, Scalar(1))
            blinding = whole.blinding + Scalar(1) if shift else whole.blinding
            zone_hints = [sum_hints([commit(LIB, opening).to_bytes() for opening in listed]) for listed in chosen]
            distinct = len({zone for zone, *_ in zones}) == len(zones)
            hints = sum_hints([commit(LIB, one).to_bytes() for one in sums]) if distinct else []
            sides += [claims.get(name, whole.value), blinding.to_bytes(), zone_hints, hints]
        named = [zone for zone, *_ in zones]
        return self.call("tally-together", number, named, *sides, through or self.s.proof, sender=sender)

    def decided(self, what: dict[str, Any], votes: Sequence[int] = (YES, YES, NO, ABSTAIN), **how: Any) -> int:
        """Proposed, cast, closed and tallied, in zone 1; real proofs."""
        number = self.propose(what, **how)
        made = ballots(self.rng, votes)
        self.cast(number, ZONE, made).ok()
        burn_to(self.s, self.proposal(number)["closes"])
        self.tally(number, ZONE, made).ok()
        return number

    def executed(self, number: int) -> Receipt:
        """In the first burn block in which the timelock is over, or now."""
        ready = self.proposal(number)["ready"]
        if self.s.vm.burn(1) < ready:
            burn_to(self.s, ready)
        return self.call("execute", number, sender=self.s.stranger)


def governing(vm: Machine, rng: random.Random, proof: str | None = BELIEVER, *, slots: int = 4, **zone: Any) -> Polls:
    """Zone 1, all of whose dwellings have been there for two periods; our own privacy-proof for `proof` none."""
    s = Settlement(vm, proof, small=True, later=("billing", "governance"))
    s.bootstrap()
    s.zone(ZONE, slots, **zone)
    for _ in range(2):
        s.metered(rng, ZONE, [0] * slots)
    return Polls(s, rng)


def closed(polls: Polls, made: Ballots, what: dict[str, Any] = QUORUM_30) -> int:
    number = polls.propose(what)
    polls.believed(number, ZONE, made).ok()
    burn_to(polls.s, polls.proposal(number)["closes"])
    return number


def tallied(polls: Polls, what: dict[str, Any] = QUORUM_30, **totals: int) -> int:
    """With whatever totals are claimed."""
    made = ballots(polls.rng, (YES, YES, NO, ABSTAIN))
    number = closed(polls, made, what)
    polls.tally(number, ZONE, made, claims=totals).ok()
    return number


def own_principal(s: Settlement, zone: int, slot: int) -> Address:
    """The dwelling that `Settlement.zone` put there gets a principal that no gateway derived."""
    own = account(f"own key of {zone}/{slot}")
    s.together(s.registry, "set-principal", s.read(s.registry, "get-dwelling-of", household(zone, slot)), own)
    return own


def logged(s: Settlement, contract: Contract, receipt: Receipt) -> tuple[int, dict[str, Any]]:
    """The number and the event of the newest entry in the audit log, which is this receipt's last of `contract`."""
    event = [event.value for event in receipt.prints if event.contract == str(contract)][-1]
    entry = s.read(s.audit, "get-entry", s.read(s.audit, "get-head")["seq"])["entry"]
    assert entry[36:68] == consensus_hash(contract)
    assert entry[68:] == consensus_hash(event)
    found = plain(event)
    assert isinstance(found, dict)
    return int.from_bytes(entry[32:36], "big"), found
