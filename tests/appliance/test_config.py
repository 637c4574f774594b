"""Configuration: what is right is read, every mistake is named with what to write."""

from pathlib import Path
from typing import Any, cast

import pytest

from appliance.config import AgentConfig, ConfigError, Share, SharedConfig, SplitRule, TimeConfig, load, parse

GOOD: dict[str, Any] = {
    "place": "Lane 4",
    "data": "data",
    "chain": {"node": "http://127.0.0.1:20443", "network": "testnet", "deployer": "ST000000000000000000002AMW42H"},
    "zone": [
        {
            "zone": 1,
            "name": "Lane A",
            "utility": "electricity",
            "slots": 16,
            "first_block": 20_000,
            "dwellings": {str(slot): f"A-{slot + 1:02}" for slot in range(15)},
            "meter": [{"name": "m1", "driver": "modbus", "slot": 0, "settings": {"port": 502}}],
        }
    ],
}


def with_change(path: list[Any], value: Any) -> dict[str, Any]:
    """A deep copy of GOOD with one key set, or removed if the value is `...`."""

    def copy(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: copy(child) for key, child in node.items()}
        return [copy(child) for child in node] if isinstance(node, list) else node

    tree = copy(GOOD)
    node = tree
    for key in path[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return tree  # type: ignore[no-any-return]


def test_a_good_file_with_defaults(tmp_path: Path) -> None:
    config = parse(GOOD, tmp_path)
    assert config.data == tmp_path / "data"
    assert (config.time.block_seconds, config.time.batch_blocks) == (86_400, 7)
    assert config.scale is None
    zone = config.zones[0]
    assert len(zone.dwellings) == 15
    assert zone.dwellings[1] == "A-02"
    assert zone.meters[0].settings == {"port": 502}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["data"], ..., "data is missing: write a text in quotes"),
        (["chain", "node"], "node.example", "chain.node is 'node.example'"),
        (["chain", "network"], "devnet", "write one of mainnet, testnet"),
        (["chain", "max_fee"], 0, "whole number from 1 to"),
        (["chain", "max_fee"], True, "whole number from 1 to"),
        (["chain", "max_fe"], 5, "chain.max_fe is not a setting"),
        (["zone"], [], "add at least one"),
        (["zone", 0, "slots"], 20, "zone\\[0\\].slots is 20: write 16 or 64"),
        (["zone", 0, "utility"], "gas", "write one of electricity, water"),
        (["zone", 0, "dwellings", "16"], "A-17", "a slot number from 0 to 15"),
        (["zone", 0, "dwellings", "1"], "<b>", "a dwelling label such as"),
        (["zone", 0, "dwellings", "3"], "A-01", "A-01 is at two slots"),
        (["zone", 0, "dwellings"], {}, "no home is there: write one at least"),
        (["zone", 0, "meter", 0, "slot"], 16, "meter\\[0\\].slot is 16"),
        (["zone", 0, "meter", 0, "settings"], "x", "write a table"),
        (["time", "batch_blocks"], 8, "time.batch_blocks is 8: write a whole number from 1 to 7"),
        (["portal", "port"], 70_000, "from 0 to 65535"),
        (["meter"], [], "meter is not a setting"),
        (["agent"], [{"label": "AG-1"}], "agent\\[0\\].address is missing"),
        (["agent"], [{"label": "ag 1", "address": "ST1"}], "agent\\[0\\].label is 'ag 1': write a label such as"),
        (["agent"], [{"label": "AG-1", "address": "ST1", "code": "1"}], "agent\\[0\\].code is not a setting"),
        (["agent"], [{"label": "A-0-1", "address": "ST1"}], "typed without hyphens, A01 is used twice"),
        (["agent"], [{"label": f"AG-{n}", "address": "ST1"} for n in (1, 2)], "agent's address ST1 is used twice"),
    ],
)
def test_every_mistake_is_named(path: list[Any], value: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(with_change(path, value), tmp_path)


def test_doubles_are_refused(tmp_path: Path) -> None:
    meter = GOOD["zone"][0]["meter"][0]
    with pytest.raises(ConfigError, match="two meters claim one slot"):
        parse(with_change(["zone", 0, "meter"], [meter, {**meter, "name": "m2"}]), tmp_path)
    with pytest.raises(ConfigError, match="meter name m1 is used twice"):
        parse(with_change(["zone", 0, "meter"], [meter, {**meter, "slot": 1, "settings": {"port": 503}}]), tmp_path)
    with pytest.raises(ConfigError, match=r"meter with settings modbus .* is used twice"):
        parse(with_change(["zone", 0, "meter"], [meter, {**meter, "name": "m2", "slot": 1}]), tmp_path)
    with pytest.raises(ConfigError, match="typed without hyphens, A01 is used twice"):
        parse(with_change(["zone", 0, "dwellings", "3"], "A-0-1"), tmp_path)
    with pytest.raises(ConfigError, match="slot number"):
        parse(with_change(["zone", 0, "dwellings", "00"], "Z-99"), tmp_path)
    with pytest.raises(ConfigError, match="zone number 1 is used twice"):
        parse(with_change(["zone"], [GOOD["zone"][0], {**GOOD["zone"][0], "meter": []}]), tmp_path)


def test_agents_are_a_label_and_an_account(tmp_path: Path) -> None:
    assert parse(GOOD, tmp_path).agents == ()
    config = parse(with_change(["agent"], [{"label": "AG-1", "address": "ST1"}]), tmp_path)
    assert config.agents == (AgentConfig("AG-1", "ST1"),)


SHARED = {"name": "main", "driver": "modbus", "slots": [1, 2, 3], "split": "equal", "settings": {"port": 9}}


def test_a_meter_that_several_slots_share(tmp_path: Path) -> None:
    meter = GOOD["zone"][0]["meter"][0]
    for more, rule, weights in (
        ({}, "equal", (1, 1, 1)),
        ({"split": "heads", "heads": [4, 0, 1]}, "heads", (4, 0, 1)),
        ({"split": "weights", "weights": [10, 20, 30]}, "weights", (10, 20, 30)),
    ):
        config = parse(with_change(["zone", 0, "meter"], [meter, {**SHARED, **more}]), tmp_path)
        main = config.zones[0].meters[1]
        assert (main.slot, main.fed) == (None, (1, 2, 3))
        assert main.shared == SharedConfig(
            cast(SplitRule, rule), tuple(Share(slot, weight) for slot, weight in zip((1, 2, 3), weights, strict=True))
        )
    own = [{**meter, "name": f"m{slot}", "slot": slot, "settings": {"port": slot}} for slot in (1, 2, 3)]
    parse(with_change(["zone", 0, "meter"], [{**SHARED, "split": "sub-meters"}, *own]), tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slots": [1]}, "write two or more different slots"),
        ({"slots": [1, 1]}, "write two or more different slots"),
        ({"slots": [1, 16]}, "a list of whole numbers from 0 to 15"),
        ({"slots": "1"}, "a list of whole numbers from 0 to 15"),
        ({"slots": [0, 1]}, "slot 0 has a meter of its own and a part of main"),
        ({"split": "fair"}, "write one of equal, weights, heads, sub-meters"),
        ({"split": "heads"}, "heads is missing"),
        ({"split": "heads", "heads": [1, 2]}, "write one number for each of the 3 slots"),
        ({"split": "heads", "heads": [0, 0, 0]}, "not all of them 0"),
        ({"split": "weights", "weights": [1, 2, -3]}, "a list of whole numbers from 0 to 1000"),
        ({"split": "sub-meters"}, "slot 1 has none"),
        ({"slot": 1}, "slot is not a setting"),
        ({"weights": [1, 2, 3]}, "weights is not a setting"),
    ],
)
def test_every_mistake_of_a_split_is_named(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    meter = GOOD["zone"][0]["meter"][0]
    with pytest.raises(ConfigError, match=words):
        parse(with_change(["zone", 0, "meter"], [meter, {**SHARED, **change}]), tmp_path)


def test_a_slot_has_a_part_of_one_shared_meter_only(tmp_path: Path) -> None:
    two = [SHARED, {**SHARED, "name": "other", "slots": [3, 4], "settings": {"port": 10}}]
    with pytest.raises(ConfigError, match="two meters claim one slot"):
        parse(with_change(["zone", 0, "meter"], two), tmp_path)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("place = ")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path / "bad.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path / "binary.toml")


def test_blocks_by_time() -> None:
    time = TimeConfig(1000, 100, 2, 0, 1, 1)
    assert [time.block_at(at) for at in (999, 1000, 1099, 1100)] == [-1, 0, 0, 1]
    assert time.starts_at(3) == 1300
