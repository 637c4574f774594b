"""user-registry as its events tell it."""

from __future__ import annotations

from appliance.audit.state.events import Fields, Readers, Said, insist, only, without
from appliance.chain.address import Address, Contract

STEWARD = 1
ZONE_LIMIT = 2**32
Place = tuple[int, int]


class Registry:
    """Roles, zones, dwellings and who lives where; keys and records are those of the contract's maps."""

    def __init__(self) -> None:
        self.roles: dict[tuple[int, Address | Contract], bool] = {}
        self.active: dict[str, Contract] = {}
        self.parameters: dict[str, int] = {}
        self.tokens: dict[Address | Contract, int] = {}
        self.gateways: dict[Address | Contract, Fields] = {}
        self.zones: dict[int, Fields] = {}
        self.latest: dict[int, int] = {}
        self.dwellings: dict[int, Fields] = {}
        self.tenancies: dict[Place, list[Fields]] = {}
        self.unreleased: set[Place] = set()
        self.memberships: dict[Place, Fields] = {}
        self.meters: dict[bytes, Fields] = {}
        self.provers: dict[Place, Fields] = {}
        self.paused_until = 0
        self.approved: set[bytes] = set()
        """Actions that somebody approved, but not enough yet."""

    def readers(self) -> Readers:
        own = {
            "registry-bootstrap": self._bootstrap,
            "role": lambda said: self._role(said.fields),
            "gateway": self._gateway,
            "revoked": lambda said: self.gateways[said.fields["gateway"]].update(revoked=True),
            "zone": self._zone,
            "replaced": self._replaced,
            "dwellings": self._dwellings,
            "assigned": self._assigned,
            "moved-out": self._moved_out,
            "principal": self._principal,
            "voting-zone": lambda said: self._reelect(said.fields["dwelling"], said.burn),
            "meter": lambda said: self.meters.update(
                {said.fields["meter"]: {**without(said.fields, "meter"), "replaced": False}}
            ),
            "meter-replaced": self._meter_replaced,
            "self-proving": self._self_proving,
            "approval": lambda said: self.approved.add(said.fields["action"]),
            "parameter": lambda said: self.parameters.update({said.fields["name"]: said.fields["value"]}),
            "token": lambda said: self.tokens.update({said.fields["token"]: said.fields["ratio"]}),
            "contract": lambda said: self.active.update({said.fields["name"]: said.fields["contract"]}),
            "pause": self._pause,
        }
        return {("user-registry", topic): reader for topic, reader in own.items()}

    # what others ask

    def occupant(self, zone: int, slot: int, period: int) -> int | None:
        for tenancy in reversed(self.tenancies.get((zone, slot), [])):
            if tenancy["from"] <= period and (tenancy["until"] is None or period <= tenancy["until"]):
                return int(tenancy["dwelling"])
        return None

    def membership(self, zone: int, period: int) -> Fields:
        kept = self.memberships.get((zone, period))
        if kept is not None:
            return kept
        nobody = {"occupied": 0, "fresh": 0, "dwellings": 0}
        if period == self.zones[zone]["period"] + 1:
            return {**self.memberships.get((zone, period - 1), nobody), "fresh": 0}
        return nobody

    # what others change

    def begin(self, zone: int) -> None:
        self.zones[zone]["begun"] = True

    def open_period(self, said: Said) -> None:
        """A zone's next period, with who is in it."""
        zone, period = said.fields["zone"], said.fields["period"]
        insist(period == self.zones[zone]["period"] + 1, "opens a period that is not the next")
        insist(said.fields["membership"] == self.membership(zone, period), "names others than who lives there")
        self.memberships[zone, period] = said.fields["membership"]
        self.zones[zone]["period"] = period
        utility = self.zones[zone]["utility"]
        self.latest[utility] = max(self.latest.get(utility, 0), period)

    def close(self, zone: int) -> None:
        self.zones[zone]["closed"] = True

    def release(self, place: Place) -> None:
        self.unreleased.discard(place)

    # its own events

    def _bootstrap(self, said: Said) -> None:
        fields = said.fields
        for who in fields["stewards"]:
            self.roles[STEWARD, who] = True
        self.active = {entry["name"]: entry["contract"] for entry in fields["contracts"]}
        self.parameters = {entry["name"]: entry["value"] for entry in fields["parameters"]}
        self.tokens = {entry["token"]: entry["ratio"] for entry in fields["tokens"]}

    def _role(self, fields: Fields) -> None:
        key = fields["role"], fields["who"]
        insist(self.roles.get(key, False) != fields["given"], "changes no role")
        self.roles[key] = fields["given"]

    def _gateway(self, said: Said) -> None:
        insist(said.fields["gateway"] not in self.gateways, "registers a gateway again")
        self.gateways[said.fields["gateway"]] = {
            "steward": said.fields["steward"],
            "height": said.event.height,
            "revoked": False,
        }

    def _zone(self, said: Said) -> None:
        zone = said.fields["zone"]
        insist(zone not in self.zones, "registers a zone again")
        insist(self.tokens.get(said.fields["token"]) == said.fields["ratio"], "has another ratio than its token")
        self.zones[zone] = {**without(said.fields, "zone"), "since": said.burn}

    def _replaced(self, said: Said) -> None:
        zone = self.zones[said.fields["zone"]]
        insist(zone["gateway"] == said.fields["before"], "replaces another gateway than the zone has")
        zone["gateway"] = said.fields["gateway"]

    def _dwellings(self, said: Said) -> None:
        number = len(self.dwellings)
        for user in said.fields["users"]:
            number += 1
            self.dwellings[number] = {
                "principal": user["who"],
                "own": False,
                "own-since": 0,
                "voting-zone": ZONE_LIMIT,
                "voting-since": 0,
                "homes": [],
            }
            for place in user["slots"]:
                self._occupy(number, place["zone"], place["slot"])
            self._reelect(number, said.burn)
        insist(said.fields["last"] == number, "counts dwellings otherwise")

    def _assigned(self, said: Said) -> None:
        dwelling = said.fields["dwelling"]
        self._occupy(dwelling, said.fields["zone"], said.fields["slot"])
        self._reelect(dwelling, said.burn)

    def _moved_out(self, said: Said) -> None:
        zone, slot, dwelling = (said.fields[name] for name in ("zone", "slot", "dwelling"))
        now, start = int(self.zones[zone]["period"]), self._target(zone)
        until = now if self.zones[zone]["begun"] else None
        had = self.tenancies[zone, slot]
        last = had[-1]
        lives = last["dwelling"] == dwelling and last["until"] is None and last["from"] <= now
        insist(lives, "moves out who does not live there")
        insist(said.fields["from"] == start, "names another period than the next")
        if until is None:
            had.pop()
        else:
            had[-1] = {**last, "until": until}
            self.unreleased.add((zone, slot))
        homes = []
        for home in self.dwellings[dwelling]["homes"]:
            is_it = (home["zone"], home["slot"], home["until"]) == (zone, slot, None)
            if not is_it or until is not None:
                homes.append({**home, "until": until} if is_it else home)
        self.dwellings[dwelling]["homes"] = homes
        self._reelect(dwelling, said.burn)
        before, bit = self.membership(zone, start), 1 << slot
        self.memberships[zone, start] = {
            "occupied": before["occupied"] & ~bit,
            "fresh": before["fresh"] & ~bit,
            "dwellings": before["dwellings"] - 1,
        }

    def _principal(self, said: Said) -> None:
        known = self.dwellings[said.fields["dwelling"]]
        since = known["own-since"] if known["own"] else said.burn
        known.update({"principal": said.fields["principal"], "own": True, "own-since": since})

    def _meter_replaced(self, said: Said) -> None:
        old = self.meters[said.fields["old"]]
        insist(not old["replaced"], "replaces a meter again")
        self.meters[said.fields["new"]] = dict(old)
        old["replaced"] = True

    def _self_proving(self, said: Said) -> None:
        """Who proves from the period `from` on."""
        place = said.fields["zone"], said.fields["slot"]
        self.provers[place] = only(said.fields, "prover", "from")

    def _pause(self, said: Said) -> None:
        self.paused_until = said.fields["until"]

    # who lives where

    def _target(self, zone: int) -> int:
        return int(self.zones[zone]["period"]) + (1 if self.zones[zone]["begun"] else 0)

    def _goes_on(self, home: Fields) -> bool:
        zone = self.zones[home["zone"]]
        return not zone["closed"] and (home["until"] is None or home["until"] >= zone["period"])

    def _occupy(self, dwelling: int, zone: int, slot: int) -> None:
        start, bit = self._target(zone), 1 << slot
        before = self.membership(zone, start)
        insist(not before["occupied"] & bit, "gives away a slot where somebody lives")
        insist((zone, slot) not in self.unreleased, "gives away a slot that is not released")
        self.memberships[zone, start] = {
            "occupied": before["occupied"] | bit,
            "fresh": before["fresh"] | bit,
            "dwellings": before["dwellings"] + 1,
        }
        tenancy = {"dwelling": dwelling, "from": start, "until": None}
        self.tenancies[zone, slot] = [*self.tenancies.get((zone, slot), []), tenancy][-4:]
        known = self.dwellings[dwelling]
        home = {"zone": zone, "slot": slot, "utility": self.zones[zone]["utility"], "until": None}
        known["homes"] = [*filter(self._goes_on, known["homes"]), home]

    def _reelect(self, dwelling: int, burn: int) -> None:
        known = self.dwellings[dwelling]
        living = [home["zone"] for home in known["homes"] if home["until"] is None and self._goes_on(home)]
        if living and known["voting-zone"] not in living:
            known["voting-since"] = 0 if known["voting-zone"] == ZONE_LIMIT else burn
            known["voting-zone"] = min(living)
