"""What an audit found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.audit.batch import Batch, Finding
from appliance.audit.own import Contested
from appliance.audit.zone import accepted

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
    """

    chain: str
    settlement: str
    utilities: dict[int, int | None]
    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    seconds: int
    whole: bool
    own: int
    contested: tuple[Contested, ...]

    @property
    def good(self) -> bool:
        return not self.findings

    def to_json(self) -> str:
        return json.dumps(
            {
                "chain": self.chain,
                "settlement": self.settlement,
                "good": self.good,
                "zones": [_zone_object(self, zone) for zone in sorted(self.utilities)],
                "batches": [_batch_object(one) for one in self.checked],
                "own_proofs": self.own,
                "contested": [
                    {"zone": one.zone, "batch": one.first_block, "slots": list(one.slots)} for one in self.contested
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
        yield from (_zone_line(self, zone) for zone in sorted(self.utilities))
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
