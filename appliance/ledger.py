"""A zone's money in double entry: integers, append-only, nothing made and nothing lost. Pure.

The chain keeps commitments; what they hide is followed here, with what is under way: a receipt binds at once, long
before a batch of credits carries it to the chain. Once a period both are compared, and where they differ nothing is
settled until a person has looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from appliance.money import NOTHING, Money
from appliance.position import Position
from appliance.settlement import Account, Settled
from circuits.generators import bases
from circuits.group import LibPoint
from circuits.pedersen import commit


class Kind(StrEnum):
    """What an account stands for, in units of account; words of the store, so never renamed.

    A debit makes pot and arrears larger, and the others, which somebody has a claim to, smaller.
    """

    POT = "pot"  # of the zone, in the payment contract
    ARREARS = "arrears"  # D of a slot
    BALANCE = "balance"  # W of a slot
    PROMISED = "promised"  # receipts of a slot that no batch of credits covers yet
    FLOAT = "float"  # of an agent: prepaid, sold down
    PROVIDER = "provider"  # what the provider may take


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """An account: of a slot ("7"), of who left it ("7/3"), of an agent (the principal), or of the zone ("")."""

    zone: int
    kind: Kind
    of: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """Units debited to an account; credited where negative. Never nothing."""

    account: Name
    units: int


class LedgerError(Exception):
    """An entry that does not balance, or says something else under a known reference. Ends the process: a bug."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened once, under a reference of its own: "credit/3/17" is batch 17 of zone 3. Debits equal credits."""

    reference: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(posting.units for posting in self.postings) != 0:
            raise LedgerError(f"{self.reference} does not balance")
        if len({posting.account for posting in self.postings}) != len(self.postings):
            raise LedgerError(f"{self.reference} names an account twice")
        if not all(posting.units for posting in self.postings):
            raise LedgerError(f"{self.reference} moves nothing")


def paid(zone: int, payment: int, slot: int, amount: Money) -> Entry:
    """A wallet's payment is in the pot under a reference of this slot."""
    return _entry(
        f"payment/{zone}/{payment}",
        {Name(zone, Kind.POT): amount.units, _slot(zone, Kind.PROMISED, slot): -amount.units},
    )


def funded(zone: int, change: int, agent: str, amount: Money) -> Entry:
    """An agent's float was filled up, or seen to be, as the `change`-th one."""
    return _entry(
        f"float/{zone}/{agent}/{change}",
        {Name(zone, Kind.POT): amount.units, Name(zone, Kind.FLOAT, agent): -amount.units},
    )


def drawn(zone: int, change: int, agent: str, amount: Money) -> Entry:
    """An agent took back what it had not sold against, as the `change`-th one."""
    return _entry(
        f"float/{zone}/{agent}/{change}",
        {Name(zone, Kind.POT): -amount.units, Name(zone, Kind.FLOAT, agent): amount.units},
    )


def sold(zone: int, receipt: int, slot: int, agent: str, amount: Money) -> Entry:
    """An agent took cash and gave a receipt, by its own count."""
    return _entry(
        f"sale/{zone}/{agent}/{receipt}",
        {Name(zone, Kind.FLOAT, agent): amount.units, _slot(zone, Kind.PROMISED, slot): -amount.units},
    )


def credited(zone: int, sequence: int, by_slot: Mapping[int, Money]) -> Entry:
    """A batch of credits took effect: what was promised is balance now."""
    moved: dict[Name, int] = {}
    for slot, amount in by_slot.items():
        moved[_slot(zone, Kind.PROMISED, slot)] = amount.units
        moved[_slot(zone, Kind.BALANCE, slot)] = -amount.units
    return _entry(f"credit/{zone}/{sequence}", moved)


