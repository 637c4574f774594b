"""What verifying costs on chain: charged by the contract simulator, and modelled on mainnet's cost table."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from appliance.bench import checks
from appliance.bench.calls import DEPLOYER, NETWORK, OBSERVER, Call, encoded_bytes
from appliance.bench.figures import Figure
from appliance.bench.functions import function_figures
from appliance.bench.measured import Measured, Unmeasured, runtime_pct, worst_pct
from appliance.bench.simulator import CONTRACTS, Charged, SimulatorError, simulator
from appliance.bench.steps import Step, steps
from appliance.bench.traffic import traffic_figures
from appliance.bench.twin import DRAWS, NEWEST, twin
from appliance.chain.clarity import ResponseOk
from appliance.founding import CONTRACTS as ALL_CONTRACTS
from contracts.costs.chain import Chain, Outcome, fee_scalar
from contracts.costs.tables import MAINNET, SIMULATOR, Table

SIZES: Final = (1, 16, 64)
LONG_SIZES: Final = (1, 4, 16, 32, 64)
SIMULATED_64, MAINNET_64, BYTES_64 = 2.0, 0.5, 61.0  # per cent, per cent, bytes a slot
DEVIATION: Final = 1.0  # per cent
SMALL: Final[dict[str, tuple[int | None, int | None]]] = {
    # runtime on the simulator's table, on mainnet's
    "opening": (16_500, 1_200),
    "sum64": (None, None),
    "ballot": (493_000, 117_000),
    "bill64": (20_000_000, 5_000_000),
    "money.32": (100_000_000, 25_000_000),
    "each-zero.64x2": (4_000_000, 1_000_000),
    "each-zero.64x4": (8_000_000, 2_000_000),
}
STEPS: Final[dict[str, tuple[float | None, float | None]]] = {
    # per cent of a block on the simulator's table; of the dearest dimension of a tenure on mainnet's
    "meter-data.submit-usage-batch.64": (3.0, 0.75),
}


def measure(say: Callable[[str], None], *, long: bool) -> list[Figure]:
    try:
        figures = _measure(say, long=long)
    except SimulatorError as error:
        raise Unmeasured(str(error), 3 if error.missing else 1) from error
    say(f"{sum(figure.missed for figure in figures)} targets missed")
    return figures


def _measure(say: Callable[[str], None], *, long: bool) -> list[Figure]:
    rng = random.Random("bench chain")
    deployer = DEPLOYER.address(NETWORK)
    old, new = Chain(SIMULATOR), Chain(MAINNET)
    figures: list[Figure] = []
    with ExitStack() as stack:
        vm = stack.enter_context(simulator(OBSERVER.address(NETWORK)))
        new.burn_header = vm.burn_header
        say(f"deploying {len(ALL_CONTRACTS)} contracts on the simulator and in the model")
        for name in ALL_CONTRACTS:
            source = (CONTRACTS / f"{name}.clar").read_text("utf-8")
            vm.deploy(name, deployer)
            for model in (old, new):
                model.deploy(name, source, deployer)

        def charged(call: Call) -> tuple[Charged, dict[str, int]]:
            arguments, sender = call.arguments, call.sender.address(NETWORK)
            return vm.call(call.contract, call.function, arguments, sender, read_only=call.read_only), vm.heights()

        others = stack.enter_context(twin(old))

        def modelled(call: Call, simulated: Charged, heights: dict[str, int]) -> Measured:
            now = heights["burn-block-height"]
            drawn = range(max(0, now - NEWEST), now) if call.function == DRAWS else range(0)
            others.begin(call, heights, {height: vm.burn_header(height) for height in drawn})
            new.heights |= heights
            mine = new.call(call.contract, call.function, call.arguments, call.sender.address(NETWORK))
            outcomes = [others.outcome(), mine]
            for result in (simulated.result, *(outcome.result for outcome in outcomes)):
                if not isinstance(result, ResponseOk):
                    raise Unmeasured(f"{call.contract.name}.{call.function} was refused: {result}", 1)
            return Measured(call, simulated, *outcomes)

        def measured(call: Call) -> Measured:
            return modelled(call, *charged(call))

        def measured_in_turn(played: Iterator[Step]) -> Iterator[tuple[Step, Measured]]:
            """The models follow a call behind, so that they and the simulator work at the same time."""
            with ThreadPoolExecutor(1) as beside:
                before: tuple[Step, Charged, dict[str, int]] | None = None
                for step in played:
                    running = beside.submit(charged, step.call)
                    if before is not None:
                        yield before[0], modelled(before[0].call, *before[1:])
                    before = (step, *running.result())
                    if not isinstance(before[1].result, ResponseOk):
                        break
                if before is not None:
                    yield before[0], modelled(before[0].call, *before[1:])

        for size in LONG_SIZES if long else SIZES:
            say(f"verifying the usage of {size} slots")
            figures += _s1(size, measured(checks.s1(rng, size)))
        say("verifying an opening, the opening of a sum, a ballot; computing 64 bills")
        figures += _small("opening", measured(checks.opening(rng)))
        figures += _small("sum64", measured(checks.sum64(rng)))
        figures += _small("ballot", measured(checks.ballot(rng)))
        figures += _small("bill64", measured(checks.bill64(rng)))
        say("verifying 32 amounts of money, and that one of 2 and of 4 branches is zero in each of 64 slots")
        figures += _small("money.32", measured(checks.money32(rng)))
        for branches in (2, 4):
            figures += _small(f"each-zero.64x{branches}", measured(checks.each_zero64(rng, branches)))
        say("playing a settlement through: every function of every contract")
        calls: list[Measured] = []
        for step, found in measured_in_turn(steps(rng, vm, long=long)):
            calls.append(found)
            if step.figures is not None:
                figures += _step(step.figures, step.note, found)
        say(f"{len(calls)} transactions measured; counting those of a month")
    return [*figures, *function_figures(calls), *traffic_figures()]


def _common(name: str, found: Measured) -> list[Figure]:
    """What is told of every call besides its targets."""
    return [
        Figure(f"{name}.runtime_mainnet", found.new.runtime, None, "modelled"),
        Figure(f"{name}.reads", found.simulated.read_count, None, f"mainnet, modelled: {found.new.read_count}"),
        Figure(f"{name}.read_length_simulator", found.simulated.read_length),
        Figure(
            f"{name}.read_length_mainnet",
            found.new.read_length,
            None,
            "modelled; a loaded contract counts its constants",
        ),
        Figure(f"{name}.writes", found.simulated.write_count, None, f"{found.simulated.write_length} bytes"),
        Figure(f"{name}.bytes", found.call.transaction_bytes, None, "of a signed transaction that makes this call"),
        Figure(
            f"{name}.model_deviation_pct",
            found.deviation_pct,
            DEVIATION,
            f"the model on the simulator's table: {found.old.runtime:,} units",
            binding=True,
        ),
    ]


def _s1(size: int, found: Measured) -> list[Figure]:
    name = f"chain.s1.{size}"
    worst, dimension = worst_pct(found.new)
    targets: tuple[float | None, ...] = (SIMULATED_64, MAINNET_64, BYTES_64) if size == 64 else (None, None, None)
    kind, *proof = found.call.arguments
    argument_bytes = found.call.argument_bytes - encoded_bytes(kind)
    return [
        Figure(
            f"{name}.runtime_pct_simulator",
            runtime_pct(found.simulated.runtime),
            targets[0],
            f"{found.simulated.runtime:,} units: privacy-proof.verify-proof with the opening of the sum",
        ),
        Figure(
            f"{name}.runtime_pct_mainnet",
            runtime_pct(found.new.runtime),
            targets[1],
            f"{found.new.runtime:,}, modelled",
        ),
        Figure(f"{name}.worst_pct_mainnet", worst, None, f"modelled, {dimension}"),
        Figure(
            f"{name}.fee_scalar_mainnet",
            round(float(fee_scalar(found.new, found.call.transaction_bytes)), 2),
            None,
            "modelled; ten-thousandths of a block over all dimensions, as a node estimates fees",
        ),
        Figure(
            f"{name}.bytes_per_slot",
            round(argument_bytes / size, 3),
            targets[2],
            f"{argument_bytes} bytes: {len(proof)} arguments, commitments and opening included",
        ),
        *_common(name, found),
    ]


def _small(what: str, found: Measured) -> list[Figure]:
    """A check that other contracts make a part of: the loading of contracts, the same for all, is told apart."""
    name, function = f"chain.{what}", f"{found.call.contract.name}.{found.call.function}"
    simulated, new = (
        (costs.runtime, costs.runtime - _loading(table, costs))
        for table, costs in ((SIMULATOR, found.simulated), (MAINNET, found.new))
    )
    on_simulator, on_mainnet = SMALL[what]
    _, *common = _common(name, found)
    return [
        Figure(
            f"{name}.runtime_simulator", simulated[1], on_simulator, f"{function}; {simulated[0]:,} with its loading"
        ),
        Figure(f"{name}.runtime_mainnet", new[1], on_mainnet, f"modelled; {new[0]:,} with its loading"),
        *common,
    ]


def _loading(table: Table, costs: Charged | Outcome) -> int:
    """What loading contracts was charged, by their size in what was read; nothing else may have been read."""
    load = table.costs["load_contract"]
    loaded, others = divmod(costs.read_count, load.read_count)
    if not loaded or others:
        raise Unmeasured(f"a single check read {costs.read_count} times, not {load.read_count} for each contract", 1)
    return load.runtime(costs.read_length - loaded * load.read_length.base) + (loaded - 1) * load.base


def _step(what: str, note: str, found: Measured) -> list[Figure]:
    """A transaction of a settlement, with all that it loads, reads and writes."""
    name = f"chain.{what}"
    on_simulator, on_mainnet = STEPS.get(what, (None, None))
    worst, dimension = worst_pct(found.new)
    charged = f"{found.simulated.runtime:,} units"
    return [
        Figure(
            f"{name}.runtime_pct_simulator",
            runtime_pct(found.simulated.runtime),
            on_simulator,
            f"{charged}; {note}" if note else charged,
        ),
        Figure(f"{name}.worst_pct_mainnet", worst, on_mainnet, f"modelled, {dimension}"),
        Figure(f"{name}.runtime_pct_mainnet", runtime_pct(found.new.runtime), None, "modelled"),
        Figure(
            f"{name}.fee_scalar_mainnet", round(float(fee_scalar(found.new, found.call.transaction_bytes)), 2), None
        ),
        *_common(name, found),
    ]
