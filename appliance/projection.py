"""11: store -> portal.db: what residents may see, copied as it comes to be (task). Every write may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Final

from appliance import books, dispute
from appliance.beside import Claim
from appliance.bill import BandStep, ChargeStep, Step, bill
from appliance.call import UTILITY_CODES
from appliance.config import UNIT_OF, Config
from appliance.delivery import State
from appliance.keys import Secret
from appliance.polls import TAKEN_UNTIL
from appliance.store import (
    blocks,
    claims,
    disputes,
    homes,
    money,
    outbox,
    periods,
    polls,
    portal,
    sales,
    secrets,
    votes,
)
from appliance.store import shown as bills
from appliance.store.blocks import StoredBatch
from appliance.store.database import Database
from appliance.store.disputes import StoredDispute
from appliance.store.money import SettledSlot
from appliance.store.outbox import Submission
from appliance.store.polls import StoredProposal
from appliance.store.votes import ShownBand
from appliance.worker import Keys

LARGEST: Final = (1 << 63) - 1  # of SQLite's integers
_WORDS: Final[Mapping[State, portal.State]] = {
    State.QUEUED: "waiting",
    State.SENT: "sent",
    State.INCLUDED: "included",
    State.FINAL: "final",
    State.REJECTED: "refused",
}


async def show_place(
    db: Database, shown: Database, config: Config, dwellings: Mapping[str, Secret], contract: str, mark: bytes
) -> None:
    """The place, its zones, and who signs in with which code. Codes are hashed only when they are new: it is slow.

    `mark` is the core's; a portal.db without it was lost or is another core's, and is written from the beginning.
    """
    if not await homes.belongs_to(shown, mark):
        async with db.transaction() as tx:
            await blocks.show_all_again(tx)
            await polls.show_all_again(tx)
            await claims.show_all_again(tx)
            await sales.show_all_again(tx)
        async with shown.transaction() as tx:
            await homes.begin_again(tx, mark)
    known = await homes.salts(shown)
    hashes = {
        label: await portal.hash_code(secret.sign_in_code(), secret.sign_in_salt())
        for label, secret in dwellings.items()
        if known.get(label) != secret.sign_in_salt()
    }
    async with shown.transaction() as tx:
        await portal.put_place(
            tx, portal.Place(config.place, config.utc_offset_minutes, config.currency, config.decimals)
        )
        for zone in config.zones:
            unit = UNIT_OF[zone.utility]
            await portal.put_zone(tx, portal.Zone(zone.zone, zone.name, zone.utility, unit, zone.slots, contract))
        await homes.let_go(tx, {zone.zone: zone.dwellings for zone in config.zones}, set(dwellings))
        for label, code_hash in hashes.items():
            await portal.put_dwelling(tx, label, dwellings[label].sign_in_salt(), code_hash)
        for zone in config.zones:
            await homes.put_homes(tx, zone.zone, zone.dwellings)


async def show_due(db: Database, shown: Database, keys: Keys) -> None:
    """Copies proven blocks, changed batches, bills and disputes."""
    for zone, block in await blocks.not_shown(db):
        await _show_block(db, shown, zone, block)
    for zone, first_block, word, _ in await blocks.state_words(db):
        batch = await blocks.get_batch(db, zone, first_block)
        submission = await outbox.of_batch(db, zone, first_block)
        await _show_batch(shown, batch, submission)
        async with db.transaction() as tx:
            await blocks.set_shown_word(tx, zone, first_block, word)
    for zone, period, state in await periods.state_words(db):
        await _show_bills(db, shown, zone, period, state, keys)
        async with db.transaction() as tx:
            await periods.set_shown_word(tx, zone, period, state)
    for stored, before in await disputes.shown_words(db):
        contest = _contest(stored)
        word = str(astuple(contest))
        if word != before:
            if await _is_of(db, shown, stored):
                async with shown.transaction() as tx:
                    await bills.put_contest(tx, stored.of.zone, stored.of.slot, stored.of.period, contest)
            async with db.transaction() as tx:
                await disputes.set_shown_word(tx, stored.of.id, word)
    for asked, question in await claims.not_shown(db):
        await _show_asked(db, shown, asked.of, question)
        async with db.transaction() as tx:
            await claims.set_shown(tx, asked.of.payment, question)
    for proposal in await polls.not_shown(db):
        async with shown.transaction() as tx:
            await votes.put_proposal(tx, _proposal(proposal))
        async with db.transaction() as tx:
            await polls.set_shown(tx, proposal)


def _sees(seen_by: Mapping[int, str], zone: int, slot: int, holder: str) -> bool:
    """Whether what a slot did under this secret is its home's to see: not the zone's, nor that of an earlier home."""
    return holder != secrets.vacant(zone) and secrets.dwelling(seen_by.get(slot, secrets.label_of(holder))) == holder


def _fitting(number: int) -> int:
    """Anybody with a vote may propose anything; what is larger than a database's number is shown as the largest."""
    return min(number, LARGEST)


