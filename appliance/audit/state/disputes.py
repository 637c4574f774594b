"""dispute-resolution as its events tell it."""

from __future__ import annotations

from appliance.audit.state.events import Fields, Readers, Said, insist, only, without


class Disputes:
    """Disputes with their rulings, jurors, what each side showed, and questions about payments."""

    def __init__(self) -> None:
        self.disputes: dict[int, Fields] = {}
        self.jurors: dict[int, Fields] = {}
        self.evidence: dict[tuple[int, bool], list[bytes]] = {}
        self.votes: dict[tuple[int, int, int], bool] = {}
        self.claims: dict[int, Fields] = {}
        self._claimed: dict[tuple[int, int, int], int] = {}
        """By zone, credits and dwelling: what was claimed and not refunded, in units of account."""

    def readers(self) -> Readers:
        own = {
            "juror": self._juror,
            "dispute": self._dispute,
            "evidence": self._evidence,
            "panel": lambda said: self._of(said).update(only(said.fields, "panel", "assembly", "rule-by")),
            "panel-missed": self._missed,
            "vote": self._vote,
            "ruling": self._ruling,
            "appeal": self._appeal,
            "dispute-closed": self._closed,
            "dispute-lapsed": self._lapsed,
            "claim": self._claim,
            "claim-answer": self._claim_over,
            "claim-refunded": self._claim_refunded,
        }
        return {("dispute-resolution", topic): reader for topic, reader in own.items()}

    def _of(self, said: Said) -> Fields:
        return self.disputes[said.fields["dispute"]]

    def _juror(self, said: Said) -> None:
        insist(said.fields["index"] == len(self.jurors), "is not the next juror")
        self.jurors[said.fields["index"]] = only(said.fields, "dwelling", "zones")

    def _dispute(self, said: Said) -> None:
        fields, number = said.fields, said.fields["dispute"]
        insist(number == len(self.disputes) + 1, "is not the next dispute")
        insist(fields["opened"] == said.burn and fields["pool"] == len(self.jurors), "is of another time")
        assembly_time = 2016
        self.disputes[number] = {
            **without(fields, "dispute", "sealed", "context"),
            "answered": False,
            "round": 0,
            "panel": [],
            "former": [],
            "redrawn": False,
            "rule-by": fields["answer-by"] + assembly_time if fields["assembly"] else 0,
            "votes-for": 0,
            "votes-against": 0,
            "ruling": None,
            "closed": False,
        }

    def _evidence(self, said: Said) -> None:
        fields, known = said.fields, self._of(said)
        self.evidence.setdefault((fields["dispute"], fields["resident"]), []).append(fields["hash"])
        known["answered"] = known["answered"] or not fields["resident"]
        known["rule-by"] = fields["rule-by"]

    def _missed(self, said: Said) -> None:
        known = self._of(said)
        known.update(only(said.fields, "assembly", "draw-at", "rule-by"))
        known.update({"redrawn": True, **_without_panel(known)})

    def _vote(self, said: Said) -> None:
        fields, known = said.fields, self._of(said)
        key = fields["dispute"], fields["round"], fields["dwelling"]
        insist(fields["dwelling"] in known["panel"] and key not in self.votes, "is not a vote of the panel")
        self.votes[key] = fields["for-resident"]
        known["votes-for" if fields["for-resident"] else "votes-against"] += 1

    def _ruling(self, said: Said) -> None:
        fields, known = said.fields, self._of(said)
        insist(known["ruling"] is None and fields["round"] == known["round"], "rules again")
        known["ruling"] = {**only(fields, "for-resident", "final"), "height": said.burn}

    def _appeal(self, said: Said) -> None:
        known = self._of(said)
        known.update({"round": 1, "draw-at": said.fields["draw-at"], "redrawn": False, "rule-by": 0, "ruling": None})
        known.update(_without_panel(known))

    def _closed(self, said: Said) -> None:
        known = self._of(said)
        ruling = known["ruling"]
        insist(ruling is not None and not known["closed"], "closes what is not ruled on")
        insist(ruling["for-resident"] == said.fields["for-resident"], "closes otherwise than was ruled")
        known["closed"] = True

    def _lapsed(self, said: Said) -> None:
        known = self._of(said)
        insist(not known["own"] and not known["closed"], "gives way though it need not")
        known.update({"ruling": {"for-resident": False, "height": said.burn, "final": True}, "closed": True})

    def _claim(self, said: Said) -> None:
        insist(said.fields["payment"] not in self.claims, "asks about a payment again")
        self._claimed[_claimant(said.fields)] = said.fields["total"]
        self.claims[said.fields["payment"]] = {**without(said.fields, "payment"), "opened": said.burn, "over": False}

    def _claim_over(self, said: Said) -> None:
        claim = self.claims[said.fields["payment"]]
        insist(not claim["over"], "answers a claim again")
        claim["over"] = True

    def _claim_refunded(self, said: Said) -> None:
        self._claim_over(said)
        self._claimed[_claimant(self.claims[said.fields["payment"]])] -= said.fields["amount"]

    def claims_left(self) -> dict[int, Fields]:
        """As the contract tells them: with what is still to be shown, of all that was claimed until then."""
        return {
            payment: {**claim, "total": min(claim["total"], self._claimed[_claimant(claim)])}
            for payment, claim in self.claims.items()
        }


def _claimant(claim: Fields) -> tuple[int, int, int]:
    return claim["zone"], claim["sequence"], claim["dwelling"]


def _without_panel(known: Fields) -> Fields:
    former = [*known["former"], *known["panel"]]
    return {"panel": [], "former": former, "votes-for": 0, "votes-against": 0}
