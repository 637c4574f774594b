"""Every error of the contracts under meter-data's hand is provoked by some test, by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.errors import constants_of

HERE = Path(__file__).parent
NO_VALUE = "ERR_SERIALIZE"  # every value that these contracts make has consensus bytes


@pytest.mark.parametrize("contract", ["audit-log", "user-registry", "aggregation", "meter-data"])
def test_every_error_is_named_by_a_test(contract: str) -> None:
    tests = "\n".join(path.read_text() for path in HERE.glob("test_*.py") if path != Path(__file__))
    named = set(re.findall(rf'"(?:{contract}\.)?(ERR_[A-Z_]+)"', tests))
    assert {error.name for error in constants_of(contract, contract)} - named <= {NO_VALUE}
