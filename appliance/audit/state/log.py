"""The chain of the audit log: each entry recomputed from the event that it stands for."""

from __future__ import annotations

import hashlib
from typing import Final

from appliance.audit.state.events import Misfit, Said
from appliance.chain.address import Contract
from appliance.chain.clarity import Value, serialize

TOPICS: Final[dict[str, dict[str, int]]] = {
    "audit-log": {"audit-bootstrap": 900},
    "user-registry": {
        "registry-bootstrap": 100,
        **dict.fromkeys(("gateway", "revoked"), 101),
        **dict.fromkeys(("zone", "replaced"), 102),
        "self-proving": 103,
        "approval": 104,
        "role": 105,
        **dict.fromkeys(("dwellings", "assigned", "moved-out", "principal", "voting-zone"), 106),
        **dict.fromkeys(("meter", "meter-replaced"), 107),
        **dict.fromkeys(("parameter", "token", "contract", "pause"), 108),
    },
    "meter-data": {
        "usage-batch": 200,
        "usage-proof": 201,
        "period-closed": 202,
        "zone-closed": 203,
        "sealed-batch": 204,
        "combined-total": 205,
    },
    "billing": {"tariff": 500, "bills": 501, "freeze": 502, "correction": 503},
    "payment": {
        "payment": 600,
        **dict.fromkeys(("returned", "refunded"), 601),
        "float": 602,
        "credit": 603,
        "settlement": 604,
        **dict.fromkeys(("withdrawal", "released"), 605),
        **dict.fromkeys(("payout-wanted", "payout-approved", "payout-begun", "payout"), 606),
        "slot-released": 607,
        **dict.fromkeys(("pool", "reward"), 608),
        **dict.fromkeys(("exit-approved", "exit", "last-call", "remainder-approved", "remainder"), 609),
    },
    "dispute-resolution": {
        "dispute": 700,
        "juror": 701,
        "evidence": 702,
        **dict.fromkeys(("panel", "panel-missed"), 703),
        "vote": 704,
        "ruling": 705,
        "appeal": 706,
        "dispute-closed": 707,
        "dispute-lapsed": 707,
        **dict.fromkeys(("claim", "claim-answer", "claim-refunded"), 708),
    },
    "governance": {
        "proposal": 800,
        "ballots": 801,
        "tally": 802,
        "contest": 803,
        "contest-answer": 804,
        "assembly": 805,
        "executed": 806,
        "pause": 807,
        "tally-together": 808,
    },
    "utility-token": {"backing": 1200},
    "voucher-token": {"mint": 1300},
}
"""The number under which each event is logged, by contract and topic."""

UNLOGGED: Final[dict[str, frozenset[str]]] = {
    "user-registry": frozenset({"period"}),
    "aggregation": frozenset({"zone-usage", "combined-usage", "exposed", "exposed-slots"}),
    "dispute-resolution": frozenset({"assembly"}),
}
"""Events without an entry of their own. Each is held against the logged event of the same transaction that it belongs
to."""

GENESIS: Final = bytes(32)


class Log:
    """Head and number of entries so far. `stands` is the event that the next entry has to be of."""

    def __init__(self) -> None:
        self.seq, self.head, self.height = 0, GENESIS, 0
        self.writers: list[Contract] = []
        self.stands: Said | None = None

    def complete(self) -> None:
        """Misfit where an event waits for its entry."""
        if self.stands is not None:
            raise Misfit(self.stands.index, f"({self.stands.topic}) has no entry in the audit log")

    def announce(self, said: Said) -> None:
        self.complete()
        self.stands = said

    def entry(self, said: Said) -> Said:
        """The event that this entry is of. Misfit names the event, or the entry where no event explains it."""
        stands, fields = self.stands, said.fields
        if stands is None:
            raise Misfit(said.index, "is an entry in the audit log without an event before it")
        contract = stands.event.contract
        expected = b"".join(
            (
                (self.seq + 1).to_bytes(16, "big"),
                said.event.height.to_bytes(16, "big"),
                TOPICS[stands.name][stands.topic].to_bytes(4, "big"),
                digest(contract),
                digest(stands.event.value),
            )
        )
        entry, head = fields.get("entry"), fields.get("head")
        if not isinstance(entry, bytes) or entry[:32] != expected[:32] or fields.get("seq") != self.seq + 1:
            raise Misfit(said.index, f"is not entry {self.seq + 1} of the audit log at its height")
        follows = hashlib.sha256(self.head + expected).digest()
        if entry != expected and head != follows:
            raise Misfit(stands.index, f"({stands.topic}) is not what entry {self.seq + 1} of the audit log stands for")
        if entry != expected or head != follows:
            raise Misfit(said.index, f"has not the head that follows from entry {self.seq + 1} and the one before")
        if self.seq and contract not in self.writers:
            raise Misfit(stands.index, f"({stands.topic}) is of a contract that does not write to the audit log")
        if said.event.height < self.height:
            raise Misfit(said.index, "lies below the entry before it")
        self.seq, self.head, self.height, self.stands = self.seq + 1, head, said.event.height, None
        if stands.topic == "audit-bootstrap":
            self.writers = list(stands.fields["writers"])
        return stands


def digest(value: Value) -> bytes:
    """SHA-256 of its consensus bytes."""
    return hashlib.sha256(serialize(value)).digest()
