"""6: payers' claims on chain -> store; answers them where the books say that the payment got there (task).

The answer opens nothing: it shows that the dwelling's slot was credited with at least what was claimed. Without one
within a week the payer is paid back out of what is the provider's.
"""

from __future__ import annotations

import logging
from collections.abc import Container
from dataclasses import dataclass
from functools import partial

from appliance import money_proof
from appliance.ask import ask
from appliance.beside import CLAIM_TIME, Beside, Claim
from appliance.call import USER_REGISTRY, Sender
from appliance.calls import dispute as calls
from appliance.calls import registry
from appliance.chain.clarity import Ascii, UInt
from appliance.chain.node import Node
from appliance.keys import Randomness
from appliance.position import Place, credit_opening
from appliance.proof import ENTROPY_BYTES
from appliance.store import claims, outbox
from appliance.store.claims import Credited
from appliance.store.database import Database
from appliance.store.outbox import Call
from appliance.worker import Keys, Prover

log = logging.getLogger("mita.claims")


@dataclass(slots=True)
class Watch:
    """The burn height at which the chain was asked last: claims are looked for once for each Bitcoin block."""

    height: int = -1


async def watch_claims(
    db: Database, node: Node, sender: Sender, zones: Container[int], watch: Watch, buried: int
) -> None:
    """Takes down claims about payments credited within the last month, once they are under so many Bitcoin blocks, and
    plans an answer where the books bear them out. NodeError."""
    tip = (await node.tip()).burn_height
    if tip == watch.height:
        return
    name = Ascii(calls.DISPUTES)
    if await ask(node, sender, registry.read_active, USER_REGISTRY, "get-active-contract", name) is None:
        return
    asked = await claims.may_be_asked(db, tip - CLAIM_TIME - buried)
    for payment in [*asked, *(stored.of.payment for stored in await claims.waiting(db))]:
        seen = await _claim(node, sender, payment)
        if seen is not None and seen.zone in zones and seen.opened + buried <= tip:
            async with db.transaction() as tx:
                await claims.put(tx, seen)
    await _plan(db)
    watch.height = tip


async def _plan(db: Database) -> None:
    for stored in await claims.waiting(db):
        of = stored.of
        enough = bears_out(of, await claims.credited(db, of))
        async with db.transaction() as tx:
            if enough:
                await outbox.put_call(tx, Beside.CLAIM, of.zone, of.payment)
                continue
            first = await claims.set_doubted(tx, of.payment)
        if first:
            log.warning(
                "zone %d: the payer of payment %d says that it did not get there, and the books do not show that it "
                "did: a steward has to look until burn block %d",
                of.zone,
                of.payment,
                of.answer_by,
            )


def bears_out(of: Claim, credited: Credited | None) -> bool:
    """Whether the books say that the dwelling was credited with all that is claimed, or more."""
    return credited is not None and credited.amount.units >= of.total


async def prepare_due(db: Database, prover: Prover, sender: Sender, keys: Keys, randomness: Randomness) -> None:
    """Proves and prepares every answer that has no payload for this sender. ProofError for a damaged store."""
    for call in await outbox.unprepared(db, sender.mark):
        if call.kind != Beside.CLAIM:
            continue
        of = (await claims.get(db, call.number)).of
        credited = await claims.credited(db, of)
        if credited is None or not bears_out(of, credited):
            raise AssertionError(f"{call} was planned without a credit behind it")
        place = Place(of.zone, credited.slot, True, keys[credited.holder])
        share = credit_opening(place, of.sequence, credited.amount)
        context, entropy = calls.claim_context(sender, of, credited.slot), randomness(ENTROPY_BYTES)
        made = await prover.run(money_proof.prove_reached, share, of.total, context, entropy)
        payload = calls.answer_claim(sender, of, credited.slot, made.hint, made.proof)
        async with db.transaction() as tx:
            await outbox.prepare(tx, call.id, sender.mark, payload)


async def is_over(node: Node, sender: Sender, made: Call) -> bool:
    """Whether nothing waits for an answer any more: the contract has it, or the payer has its money back. NodeError."""
    found = await _claim(node, sender, made.number)
    return found is not None and found.over


async def _claim(node: Node, sender: Sender, payment: int) -> Claim | None:
    return await ask(node, sender, partial(calls.read_claim, payment), calls.DISPUTES, "get-claim", UInt(payment))
