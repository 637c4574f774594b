"""Drivers are found by entry point only. A distribution of this test's own stands in for installed packages."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers import registry
from drivers.api import DriverError
from drivers.modbus import DRIVER

DECLARED: dict[str, str] = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
    "entry-points"
][registry.GROUP]

THIRD_PARTY = """
class Drum:
    name = "drum"
    def bus_key(self, settings): return "drum"
    def open_bus(self, settings, clock): raise NotImplementedError

DRIVER = Drum()
NAMELESS = object()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path; distributions put there are installed for the length of a test."""
    (tmp_path / "drum_maker.py").write_text(THIRD_PARTY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "drum_maker", raising=False)
    return tmp_path


def install(site: Path, distribution: str, entries: Mapping[str, str]) -> None:
    folder = site / f"{distribution}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (folder / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{lines}")


def test_every_declared_driver_is_found_under_its_name(site: Path) -> None:
    install(site, "mita_gateway", DECLARED)
    assert set(DECLARED) <= set(registry.names())
    for name in DECLARED:
        assert registry.driver(name).name == name
    assert registry.driver("modbus") is DRIVER


def test_a_third_party_comes_through_the_same_door(site: Path) -> None:
    install(site, "drum_maker", {"drum": "drum_maker:DRIVER"})
    assert "drum" in registry.names()
    assert registry.driver("drum").bus_key({}) == "drum"


def test_naming_drivers_imports_none(site: Path) -> None:
    install(site, "drum_maker", {"drum": "drum_maker:DRIVER"})
    assert "drum" in registry.names()
    assert "drum_maker" not in sys.modules


def test_an_unknown_driver_is_refused_with_the_known_ones(site: Path) -> None:
    install(site, "drum_maker", {"drum": "drum_maker:DRIVER"})
    with pytest.raises(DriverError, match=r"'modbuss'.*write one of: .*drum") as refused:
        registry.driver("modbuss")
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("drum_maker:NOTHING", "cannot be loaded"),
        ("no_such_package:DRIVER", "cannot be loaded"),
        ("drum_maker:NAMELESS", "has no name, bus_key or open_bus"),
        ("drivers.modbus:DRIVER", "calls itself 'modbus'"),
    ],
)
def test_what_is_no_driver_is_refused(site: Path, value: str, message: str) -> None:
    install(site, "drum_maker", {"broken": value})
    with pytest.raises(DriverError, match=message) as refused:
        registry.driver("broken")
    assert refused.value.permanent


def test_two_packages_that_claim_one_name_are_refused(site: Path) -> None:
    install(site, "drum_maker", {"drum": "drum_maker:DRIVER"})
    install(site, "other_maker", {"drum": "other_maker:DRIVER"})
    with pytest.raises(DriverError, match=r"drum_maker:DRIVER, other_maker:DRIVER.*remove all but one") as refused:
        registry.driver("drum")
    assert refused.value.permanent
