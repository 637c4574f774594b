"""6: credits that the contract refused for a float -> the same credits without those sales, and what follows from them.

An approval counts once it is under enough Bitcoin blocks; a deeper reorganisation can still take it away while a batch
is on its way. Then the batch is made again, under the same number, with its payments and with the sales that the floats
do cover; the others wait until their agent has approved them again. Nothing else of the zone's money is lost or waits
for a person. What was planned after the batch, and could not take effect without it, is planned anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from appliance import delivery
from appliance.ask import ask
from appliance.call import Sender
from appliance.calls import payment as calls
from appliance.chain.address import Address
from appliance.chain.clarity import UInt
from appliance.chain.node import Node
from appliance.money import Money, total
from appliance.period import Step
from appliance.sale import is_short
from appliance.store import disputes, followed, money, outbox, planned, sales
from appliance.store.database import Database
from appliance.store.money import SlotCredit, StoredCredit
from appliance.store.sales import StoredSale

log = logging.getLogger("mita.mend")

SHORT: Final = "abort_by_response: ERR_FLOAT"  # for good, when it is buried: see `delivery`
BUILT_UPON: Final = "a float did not cover it, and a payout was planned after it"
_CREDITS: Final = (Step.CREDIT, Step.FINISH_CREDIT)


async def mend_due(db: Database, node: Node, sender: Sender, zone: int) -> None:
    """Makes refused credits of a zone again. Nothing where the contract refused for another reason. NodeError."""
    refused = next((s.call for s in await outbox.rejected(db) if s.call.zone == zone and _is_short(s)), None)
    if refused is None:
        return
    stored = await money.get_credit(db, zone, refused.number)
    short = set()
    for agent, tokens in stored.floats:
        who = Address.from_c32(agent)
        if is_short(await ask(node, sender, calls.read_float, calls.PAYMENT, "get-float", UInt(zone), who), tokens):
            short.add(agent)
    dropped = [one for one in await sales.covered(db, zone, refused.number) if one.agent in short]
    first = await planned.id_of(db, Step.CREDIT, zone, refused.number)
    later = [change for change in await money.changes(db, zone, after=first) if change.id > first]
    if dropped and any(change.kind != Step.SETTLE for change in later):
        log.error("zone %d: credits %d need a person: a payout was planned after them", zone, refused.number)
        async with db.transaction() as tx:
            await outbox.put_off(tx, refused.id, BUILT_UPON)  # and it is told once
        return
    async with db.transaction() as tx:
        if dropped:
            await sales.uncover(tx, [one.id for one in dropped])
            await money.replace_credit(tx, zone, refused.number, _without(stored, dropped))
            if later:
                await disputes.forget_corrected(tx, zone, later[0].number)
                await money.forget_settlements(tx, zone, later[0].number)
                await followed.forget(tx, zone, later[0].number)
            await planned.forget_money_prepared(tx, zone, first)
        for call in await outbox.of_kinds(tx, zone, _CREDITS):
            if call.number == refused.number:
                await outbox.put_off(tx, call.id, delivery.MADE_AGAIN)
    log.error(
        "zone %d: floats did not cover credits %d; they are made again without %d sales, which wait for an approval",
        zone,
        refused.number,
        len(dropped),
    )


def _is_short(submission: outbox.Submission) -> bool:
    return submission.call.kind in _CREDITS and submission.delivery.reason == SHORT


def _without(stored: StoredCredit, dropped: Sequence[StoredSale]) -> list[SlotCredit]:
    """The batch's slots without these sales."""

    def less(slot: int) -> Money:
        return total(one.receipt.amount for one in dropped if one.credited == slot)

    return [SlotCredit(of.slot, of.holder, of.amount - less(of.slot)) for of in stored.slots]
