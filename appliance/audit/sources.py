"""Whether the contracts on a chain are this project's: an audit rests on what their text does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from appliance.audit.batch import Finding
from appliance.audit.claim import Check, Failure
from appliance.chain.address import Address, Contract

FOLDER: Final = Path(__file__).resolve().parents[2] / "contracts"
UNREADABLE: Final = ""
"""In place of a text that the node does not show usefully; no contract's text is empty."""
_ADVICE: Final = "audit with the version of Mita that the settlement was founded with, or distrust it"


class SourcesMissingError(Exception):
    """This installation has no contracts to compare with; the message says which file is missing."""


def own_sources(folder: Path) -> dict[str, str]:
    """The text of every contract that Clarinet.toml lists, read as the founding reads it. SourcesMissingError."""
    try:
        listed = tomllib.loads((folder / "Clarinet.toml").read_text("utf-8"))["contracts"]
        return {name: (folder / entry["path"]).read_text("utf-8") for name, entry in listed.items()}
    except OSError as error:
        raise SourcesMissingError(f"{error.filename} cannot be read: {error.strerror}") from error


def judge_sources(deployer: Address, own: Mapping[str, str], deployed: Mapping[str, str | None]) -> Iterator[Finding]:
    """Every contract of `own` is on chain with exactly that text; `deployed` maps names to what the node shows."""
    for name, text in own.items():
        contract, there = Contract(deployer, name), deployed.get(name)
        if there == text:
            continue
        if there is None:
            words = f"there is no {contract} on this chain"
        elif there == UNREADABLE:
            words = f"the node shows no readable text of {contract}"
        else:
            words = f"the text of {contract} is not that of this Mita's {name}"
        yield Finding(None, None, "", Failure(Check.CONTRACT, f"{words}: {_ADVICE}"))
