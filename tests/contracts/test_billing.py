"""Bills: what is proved of them, by real proofs, and what is refused."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from circuits.bill import Billed, excess, prove_band
from circuits.group import LibPoint
from circuits.pedersen import Opening
from circuits.tariff import Band, lines
from tests.contracts.believing import NO_ROWS, Believing
from tests.contracts.errors import error_name
from tests.contracts.money import Money
from tests.contracts.money_zone import points, range_args
from tests.contracts.settlement import ELECTRICITY, GATEWAY, PROVIDER, STRANGER, WATER, Settlement, household
from tests.contracts.vm import Machine, Receipt

FREE = (Band(0, 0), Band(1000, 200))
TWO = (Band(0, 100), Band(1000, 200))
USAGE = [6999, 7001, 0, 50_000]


def refused(receipt: Receipt) -> str:
    return error_name(receipt.refusal()).removeprefix("billing.")


def metered(m: Money, *bands: Band, charge: int = 50) -> list[Billed]:
    """A closed period of zone 1, whose last slot nobody lives in, and the honest bills."""
    m.found(charge, *bands).ok()
    m.zone(1, 4, vacant=[3])
    m.meter(1, USAGE)
    return m.billed(1, 0)


def name(m: Money, made: list[Billed]) -> None:
    m.bill_call("calculate-bills", 1, points([slot.bill for slot in made]), b"", m.s.proof).ok()


def other(made: list[Billed], slot: int, more: int) -> list[Billed]:
    changed = Opening(made[slot].bill.value + more, made[slot].bill.blinding)
    return [replace(one, bill=changed) if at == slot else one for at, one in enumerate(made)]


# ------------------------------------------------------------------------------------------------ accepted


@pytest.mark.parametrize("bands", [FREE, TWO], ids=["a free band", "two bands"])
def test_bills_are_what_the_tariff_says(machine: Machine, rng: random.Random, bands: tuple[Band, ...]) -> None:
    m = Money(machine, rng)
    metered(m, *bands, charge=0)
    before = m.s.vm.burn(1)
    m.bill(1).ok()
    final = m.s.read(m.s.billing, "get-bills", 1, 0)
    assert final["bills"] == points(m.zones[1].bills[0])
    assert final["version"] == 1
    assert 1008 <= final["due"] - before <= 1008 + 10
    first = bands[0].rate
    expected = [first * 6999, first * 7000 + 200, 0, 0]  # nobody owes what was used where nobody lives
    assert [opening.value for opening in m.zones[1].bills[0]] == expected
    dwelling = m.s.read(m.s.registry, "get-dwelling-of", household(1, 1))
    found = m.s.read(m.s.billing, "get-user-bill", dwelling, ELECTRICITY, 0)
    assert found == {"commitment": final["bills"][1], "version": 1, "status": "final", "due": final["due"]}
    assert m.s.read(m.s.billing, "get-user-bill", dwelling, ELECTRICITY, 1) is None
    assert m.s.read(m.s.billing, "get-user-bill", dwelling, 2, 0) is None
    assert m.s.read(m.s.billing, "get-next-period", 1) == 1
    assert refused(m.bill_call("prove-bills", 1, *NO_ROWS, m.s.proof)) == "ERR_NO_CANDIDATE"


def test_the_provider_may_bill_one_band_too(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng)
    metered(m, Band(0, 100))
    assert refused(m.bill(1, sender=STRANGER)) == "ERR_NOT_BILLER"
    m.bill(1, sender=PROVIDER).ok()
    assert m.s.read(m.s.billing, "get-bills", 1, 0)["bills"] == points(m.zones[1].bills[0])
    assert m.zones[1].bills[0][3].value == 0  # vacant


# ------------------------------------------------------------------------------------------------ false bills


def test_no_bill_below_a_line(machine: Machine, rng: random.Random) -> None:
    """The proof for honest bills does not do for others, nor does one for another band or part."""
    m = Money(machine, rng)
    made = metered(m, *TWO)
    low = other(made, 1, -1)
    name(m, low)
    with pytest.raises(ValueError, match=r"\[0, 2\^64\)"):
        m.prove_band(1, 0, low, 1, 0)
    assert error_name(m.prove_band(1, 0, made, 1, 0).refusal()) == "privacy-proof.ERR_HINT"
    m.prove_band(1, 0, low, 0, 0).ok()
    assert refused(m.prove_bills(1, 0, made)) == "ERR_UNPROVED"
    name(m, made)
    line = lines(50, TWO, 7)[0]
    context = m.context("bill-band", m.s.billing, **m.bound_bills(1, 0, made), band=1, part=0)
    computed = excess(LibPoint, line, m.public(made))
    (proof,) = prove_band(LibPoint, line, made, [context], rng.randbytes(32))
    hinted = (computed.line_hint, computed.difference_hint)
    receipt = m.bill_call("prove-band", 1, 0, 0, *hinted, *range_args(proof), m.s.proof)
    assert error_name(receipt.refusal()) == "range.ERR_HINT"


def test_no_bill_above_all_lines(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng)
    made = metered(m, *TWO)
    high = other(made, 1, 1)
    name(m, high)
    for band in range(2):
        m.prove_band(1, 0, high, band, 0).ok()
    with pytest.raises(ValueError, match="above every line"):
        m.prove_bills(1, 0, high)
    assert error_name(m.prove_bills(1, 0, made).refusal()) == "privacy-proof.ERR_EQUATION"
    assert m.s.read(m.s.billing, "get-bills", 1, 0) is None


def test_other_bills_start_over(machine: Machine, rng: random.Random) -> None:
    m = Money(machine, rng)
    made = metered(m, *TWO)
    name(m, made)
    for band in range(2):
        m.prove_band(1, 0, made, band, 0).ok()
    again = m.billed(1, 0)
    name(m, again)
    assert refused(m.prove_bills(1, 0, again)) == "ERR_UNPROVED"
    m.prove_band(1, 0, again, 1, 0).ok()
    assert refused(m.prove_bills(1, 0, again)) == "ERR_UNPROVED"
    m.prove_band(1, 0, again, 0, 0).ok()
    m.prove_bills(1, 0, again).ok()
    assert m.s.read(m.s.billing, "get-bills", 1, 0)["bills"] == points([slot.bill for slot in again])


# ------------------------------------------------------------------------------------------------ refused


def test_who_bills_what(machine: Machine, rng: random.Random) -> None:
    m = Believing(machine, rng)
    none: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])

    def calculate(zone: int, bills: list[bytes], hint: bytes = b"", sender: object = GATEWAY) -> str:
        return refused(m.bill_call("calculate-bills", zone, bills, hint, m.s.proof, sender=sender))  # type: ignore[arg-type]  # an Address

    def band(number: int, part: int, sender: object = GATEWAY, proof: object = None) -> str:
        args = (1, number, part, b"", b"", *none, proof or m.s.proof)
        return refused(m.bill_call("prove-band", *args, sender=sender))  # type: ignore[arg-type]  # an Address

    m.found(0, *TWO).ok()
    m.zone(1, 4)
    assert calculate(9, []) == "ERR_ZONE_UNKNOWN"
    assert calculate(1, []) == "ERR_NOT_CLOSED"
    m.s.zone(2, 4, utility=WATER)
    for zone in (1, 2):
        m.s.metered(rng, zone, [1, 2, 3, 4])
    assert calculate(2, []) == "ERR_NO_TARIFF"
    for bills, hint in (([], b""), (m.list_of(3), b""), (m.list_of(5), b""), (m.list_of(4), bytes(32))):
        assert calculate(1, bills, hint) == "ERR_BILLS"
    assert calculate(1, m.list_of(4), sender=PROVIDER) == "ERR_NOT_BILLER"  # who does not know what is in them
    assert band(0, 0) == "ERR_NO_CANDIDATE"
    m.bill_call("calculate-bills", 1, m.list_of(4), b"", m.s.proof).ok()
    assert band(2, 0) == "ERR_BAND"
    assert band(0, 1) == "ERR_BAND"
    assert band(0, 0, sender=PROVIDER) == "ERR_NOT_BILLER"
    assert band(0, 0, proof=m.s.token) == "ERR_PROOF_CONTRACT"
    assert refused(m.bill_call("prove-bills", 1, *NO_ROWS, m.s.token)) == "ERR_PROOF_CONTRACT"
    assert refused(m.bill_call("prove-bills", 1, *NO_ROWS, m.s.proof, sender=PROVIDER)) == "ERR_NOT_BILLER"
    assert refused(m.bill_call("calculate-bills", 1, m.list_of(4), b"", m.s.token)) == "ERR_PROOF_CONTRACT"
    m.s.together(m.s.registry, "revoke-gateway", GATEWAY)
    assert band(0, 0) == "ERR_NOT_BILLER"


def test_one_band_takes_no_bills(machine: Machine, rng: random.Random) -> None:
    m = Believing(machine, rng)
    m.found(0, Band(0, 100)).ok()
    m.zone(1, 4)
    m.s.metered(rng, 1, [1, 2, 3, 4])
    assert refused(m.bill_call("calculate-bills", 1, m.list_of(4), b"", m.s.proof)) == "ERR_BILLS"


def test_the_second_half_follows_the_first(machine: Machine, rng: random.Random) -> None:
    m = Believing(machine, rng)
    m.found(0, *TWO).ok()
    m.zone(1, 64)
    m.s.metered(rng, 1, [1] * 64)
    m.bill_call("calculate-bills", 1, m.list_of(64), b"", m.s.proof).ok()

    def band(number: int, part: int) -> Receipt:
        return m.bill_call("prove-band", 1, number, part, b"", b"", *NO_ROWS, m.s.proof)

    assert refused(band(0, 1)) == "ERR_UNPROVED"
    band(1, 0).ok()
    assert refused(band(0, 1)) == "ERR_UNPROVED"
    band(0, 0).ok()
    band(0, 1).ok()
    assert refused(m.bill_call("prove-bills", 1, *NO_ROWS, m.s.proof)) == "ERR_UNPROVED"
    m.bill_call("calculate-bills", 1, m.list_of(64), b"", m.s.proof).ok()
    assert refused(band(0, 1)) == "ERR_UNPROVED"  # the first half was that of other bills
    for number in range(2):
        for part in range(2):
            band(number, part).ok()
    m.bill_call("prove-bills", 1, *NO_ROWS, m.s.proof).ok()


def test_disputes_freeze_and_correct_once(machine: Machine, rng: random.Random) -> None:
    m = Believing(machine, rng)
    m.found(0, Band(0, 100)).ok()
    m.zone(1, 4)
    s: Settlement = m.s
    (point,) = m.list_of(1)
    assert refused(m.at_desk("freeze", 1, 0, 0)) == "ERR_NO_BILL"
    m.end_period(1)
    assert refused(m.at_desk("freeze", 1, 4, 0)) == "ERR_NO_BILL"
    for function, args in (("freeze", (1, 0, 0)), ("unfreeze", (1, 0, 0)), ("correct-bill", (1, 0, 0, point))):
        assert refused(m.bill_call(function, *args)) == "ERR_CALLER"
    assert refused(m.at_desk("correct-bill", 1, 0, 0, point)) == "ERR_FREEZE"
    assert refused(m.at_desk("unfreeze", 1, 0, 0)) == "ERR_FREEZE"
    m.at_desk("freeze", 1, 0, 0).ok()
    assert refused(m.at_desk("freeze", 1, 0, 0)) == "ERR_FREEZE"
    dwelling = s.read(s.registry, "get-dwelling-of", household(1, 0))
    assert s.read(s.billing, "get-user-bill", dwelling, ELECTRICITY, 0)["status"] == "disputed"
    m.at_desk("correct-bill", 1, 0, 0, point).ok()
    assert refused(m.at_desk("correct-bill", 1, 0, 0, point)) == "ERR_CORRECTION"
    m.at_desk("unfreeze", 1, 0, 0).ok()
    assert s.read(s.billing, "get-user-bill", dwelling, ELECTRICITY, 0)["status"] == "corrected"
    assert s.read(s.billing, "get-claims", 1, 0) == 1
    assert s.read(s.billing, "get-pending-count", 1) == 1
    assert refused(m.bill_call("take-correction", 1, 0, 0)) == "ERR_CALLER"
    assert refused(m.bill_call("take-correction", 1, 1, 0)) == "ERR_CORRECTION"
    m.s.vm.burn(1008)
    assert refused(m.at_desk("freeze", 1, 1, 0)) == "ERR_DUE"
