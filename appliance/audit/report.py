"""What an audit found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.audit.batch import Batch, Finding
from appliance.audit.claim import Check
from appliance.audit.own import Contested, Own
from appliance.audit.zone import accepted
from appliance.chain.address import Contract

UNITS: Final = {1: "Wh", 2: "litre"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch whose proof was checked, and how long that took."""

    batch: Batch
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Report:
    """`utilities` by zone, of every zone looked at; `whole`: a settlement was audited, not one batch of it.

    `own` proofs came from dwellings about their own slots, and some of them contest a batch: no failure of the chain.
    Nor are those `unjudged`. `contract` is the meter-data audited, None if not even that is known; `compared` names the
    contracts beside it whose text was compared with this project's.
    """

    chain: str
    settlement: str
    contract: Contract | None
    compared: tuple[str, ...]
    utilities: dict[int, int | None]
    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    seconds: int
    whole: bool
    own: int
    contested: tuple[Contested, ...]
    unjudged: tuple[Own, ...]

    @property
    def good(self) -> bool:
        return not self.findings

    def to_json(self) -> str:
        return json.dumps(
            {
                "chain": self.chain,
                "settlement": self.settlement,
                "contract": None if self.contract is None else str(self.contract),
                "compared": list(self.compared),
                "good": self.good,
                "zones": [_zone_object(self, zone) for zone in sorted(self.utilities)],
                "batches": [_batch_object(one) for one in self.checked],
                "own_proofs": self.own,
                "contested": [
                    {"zone": one.zone, "batch": one.first_block, "slots": list(one.slots)} for one in self.contested
                ],
                "unjudged": [
                    {
                        "zone": own.zone,
                        "slot": own.slot,
                        "batch": own.first_block,
                        "words": own.unjudged,
                        "txid": own.txid,
                    }
                    for own in self.unjudged
                ],
                "failures": [
                    {
                        "zone": finding.zone,
                        "batch": finding.first_block,
                        "check": str(finding.failure.check),
                        "words": finding.failure.words,
                        "txid": finding.txid or None,
                    }
                    for finding in self.findings
                ],
                "seconds": self.seconds,
            }
        )

    def lines(self) -> Iterator[str]:
        if self.contract is not None:
            differ = sum(finding.failure.check is Check.CONTRACT for finding in self.findings)
            verdict = f"{differ} FAILED" if differ else "all the same"
            yield f"contract {self.contract}"
            yield f"text compared with this Mita's, of {', '.join(self.compared)}: {verdict}"
        yield from (_zone_line(self, zone) for zone in sorted(self.utilities))
        for alone in self.unjudged:
            where = f"zone {alone.zone}, slot {alone.slot}, block {alone.first_block}"
            yield f"cannot be judged: {where}: the slot's own proof was not sent as a direct call signed with one key"
            yield f"        {alone.unjudged}\n        transaction {alone.txid}"
        for one in self.contested:
            slots = ", ".join(map(str, one.slots))
            yield f"zone {one.zone}, batch of block {one.first_block} is contested: slot {slots} proved something else"
        yield from (f"FAILED  {finding}{_of(finding)}" for finding in self.findings)
        if self.good:
            if self.whole:
                own = f", {self.own} of single slots" if self.own else ""
                yield f"proofs that hold over py_ecc: {len(self.checked)} of batches{own}"
                yield "no batch is missing or doubled, and every total adds up"
            else:
                yield "the proof holds over py_ecc; event and contracts agree with the transaction"
            yield "believed, not checked: that this node shows the chain that its network agreed on; ask a second one"
        else:
            yield f"FAILED: {len(self.findings)} checks failed, {len(self.checked)} batches were looked at"


def _of(finding: Finding) -> str:
    return f"\n        transaction {finding.txid}" if finding.txid else ""


def _zone_object(report: Report, zone: int) -> dict[str, object]:
    batches = accepted([one.batch for one in report.checked], zone)
    return {
        "zone": zone,
        "utility": report.utilities[zone],
        "slots": max((len(b.submission.commitments) for b in batches), default=0),
        "batches": len(batches),
        "first_block": batches[0].submission.first_block if batches else None,
        "last_block": max((b.submission.last_block for b in batches), default=None),
        "total": sum(b.submission.total for b in batches),
        "failures": len(_of_zone(report.findings, zone)),
    }


def _zone_line(report: Report, zone: int) -> str:
    batches = accepted([one.batch for one in report.checked], zone)
    failed = len(_of_zone(report.findings, zone))
    verdict = f"{failed} checks FAILED" if failed else "all checks hold"
    if not batches:
        return f"zone {zone}: no batch; {verdict}"
    unit = UNITS.get(report.utilities[zone] or 0, "")
    first, last = batches[0].submission.first_block, max(b.submission.last_block for b in batches)
    total = sum(b.submission.total for b in batches)
    slots = len(batches[0].submission.commitments)
    count = f"{len(batches)} batch" + "es" * (len(batches) != 1)
    return f"zone {zone}: {slots} slots, blocks {first} to {last} in {count}, {total} {unit}; {verdict}"


def _batch_object(one: Checked) -> dict[str, object]:
    batch = one.batch
    return {
        "zone": batch.zone,
        "batch": batch.first_block,
        "last_block": None if batch.submission is None else batch.submission.last_block,
        "total": None if batch.submission is None else batch.submission.total,
        "txid": batch.txid,
        "proof_milliseconds": one.milliseconds,
    }


def _of_zone(findings: Sequence[Finding], zone: int) -> list[Finding]:
    return [finding for finding in findings if finding.zone == zone]
