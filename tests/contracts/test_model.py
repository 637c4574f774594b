"""Whole settlements at random, each command foretold by a model that knows the plaintexts: what it is refused for, or
what it changes, and nothing else. After every command nothing is owed that is not there."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from appliance.chain.address import Address, Contract
from tests.contracts.model.rules import Town
from tests.contracts.model.village import PROVED, commands, proofs
from tests.contracts.vm import CONTRACTS, Machine


def run(machine: Machine, number: int, examples: int, steps: int) -> None:
    town = seed(number)(type("SeededTown", (Town,), {"vm": machine}))
    run_state_machine_as_test(
        town,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def told() -> tuple[int, int]:
    """How many commands there were, and how many accepted calls with proofs; prints which."""
    for name, count in sorted(commands.items()):
        print(f"{count:6} {name}")
    print(f"{commands.total()} commands; proofs accepted: {dict(proofs)}")
    return commands.total(), proofs.total()


def test_whatever_is_tried_goes_as_foretold(machine: Machine) -> None:
    run(machine, 0, 3, 60)
    made, proved = told()
    assert made > 200
    assert proved > 40
    assert set(proofs) <= PROVED


WRONG = {
    "a hold-back that is income, too": ("payment", "(- growth held-back)", "growth"),
    "payments that are taken back at once": ("payment", "(+ (get height paid) RECLAIM)", "(get height paid)"),
    "a pool that is not counted": ("payment", "pool: (+ (get pool account) amount)", "pool: (get pool account)"),
    "disputes about bills that are due": ("billing", "(< burn-block-height (get due final))", "true"),
}


@pytest.mark.long
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_contract_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    name, old, new = WRONG[what]
    shipped = (CONTRACTS / f"{name}.clar").read_text()
    assert shipped.count(old) == 1
    deploy = Machine.deploy

    def deploy_changed(vm: Machine, contract: str, sender: Address, source: str | None = None) -> Contract:
        return deploy(vm, contract, sender, shipped.replace(old, new) if contract == name else source)

    monkeypatch.setattr(Machine, "deploy", deploy_changed)
    with pytest.raises(AssertionError):
        run(machine, 7, 10, 60)


@pytest.mark.long
def test_ten_thousand_commands_go_as_foretold(machine: Machine) -> None:
    for number in range(1, 5):
        run(machine, number, 25, 60)
        print(f"seed {number}: {commands.total()} commands, {proofs.total()} proofs accepted", flush=True)
    made, proved = told()
    assert made >= 10_000
    assert proved >= 2_000
