"""What a month takes, and what a function costs that only contracts call."""

from __future__ import annotations

import pytest

from appliance.bench.calls import DEPLOYER, NETWORK
from appliance.bench.traffic import TARGETS, month, traffic_figures
from appliance.chain.address import Contract
from appliance.chain.clarity import UInt
from contracts.costs.chain import Chain
from contracts.costs.tables import MAINNET

INNER = """
(define-data-var kept uint u0)
(define-read-only (get-kept) (var-get kept))
(define-public (keep (value uint)) (ok (var-set kept value)))
"""
OUTER = """
(define-public (keep-twice (value uint))
  (begin
    (try! (contract-call? .inner keep value))
    (contract-call? .inner keep (+ value (contract-call? .inner get-kept)))))
"""


def test_calls_between_contracts_are_parts_of_the_outcome() -> None:
    deployer = DEPLOYER.address(NETWORK)
    chain = Chain(MAINNET)
    for name, source in (("inner", INNER), ("outer", OUTER)):
        chain.deploy(name, source, deployer)
    inner, outer = (Contract(deployer, name) for name in ("inner", "outer"))
    first, second = (chain.call(outer, "keep-twice", [UInt(value)], deployer) for value in (1, 2))
    assert [(part.contract, part.function) for part in first.parts] == [(inner, "keep")] * 2
    assert len(second.parts) == 2
    alone = chain.call(inner, "keep", [UInt(1)], deployer)
    assert alone.parts == ()
    for part in first.parts:
        assert (part.read_count, part.write_count, part.write_length) == (
            alone.read_count,
            alone.write_count,
            alone.write_length,
        )
        assert 0 < part.runtime < first.runtime
    assert sum(part.runtime for part in first.parts) < first.runtime


def test_a_month_of_a_zone() -> None:
    """31 blocks in batches of 7: four whole ones and one of three."""
    one, four = month(1), month(4)
    assert one["submit-usage-batch"] == four["submit-usage-batch"] == 5
    assert one["prove-band"] == 0
    assert four["prove-band"] == 8
    assert four["prove-bills"] == 1
    for each in (one, four):
        assert each["credit-batch"] == each["finish-credit"] == each["settle-period"] == each["finish-settlement"] == 1
        assert each["close-period"] == each["calculate-bills"] == each["withdraw"] == each["release-holdback"] == 1
    assert (one.total(), four.total()) == (13, 22)


@pytest.mark.parametrize(("place", "bands"), list(enumerate(TARGETS)))
def test_transactions_of_a_dwelling(place: int, bands: int) -> None:
    figure = traffic_figures()[place]
    assert figure.value == pytest.approx(month(bands).total() * 8 / 200)
    assert not figure.missed
    assert figure.unit == "calls"