def settled(zone: int, period: int, before: Mapping[int, Account], slots: Mapping[int, Settled]) -> Entry:
    """A period was settled; a correction that exceeds what is due goes back from the provider to the balance."""
    moved: dict[Name, int] = defaultdict(int)
    for slot, made in slots.items():
        owed = made.after.arrears.units - before[slot].arrears.units
        used = before[slot].balance.units - made.after.balance.units
        moved[_slot(zone, Kind.ARREARS, slot)] += owed
        moved[_slot(zone, Kind.BALANCE, slot)] += used
        moved[Name(zone, Kind.PROVIDER)] -= owed + used
    return _entry(f"settlement/{zone}/{period}", moved)


def taken(zone: int, count: int, amount: Money) -> Entry:
    """The provider took an amount from the pot, for the `count`-th time."""
    return _entry(
        f"withdrawal/{zone}/{count}", {Name(zone, Kind.PROVIDER): amount.units, Name(zone, Kind.POT): -amount.units}
    )


def paid_out(zone: int, period: int, by_slot: Mapping[int, Money], rest: Money = NOTHING) -> Entry:
    """Balances were handed out of the pot, to those who moved out; `rest`, no whole token unit, is the provider's."""
    moved = {_slot(zone, Kind.BALANCE, slot): amount.units for slot, amount in by_slot.items()}
    moved[Name(zone, Kind.POT)] = rest.units - sum(amount.units for amount in by_slot.values())
    moved[Name(zone, Kind.PROVIDER)] = -rest.units
    return _entry(f"payout/{zone}/{period}", moved)


def released(zone: int, slot: int, last: int, arrears: Money) -> Entry:
    """A slot is free for others; what who left after period `last` owes stays its debt, under "slot/last"."""
    left = Name(zone, Kind.ARREARS, f"{slot}/{last}")
    return _entry(
        f"release/{zone}/{slot}/{last}", {_slot(zone, Kind.ARREARS, slot): -arrears.units, left: arrears.units}
    )


def sums(entries: Iterable[Entry]) -> dict[Name, int]:
    """Debits less credits, by account. LedgerError for one reference with two contents; the same again counts once."""
    known: dict[str, Entry] = {}
    found: dict[Name, int] = defaultdict(int)
    for entry in entries:
        if entry.reference in known:
            if known[entry.reference] != entry:
                raise LedgerError(f"{entry.reference} was entered with other content")
            continue
        known[entry.reference] = entry
        for posting in entry.postings:
            found[posting.account] += posting.units
    return dict(found)


def account_of(of: Mapping[Name, int], zone: int, slot: int) -> Account:
    """A slot's balance and arrears as entered. ValueError where one is below nothing."""
    return Account(
        Money(-of.get(_slot(zone, Kind.BALANCE, slot), 0)), Money(of.get(_slot(zone, Kind.ARREARS, slot), 0))
    )


def promised_of(of: Mapping[Name, int], zone: int, slot: int) -> Money:
    """Receipts of a slot that are not on chain yet."""
    return Money(-of.get(_slot(zone, Kind.PROMISED, slot), 0))


@dataclass(frozen=True, slots=True)
class Mirrored:
    """W and D of a slot as the chain keeps them, 33 bytes each."""

    balance: bytes
    arrears: bytes


def mismatches(
    of: Mapping[Name, int], zone: int, positions: Mapping[int, Position], mirrored: Mapping[int, Mirrored]
) -> list[int]:
    """Slots whose commitments on chain do not open to the ledger's amounts: none, or nothing may be settled."""
    base = bases(LibPoint)
    wrong = []
    for slot, chain in mirrored.items():
        position, account = positions[slot], account_of(of, zone, slot)
        right = (
            (position.balance.value, position.arrears.value) == (account.balance.units, account.arrears.units)
            and commit(base, position.balance).to_bytes() == chain.balance
            and commit(base, position.arrears).to_bytes() == chain.arrears
        )
        if not right:
            wrong.append(slot)
    return wrong


def _slot(zone: int, kind: Kind, slot: int) -> Name:
    return Name(zone, kind, str(slot))


def _entry(reference: str, moved: Mapping[Name, int]) -> Entry:
    return Entry(reference, tuple(Posting(account, units) for account, units in moved.items() if units))
