"""A payer asks whether a payment got there: the appliance shows it, once, and tells a person where it did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance import claims as steps
from appliance import projection
from appliance.beside import Beside, Claim
from appliance.chain.transaction import PrivateKey
from appliance.delivery import State
from appliance.money import Money
from appliance.money_proof import prove_reached
from appliance.proof import ProofError
from appliance.store import claims, homes, outbox, portal
from appliance.store import shown as bills
from appliance.store.claims import Credited
from appliance.store.database import Database
from circuits.pedersen import Opening
from circuits.scalar import Scalar
from tests.contracts.settlement import STRANGER
from tests.contracts.test_appliance_disputes import COURT
from tests.contracts.test_appliance_periods import FIRST, RATIO, Gateway, gateway, two_blocks
from tests.contracts.vm import Machine


def asks(of: Gateway, payment: int, label: str, number: int) -> None:
    """The payer says for whom its payment was; `number` counts the dwelling's payments."""
    slot = {"A-01": 0, "A-02": 1, "A-03": 2}[label]
    dwelling = of.home.read(of.home.registry, "get-occupant", 1, slot, of.home.open_period(1))
    salt = of.owned.dwellings[label].payment_salt(number)
    of.home.call(of.home.disputes, "claim-credit", payment, salt, dwelling, sender=STRANGER).ok()


def claim(of: Gateway, payment: int) -> dict[str, object]:
    found = of.home.read(of.home.disputes, "get-claim", payment)
    assert isinstance(found, dict)
    return found


async def test_payments_that_got_there_are_shown_once(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await of.reckon()
        of.pay("A-01", 500)
        of.pay("A-01", 40)
        of.pay("A-02", 90)
        await of.until_rest(8)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await of.until_rest()
        for payment, label, number in ((1, "A-01", 0), (2, "A-01", 1)):
            asks(of, payment, label, number)
        assert claim(of, 2)["total"] == 540 * RATIO
        await of.until_rest(8)
        assert [claim(of, payment)["over"] for payment in (1, 2)] == [True, True]
        answers = [ok for name, ok in of.vm_node.executed if name == "answer-claim"]
        assert answers == [True, True]
        for payment in (1, 2):
            made = await outbox.of_call(of.db, Beside.CLAIM, 1, payment)
            assert made is not None
            assert made.delivery.state is State.FINAL
        assert await claims.waiting(of.db) == []
        assert await claims.may_be_asked(of.db, 0) == [3], "what was asked about is not looked at again"
        assert await claims.may_be_asked(of.db, of.home.vm.burn(0)) == []
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        await of.until_rest()
        assert of.compared[1].wrong == []


async def test_the_power_fails_and_the_answer_comes_all_the_same(machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        asks(of, 1, "A-01", 0)
        for _ in range(6):
            of.asking = steps.Watch()  # nothing is remembered but what is stored
            await of.look()
            of.home.vm.burn(1)
        assert len(await outbox.select(of.db, "WHERE kind = ?", ("answer-claim",))) == 1
        await of.until_rest(6)
        assert [ok for name, ok in of.vm_node.executed if name == "answer-claim"] == [True]


async def test_what_the_books_do_not_say_is_left_to_a_person(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(machine, tmp_path, more=COURT) as of:
        await of.reckon()
        of.pay("A-01", 500)
        await of.until_rest(8)
        async with of.db.transaction() as tx:
            await tx.run("UPDATE credit_slot SET holder = 'dwelling/A-02' WHERE slot = 0")
        asks(of, 1, "A-01", 0)
        await of.until_rest(6)
        assert claim(of, 1)["over"] is False
        assert ("answer-claim", True) not in of.vm_node.executed
        told = [entry.getMessage() for entry in caplog.records if "a steward has to look" in entry.getMessage()]
        assert len(told) == 1, "once"
        assert "payment 1 " in told[0]
        for secret in ("A-01", "A-02", "500", str(500 * RATIO)):
            assert secret not in told[0]
        (stored,) = await claims.waiting(of.db)
        assert stored.doubted


def test_only_enough_bears_a_claim_out() -> None:
    of = Claim(1, 1, 0, 1000, 5, 9, False)
    assert not steps.bears_out(of, None)
    assert not steps.bears_out(of, Credited(0, "dwelling/A-01", Money(999)))
    assert steps.bears_out(of, Credited(0, "dwelling/A-01", Money(1000)))
    assert not steps.bears_out(replace(of, total=1001), Credited(0, "dwelling/A-01", Money(1000)))


def test_less_than_was_claimed_is_not_even_proved() -> None:
    with pytest.raises(ProofError, match="a credit is not what was claimed"):
        prove_reached(Opening(999, Scalar(7)), 1000, bytes(32), bytes(32))
    prove_reached(Opening(1000, Scalar(7)), 1000, bytes(32), bytes(32))


async def test_somebody_elses_claims_are_not_answered(machine: Machine, tmp_path: Path) -> None:
    """A stranger's payment under no reference is credited to nobody, so that nobody can ask about it."""
    async with gateway(machine, tmp_path, more=COURT) as of:
        await of.reckon()
        payer = PrivateKey(bytes(31) + b"\x07").address(of.lane.network)
        of.home.call(of.home.token, "mint", 5, payer, sender=payer).ok()
        of.home.call(of.home.payment, "pay", 1, bytes(32), 5, of.home.token, sender=payer).ok()
        await of.until_rest(6)
        assert await claims.may_be_asked(of.db, 0) == []


async def test_the_home_sees_how_a_question_about_its_payment_stands(machine: Machine, tmp_path: Path) -> None:
    """The home that the payment was for, and nobody who comes after it."""
    async with (
        gateway(machine, tmp_path, more=COURT) as of,
        Database.open(tmp_path / "portal.db", "portal") as shown_db,
    ):

        async def shown() -> list[tuple[object, ...]]:
            await projection.show_due(of.db, shown_db, of.owned.keys)
            return [tuple(row) for row in await shown_db.all("SELECT payment, slot, state FROM claim")]

        await of.reckon()
        of.pay("A-01", 500)
        of.pay("A-02", 500)
        await of.until_rest(8)
        async with of.db.transaction() as tx:
            await tx.run("UPDATE credit_slot SET amount = amount - 1 WHERE slot = 1")
        asks(of, 1, "A-01", 0)
        asks(of, 2, "A-02", 0)
        await of.until_rest(3)
        assert await shown() == [(1, 0, "asked"), (2, 1, "doubted")]
        await of.until_rest(5)
        assert await shown() == [(1, 0, "over"), (2, 1, "doubted")]
        async with shown_db.transaction() as tx:
            await portal.put_zone(tx, portal.Zone(1, "Lane A", "electricity", "Wh", 4, "ST1.c"))
            row = await portal.put_dwelling(tx, "B-09", bytes(16), bytes(32))
            await homes.put_homes(tx, 1, {0: "B-09"})
        assert await shown_db.all("SELECT payment FROM claim") == [(2,)], "another home has the slot now"
        async with of.db.transaction() as tx:
            await claims.show_all_again(tx)
        assert await shown() == [(2, 1, "doubted")]
        assert await bills.asked_of(shown_db, row, 1, 9) == []
