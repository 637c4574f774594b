"""All of a settlement's events, in order -> its state, or the first event that does not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from appliance.audit.state.billing import Billing
from appliance.audit.state.disputes import Disputes
from appliance.audit.state.events import Event, Fields, Misfit, Said, insist, only, plain
from appliance.audit.state.governance import Governance
from appliance.audit.state.log import TOPICS, UNLOGGED, Log, digest
from appliance.audit.state.metering import Metering
from appliance.audit.state.payment import Payment
from appliance.audit.state.registry import Registry
from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Buffer, Tuple

Table = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class State:
    """What the contracts keep, by the keys of their maps, each record as their read-only functions answer."""

    seq: int
    head: bytes
    roles: Table
    active_contracts: Table
    parameters: Table
    tokens: Table
    paused_until: int
    gateways: Table
    zones: Table
    latest_periods: Table
    dwellings: Table
    tenancies: Table
    memberships: Table
    meters: Table
    self_provers: Table
    zone_states: Table
    batches: Table
    commitments: Table
    running: Table
    self_proofs: Table
    period_usages: Table
    zone_usage: Table
    zone_period_usage: Table
    settlement_usage: Table
    combined_usage: Table
    exposed: Table
    tariffs: Table
    utilities: Table
    bills: Table
    frozen: frozenset[tuple[int, int, int]]
    corrections: Table
    accounts: Table
    balances: Table
    arrears: Table
    payments: Table
    floats: Table
    credits: Table
    settlements: Table
    hold_backs: Table
    wanted: Table
    left_arrears: Table
    rewards_out: int
    exits: Table
    last_calls: Table
    disputes: Table
    jurors: Table
    evidence: Table
    votes: Table
    claims: Table
    proposals: Table
    ballots: Table
    contests: Table
    pauses: Table
    backing: Address | Contract | None
    mints: int


def rebuild(events: Iterable[Event], deployer: Address) -> State:
    """`events` are all of the settlement's contracts since their deployment, in the order in which they were printed;
    those of other contracts are passed over. Misfit names the first that does not follow from those before it.

    A chain of entries that was made up whole is known by its head alone: compare it with one that you trust.
    """
    reader = _Reader()
    for index, event in enumerate(events):
        if event.contract.address == deployer:
            reader.read(index, event)
    return reader.state()


class _Reader:
    def __init__(self) -> None:
        self.log = Log()
        self.registry = Registry()
        self.metering = Metering(self.registry)
        self.billing = Billing(self.registry)
        self.payment = Payment(self.registry, self.metering, self.billing)
        self.disputes = Disputes()
        self.governance = Governance(self.registry)
        self.backing: Address | Contract | None = None
        self.mints = 0
        self.before: list[Said] = []
        """Events without an entry of their own, until the one that they belong to."""
        self.readers = {
            **self.registry.readers(),
            **self.metering.readers(),
            **self.billing.readers(),
            **self.payment.readers(),
            **self.disputes.readers(),
            **self.governance.readers(),
            ("audit-log", "audit-bootstrap"): lambda _: None,
            ("utility-token", "backing"): self._backing,
            ("voucher-token", "mint"): self._mint,
        }

    def read(self, index: int, event: Event) -> None:
        name = event.contract.name
        if (name not in TOPICS and name not in UNLOGGED) or not isinstance(event.value, Tuple):
            return  # of a verifier or a token's memo
        fields: Fields = plain(event.value)
        topic = fields.get("topic", fields.get("call"))
        said = Said(index, name, str(topic), fields, event)
        if (name, topic) == ("audit-log", "audit-entry"):
            self._apply(self.log.entry(said))
        elif topic in TOPICS.get(name, ()):
            self.log.announce(said)
        elif topic in UNLOGGED.get(name, ()):
            self.log.complete()
            self.before.append(said)
        else:
            raise Misfit(index, f"({topic}) is none that {name} prints here")

    def state(self) -> State:
        self.log.complete()
        self._companions(None)
        return _frozen(self)

    def _apply(self, said: Said) -> None:
        self._companions(said)
        try:
            self.readers[said.name, said.topic](said)
        except (KeyError, IndexError, ValueError) as error:
            raise Misfit(said.index, f"({said.topic}) {error}") from error

    def _companions(self, said: Said | None) -> None:
        """What was printed before it without an entry: exactly what belongs to it, and before it takes effect."""
        waiting, self.before = self.before, []
        needed = None if said is None else self._needed(said)
        came = [other.topic for other in waiting]
        if said is not None and needed is not None and needed not in came:
            raise Misfit(said.index, f"({said.topic}) lacks the {needed} that comes before it")
        for place, other in enumerate(waiting):
            try:
                insist(other.topic not in came[:place], "came before and belongs to nothing")
                insist(other.topic in (needed, "assembly"), "belongs to no event after it")
                self._belongs(other, said)
            except (KeyError, ValueError) as error:
                raise Misfit(other.index, f"({other.topic}) {error}") from error

    def _needed(self, said: Said) -> str | None:
        match said.topic:
            case "usage-batch":
                return "zone-usage"
            case "combined-total":
                return "combined-usage"
            case "period-closed":
                return "period"
            case "payout-begun":
                return "exposed-slots"
            case "ruling":
                return None if said.fields["photo-hash"] is None else "assembly"
            case "reward":
                zone, period, slot = (said.fields[name] for name in ("zone", "period", "slot"))
                shown = self.metering.exposed.get((zone, period), 0)
                return None if shown >> slot & 1 else "exposed"
        return None

    def _belongs(self, other: Said, said: Said | None) -> None:
        """ValueError unless it does; then it takes effect. `said` is None where nothing follows."""
        fields, after = other.fields, {} if said is None else said.fields
        match other.topic, None if said is None else said.topic:
            case "exposed-slots", _:
                named = fields["zone"] == after["zone"] and fields["period"] == after["settled"]
                insist(named, "is not of the payout that begins")
                self.metering.expose_all(other, after["mask"])
            case "zone-usage", _:
                named = only(after, "zone", "period", "first-block", "last-block", "total")
                utility = self.registry.zones[fields["zone"]]["utility"]
                insist(fields == {"topic": other.topic, "utility": utility, **named}, "is not the batch's total")
            case "combined-usage", _:
                insist({**fields, "topic": "combined-total"} == after, "is not the total that was opened")
            case "period", _:
                insist(after["zone"] == fields["zone"], "is of another zone than the one that closes a period")
                insist(after["period"] + 1 == fields["period"], "is not the next period")
                self.registry.open_period(other)
            case "exposed", _:
                insist(
                    all(after[name] == fields[name] for name in ("zone", "period", "slot")), "is not who was rewarded"
                )
                self.metering.expose(fields["zone"], fields["period"], 1 << fields["slot"])
            case "assembly", ("ruling" | "approval"):
                called = Buffer(digest(other.event.value))
                action = digest(Tuple.of({"contract": other.event.contract, "action": called}))
                insist(action in self.registry.approved or action == after.get("action"), "is not what was approved")
                told = {name: after.get(name, fields[name]) for name in ("dispute", "for-resident", "photo-hash")}
                insist(only(fields, *told) == told, "is another decision")
            case _:
                raise ValueError("belongs to no event after it")

    def _backing(self, said: Said) -> None:
        insist(self.backing is None, "backs rewards again")
        self.backing = said.fields["token"]

    def _mint(self, said: Said) -> None:
        insist(said.fields["number"] == self.mints + 1, "is not the next mint")
        self.mints += 1


def _frozen(read: _Reader) -> State:
    registry, metering, billing, payment = read.registry, read.metering, read.billing, read.payment
    disputes, governance = read.disputes, read.governance
    exposed = {key: {"slots": slots, "count": slots.bit_count()} for key, slots in metering.exposed.items()}
    tables: dict[str, dict[Any, Any]] = {
        "roles": registry.roles,
        "active_contracts": registry.active,
        "parameters": registry.parameters,
        "tokens": registry.tokens,
        "gateways": registry.gateways,
        "zones": registry.zones,
        "latest_periods": registry.latest,
        "dwellings": registry.dwellings,
        "tenancies": registry.tenancies,
        "memberships": registry.memberships,
        "meters": registry.meters,
        "self_provers": registry.provers,
        "zone_states": metering.states,
        "batches": metering.batches,
        "commitments": metering.commitments,
        "running": metering.running,
        "self_proofs": metering.self_proofs,
        "period_usages": metering.periods,
        "zone_usage": metering.zone_usage,
        "zone_period_usage": metering.zone_periods,
        "settlement_usage": metering.settlement_periods,
        "combined_usage": metering.combined,
        "exposed": exposed,
        "tariffs": billing.tariffs,
        "utilities": billing.utilities,
        "bills": billing.bills,
        "corrections": billing.corrections,
        "accounts": payment.accounts,
        "balances": payment.balances,
        "arrears": payment.arrears,
        "payments": payment.payments,
        "floats": payment.floats,
        "credits": payment.credits,
        "settlements": payment.settlements,
        "hold_backs": payment.hold_backs,
        "wanted": payment.wanted,
        "left_arrears": payment.left,
        "exits": payment.exits,
        "last_calls": payment.last_calls,
        "disputes": disputes.disputes,
        "jurors": disputes.jurors,
        "evidence": disputes.evidence,
        "votes": disputes.votes,
        "claims": disputes.claims_left(),
        "proposals": governance.proposals,
        "ballots": governance.ballots,
        "contests": governance.contests,
        "pauses": governance.pauses,
    }
    return State(
        seq=read.log.seq,
        head=read.log.head,
        paused_until=registry.paused_until,
        frozen=frozenset(billing.frozen),
        rewards_out=payment.rewards_out,
        backing=read.backing,
        mints=read.mints,
        **{name: MappingProxyType(table) for name, table in tables.items()},
    )