def _proposal(of: StoredProposal) -> votes.ShownProposal:
    action, rates = of.kept.action, of.kept.action.rates
    kind = next(known for known in votes.KINDS if known == action.kind)
    names = {number: utility for utility, number in UTILITY_CODES.items()}
    return votes.ShownProposal(
        id=of.id,
        kind=kind,
        name=action.name,
        number=None if action.number is None else _fitting(action.number),
        who=action.who,
        holds=action.holds,
        utility=None if rates is None else names.get(rates.utility),
        from_period=None if rates is None else _fitting(rates.from_period),
        charge=None if rates is None else _fitting(rates.charge),
        bands=() if rates is None else tuple(ShownBand(_fitting(b.start), _fitting(b.rate)) for b in rates.bands),
        until=of.kept.closes - TAKEN_UNTIL,
        ready=of.kept.ready or None,
        voted=of.kept.yes + of.kept.no,
        voters=of.kept.electorate,
        state=of.state,
    )


def _contest(stored: StoredDispute) -> bills.Contest:
    stage, height = dispute.state(stored.of)
    return bills.Contest(stage, height, None if stored.claimed is None else stored.claimed.units, stored.corrected)


async def _show_asked(db: Database, shown: Database, of: Claim, state: bills.Question) -> None:
    """To the home that the payment was for, if it still lives there."""
    credited = await claims.credited(db, of)
    if credited is None:
        return
    if _sees(await homes.labels_of(shown, of.zone), of.zone, credited.slot, credited.holder):
        async with shown.transaction() as tx:
            await bills.put_asked(tx, of.zone, credited.slot, bills.Asked(of.payment, state, of.answer_by))


async def _is_of(db: Database, shown: Database, stored: StoredDispute) -> bool:
    """Whether a dispute is about a bill that the home in its slot may see."""
    of = stored.of
    holders = {bill.slot: bill.holder for bill in await periods.bills_of(db, of.zone, of.period)}
    return of.slot in holders and _sees(await homes.labels_of(shown, of.zone), of.zone, of.slot, holders[of.slot])


async def _clear(db: Database, zone: int, period: int, slots: int, keys: Keys) -> dict[int, bytes]:
    """By slot without arrears after the period's settlement, what opens them."""
    where = await books.positions_after(db, zone, period, slots, keys)
    return {n: slot.arrears.blinding.to_bytes() for n, slot in enumerate(where) if not slot.arrears.value}


