"""The VM's process itself: errors are errors, a reset forgets, and Clarinet's manifest deploys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.contracts.settlement import DEPLOYMENT_ORDER, GATEWAY, account
from tests.contracts.vm import CONTRACTS, Machine, VmError

SOURCE = """
(define-data-var sum uint u0)
(define-read-only (get-sum) (var-get sum))
(define-public (add (n uint)) (begin (var-set sum (+ (var-get sum) n)) (if (< n u9) (ok n) (err n))))
"""


def test_calls_aborts_resets_and_the_manifest(node: Path, tmp_path: Path) -> None:
    with Machine(node) as vm:
        adder = vm.deploy("adder", account("anyone"), SOURCE)
        height = vm.height()
        receipt = vm.public(adder, "add", [3], GATEWAY)
        assert receipt.ok() == 3
        assert receipt.costs["runtime"] > 0
        assert vm.height() == height + 1
        assert vm.public(adder, "add", [9], GATEWAY).refusal() == 9
        for function, args in (("add", [2**128 - 1]), ("add", [b"3"]), ("subtract", [3]), ("add", [])):
            with pytest.raises(VmError):
                vm.public(adder, function, args, GATEWAY)
        assert vm.read(adder, "get-sum").plain() == 3
        vm.mine(5)
        for source in ("(define-public (f) (ok (as-contract tx-sender)))", "(", "(define-public (g) (ok (h)))"):
            with pytest.raises(VmError):
                vm.deploy("wrong", account("anyone"), source)
        vm.reset()
        with pytest.raises(VmError):
            vm.read(adder, "get-sum")

        for path in (*CONTRACTS.glob("*.clar"), CONTRACTS / "Clarinet.toml"):
            shutil.copy(path, tmp_path)
        shutil.copytree(CONTRACTS / "settings", tmp_path / "settings")
        assert sorted(vm.deploy_manifest(tmp_path / "Clarinet.toml")) == sorted(DEPLOYMENT_ORDER)
