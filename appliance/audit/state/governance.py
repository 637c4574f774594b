"""governance as its events tell it."""

from __future__ import annotations

from appliance.audit.state.events import Fields, Readers, Said, insist, only, without
from appliance.audit.state.registry import Registry


class Governance:
    """Proposals with their results, ballots, contested ones, and the newest pause."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.proposals: dict[int, Fields] = {}
        self.ballots: dict[tuple[int, int], Fields] = {}
        self.contests: dict[tuple[int, int, int], bool] = {}
        self.pauses: Fields = {"count": 0, "begun": 0}

    def readers(self) -> Readers:
        own = {
            "proposal": self._proposal,
            "ballots": self._ballots,
            "tally": lambda said: self._tally(said, [said.fields["zone"]]),
            "tally-together": lambda said: self._tally(said, said.fields["zones"]),
            "contest": lambda said: self._contest(said, contested=True),
            "contest-answer": lambda said: self._contest(said, contested=False),
            "assembly": self._assembly,
            "executed": self._executed,
            "pause": self._pause,
        }
        return {("governance", topic): reader for topic, reader in own.items()}

    def _of(self, said: Said) -> Fields:
        return self.proposals[said.fields["proposal"]]

    def _proposal(self, said: Said) -> None:
        number = said.fields["proposal"]
        insist(number == len(self.proposals) + 1, "is not the next proposal")
        self.proposals[number] = {
            **without(said.fields, "proposal"),
            "zones": [],
            **dict.fromkeys(("eligible", "electorate", "yes", "no", "contested", "ready"), 0),
            "assembly": False,
            "executed": False,
        }

    def _ballots(self, said: Said) -> None:
        fields, zone = said.fields, said.fields["zone"]
        key = fields["proposal"], zone
        before = self.ballots.get(key)
        insist(before is None or before["voters"] == fields["voters"], "changes who votes")
        eligible = fields["voters"].count(True)
        if before is None:
            asked = self._of(said)
            asked["zones"] = [*asked["zones"], zone]
            asked["eligible"] += eligible
        self.ballots[key] = {
            **only(fields, "yes", "no", "voters"),
            "period": before["period"] if before else self.registry.zones[zone]["period"],
            "eligible": eligible,
            "hidden": eligible,
            "tallied": False,
            "together": [],
        }

    def _tally(self, said: Said, zones: list[int]) -> None:
        """One sum over the voters of these."""
        fields, asked = said.fields, self._of(said)
        counted = [self.ballots[fields["proposal"], zone] for zone in zones]
        again = len(set(zones)) < len(zones) or any(cast["tallied"] for cast in counted)
        voters = sum(cast["hidden"] for cast in counted)
        insist(not again and fields["voters"] == voters, "counts a zone again, or others")
        for cast in counted:
            cast.update(tallied=True, together=zones)
        asked.update(only(fields, "electorate", "ready"))
        asked["yes"] += fields["yes"]
        asked["no"] += fields["no"]

    def _contest(self, said: Said, *, contested: bool) -> None:
        fields, asked = said.fields, self._of(said)
        key = fields["proposal"], fields["zone"], fields["slot"]
        insist(self.contests.get(key) is (None if contested else True), "contests or answers a ballot again")
        self.contests[key] = contested
        asked["contested"] += 1 if contested else -1
        if not contested:
            self.ballots[key[:2]]["hidden"] -= 1

    def _assembly(self, said: Said) -> None:
        self._of(said).update({**only(said.fields, "electorate", "yes", "no", "ready"), "assembly": True})

    def _executed(self, said: Said) -> None:
        asked = self._of(said)
        insist(not asked["executed"] and asked["ready"] > 0, "does what was not decided")
        insist(asked["action"] == said.fields["action"], "does something else than was proposed")
        asked["executed"] = True

    def _pause(self, said: Said) -> None:
        self.pauses = {"count": self.pauses["count"] + 1, "begun": said.burn}
