"""A call that was made, and what it was charged."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.bench.calls import Call
from appliance.bench.simulator import Charged
from contracts.costs.chain import Costs, Outcome, worst_share
from contracts.costs.tables import LIMITS


class Unmeasured(Exception):
    """Something is missing (code 3), or a call or the model failed (code 1)."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Measured:
    """One call: charged by the simulator, modelled on its table, modelled on mainnet's."""

    call: Call
    simulated: Charged
    old: Outcome
    new: Outcome

    @property
    def deviation_pct(self) -> float:
        """Of the model from the simulator on the same table."""
        return round(abs(self.old.runtime - self.simulated.runtime) * 100 / self.simulated.runtime, 4)


def runtime_pct(runtime: int) -> float:
    """Of what a block has."""
    return round(runtime * 100 / LIMITS.runtime, 4)


def worst_pct(costs: Costs) -> tuple[float, str]:
    """The largest part that it takes of any dimension of a tenure's budget, and in words of which."""
    dimension, share = worst_share(costs)
    return round(float(share * 100), 4), f"of a tenure's budget, in {dimension.replace('_', ' ')}"
