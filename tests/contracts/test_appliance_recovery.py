"""A call for a period or money that another transaction took the nonce of is made again, once and in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.delivery import PATIENCE, State
from appliance.store import outbox, periods
from tests.contracts.settlement import SECOND, STEWARD, household
from tests.contracts.test_appliance_periods import DAY, FIRST, PERIOD, Gateway, gateway, two_blocks
from tests.contracts.vm import Machine
from tests.fakes.clock import FakeClock


async def losing(of: Gateway, lost: str, part: int = 0) -> None:
    """The gateway's calls are mined as they come, but a stranger with its key takes the nonce of one of them."""
    of.wall = FakeClock(of.clock.at)
    taken = False
    for _ in range(60):
        await of.look()
        submission = next(iter([await _submission(of, lost, part)]))
        if submission is not None and not taken:
            del of.vm_node.waiting[of.lane.address, submission.nonce]
            before = of.vm_node.nonces[of.lane.address]
            while before < submission.nonce:  # those before it are mined
                of.vm_node.mine()
                before = of.vm_node.nonces[of.lane.address]
            of.vm_node.nonces[of.lane.address] += 1
            taken = True
        of.vm_node.mine()
        of.home.vm.burn(1)
        of.wall.at += PATIENCE // 3
    assert taken, f"{lost} was never sent"


async def _submission(of: Gateway, kind: str, part: int) -> outbox.Submission | None:
    return await outbox.of_call(of.db, kind, 1, 0, part)


@pytest.mark.parametrize(
    ("lost", "part"),
    [("credit-batch", 0), *((name, 0) for name in dict.fromkeys(PERIOD[2:])), ("prove-band", 1)],
)
async def test_a_lost_nonce_is_taken_up_again(lost: str, part: int, machine: Machine, tmp_path: Path) -> None:
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        of.pay("A-01", 500)
        of.home.vm.burn(3)
        await of.reckon()
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        await losing(of, lost, part)
        names = [name for name, ok in of.vm_node.executed if ok]
        assert sorted(names) == sorted(["credit-batch", *PERIOD]), "each took effect once"
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 1
        assert await of.accounts(0) == [(419_900, 0), (0, 220_100), (0, 20_100), (0, 0)]
        assert of.compared[1].wrong == []
        assert await outbox.rejected(of.db) == []
        await two_blocks(of, FIRST + 2, [1, 1, 1, 0])
        of.wall = of.clock
        await of.until_rest()
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 2


async def test_bills_that_are_there_are_not_begun_again(machine: Machine, tmp_path: Path) -> None:
    """calculate-bills after prove-band would forget the proofs: seen as lost, it is only read back."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        for _ in range(12):
            await of.look()
            made = await _submission(of, "calculate-bills", 0)
            if made is not None and of.vm_node.executed and of.vm_node.executed[-1][0] == "prove-band":
                break
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.clock.at += 5
        made = await _submission(of, "calculate-bills", 0)
        assert made is not None
        async with of.db.transaction() as tx:
            await tx.run(
                "UPDATE submission SET state = 'rejected', reason = ?, since = 0 WHERE id = ?",
                ("another transaction used this nonce: is the gateway's key in use elsewhere?", made.id),
            )
            await tx.run("UPDATE call SET on_chain = 0 WHERE id = ?", (made.call.id,))
        nonce = made.nonce
        for version in made.versions:
            of.vm_node.done.pop(version.txid.hex(), None)
        of.clock.at += 1
        await of.until_rest()
        again = await _submission(of, "calculate-bills", 0)
        assert again is not None
        assert (again.nonce, again.delivery.state, again.on_chain) == (nonce, State.FINAL, True)
        assert [name for name, ok in of.vm_node.executed if ok] == list(PERIOD)
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 1
        assert of.clock.at < (FIRST + 3) * DAY


async def test_somebody_moves_in_and_everything_still_opens(machine: Machine, tmp_path: Path) -> None:
    """Arrears of the slot begin anew on chain, with the period in which somebody moved in."""
    async with gateway(machine, tmp_path) as of:
        await of.reckon()
        await two_blocks(of, FIRST, [400, 700, 100, 9])
        await of.until_rest()
        of.home.settle({household(1, 3): [(1, 3)]})
        for period in (1, 2, 3):
            await two_blocks(of, FIRST + 2 * period, [4, 7, 1, 9])
            await of.until_rest()
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 4
        assert of.compared[1].wrong == []
        bills = [await periods.bills_of(of.db, 1, period) for period in range(4)]
        assert [(of_period[3].began, of_period[3].amount.units) for of_period in bills] == [
            *((False, 0), (False, 0), (True, 1_900), (False, 1_900)),
        ]
        assert (await of.accounts(3))[3] == (0, 3_800)


async def test_credits_that_met_a_pause_come_after_it(machine: Machine, tmp_path: Path) -> None:
    """And are not sent while it lasts; the meters go on."""
    async with gateway(machine, tmp_path, more=("dispute-resolution", "governance")) as of:
        await of.reckon()
        of.pay("A-01", 500)
        for who in (STEWARD, SECOND):
            of.home.call(of.home.governance, "pause", sender=who).ok()
        of.wall = FakeClock(of.clock.at)
        await two_blocks(of, FIRST, [400, 700, 100, 0])
        for _ in range(30):
            await of.look()
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.wall.at += PATIENCE // 3
        names = of.vm_node.executed
        assert names.count(("credit-batch", False)) == 1
        assert ("close-period", True) in names
        of.home.vm.burn(440)
        for _ in range(30):
            await of.look()
            of.vm_node.mine()
            of.home.vm.burn(1)
            of.wall.at += PATIENCE // 3
        assert of.vm_node.executed.count(("credit-batch", True)) == 1
        assert of.home.read(of.home.payment, "get-account", 1)["settled"] == 1
        assert of.compared[1].wrong == []