async def _show_bills(db: Database, shown: Database, zone: int, period: int, state: bills.State, keys: Keys) -> None:
    """Of the slots of homes, with the steps that lead to each."""
    of = await periods.get(db, zone, period)
    tariff = await periods.tariff_of(db, zone, period)
    if tariff is None:
        return
    first, last = await blocks.get_block(db, zone, of.first_block), await blocks.get_block(db, zone, of.last_block)
    slots = len(last.content.slots)
    settled = {slot.slot: slot for slot in await money.settled_slots(db, zone, period)} if state == "settled" else {}
    clear = await _clear(db, zone, period, slots, keys) if state == "settled" else {}
    dispute_by, seen_by = await periods.due_of(db, zone, period), await homes.labels_of(shown, zone)
    rows = [
        bills.Bill(
            zone=zone,
            slot=stored.slot,
            period=period,
            starts_at=first.content.starts_at,
            ends_at=last.content.ends_at,
            blocks=of.blocks,
            usage=stored.usage,
            version=tariff.version,
            amount=stored.amount.units,
            state=state,
            accounts=_accounts(settled.get(stored.slot)),
            clear=clear.get(stored.slot),
            dispute_by=dispute_by,
            commitment=stored.commitment,
            steps=tuple(
                map(_step, bill(tariff, stored.usage, of.blocks, occupied=stored.occupied).steps),
            ),
        )
        for stored in await periods.bills_of(db, zone, period)
        if _sees(seen_by, zone, stored.slot, stored.holder)
    ]
    async with shown.transaction() as tx:
        await bills.put_bills(tx, rows)


def _accounts(slot: SettledSlot | None) -> bills.Accounts | None:
    if slot is None:
        return None
    before, after = slot.before, slot.after
    return bills.Accounts(before.balance.units, before.arrears.units, after.balance.units, after.arrears.units)


def _step(step: Step) -> bills.Step:
    match step:
        case ChargeStep(blocks=count, charge=charge, amount=amount):
            return bills.Step(None, None, count, charge, amount.units)
        case BandStep(start=start, upto=upto, quantity=quantity, rate=rate, amount=amount):
            return bills.Step(start, upto, quantity, rate, amount.units)


async def _show_block(db: Database, shown: Database, zone: int, number: int) -> None:
    """The slots of homes; what a slot used while it was vacant is nobody's."""
    block, seen_by = await blocks.get_block(db, zone, number), await homes.labels_of(shown, zone)
    if block.commitments is None:
        return
    rows = [
        portal.UsageBlock(
            zone=zone,
            slot=slot.slot,
            block=number,
            starts_at=block.content.starts_at,
            ends_at=block.content.ends_at,
            index_start=slot.index_start or 0,
            index_end=slot.index_end or 0,
            usage=slot.usage,
            missing=slot.missing,
            commitment=commitment,
            shared=slot.shared,
        )
        for slot, commitment in zip(block.content.slots, block.commitments, strict=True)
        if _sees(seen_by, zone, slot.slot, slot.holder)
    ]
    levels = {slot.slot: slot.level for slot in block.content.slots if slot.level is not None}
    async with shown.transaction() as tx:
        await portal.put_block(tx, rows)
        for slot_number, level in levels.items():
            await homes.set_level(tx, zone, slot_number, level)
    async with db.transaction() as tx:
        await blocks.set_shown(tx, zone, number)


async def _show_batch(shown: Database, batch: StoredBatch, submission: Submission | None) -> None:
    state: portal.State = "waiting" if submission is None else _WORDS[submission.delivery.state]
    txid = height = None
    if submission is not None:
        txid = (submission.delivery.txid or submission.versions[-1].txid).hex()
        height = submission.delivery.height
    commitments = dict(enumerate(batch.sums.commitments))
    async with shown.transaction() as tx:
        await portal.put_batch(
            tx,
            portal.Batch(
                zone=batch.zone,
                first_block=batch.first_block,
                last_block=batch.last_block,
                total=batch.sums.total if batch.sealed is False else 0,  # a hidden one leaves core.db nowhere
                evidence_root=batch.evidence_root,
                state=state,
                txid=txid,
                height=height,
                checked=batch.checked if batch.on_chain else 0,
            ),
        )
        await portal.put_batch_commitments(tx, batch.zone, batch.first_block, commitments)
        # the contract keeps a hash of all commitments; follow compared it, so equal means each of them
        await portal.mark_on_chain(tx, batch.zone, batch.first_block, commitments if batch.on_chain else {})
