"""How figures are told to people and programs."""

from __future__ import annotations

import json

from appliance.bench.figures import Figure, as_json, as_lines, machine

GOOD = Figure("chain.s1.64.bytes_per_slot", 58.8, 61.0, "3765 bytes")
BAD = Figure("proof.s1.64.prove_s", 0.75, 0.5)
PLAIN = Figure("chain.sum64.runtime_simulator", 1_234_567)


def test_object() -> None:
    told = json.loads(as_json([GOOD, PLAIN]))
    assert told.keys() == {"machine", "figures"}
    assert told["figures"] == [
        {
            "name": "chain.s1.64.bytes_per_slot",
            "value": 58.8,
            "unit": "B",
            "better": "lower",
            "target": 61.0,
            "note": "3765 bytes",
        },
        {
            "name": "chain.sum64.runtime_simulator",
            "value": 1234567,
            "unit": "units",
            "better": "lower",
            "target": None,
            "note": "",
        },
    ]


def test_machine_says_what_matters_and_names_nobody() -> None:
    about = machine()
    assert about.keys() == {"cpu", "architecture", "cores", "memory_mib", "system", "python"}
    assert all(about.values())


def test_lines() -> None:
    _, good, note, bad, plain = as_lines([GOOD, BAD, PLAIN])
    assert good.split() == ["chain.s1.64.bytes_per_slot", "58.8", "B", "target", "at", "most", "61"]
    assert note == "    3765 bytes"
    assert bad.split() == ["proof.s1.64.prove_s", "0.75", "s", "MISSED,", "target", "at", "most", "0.5"]
    assert plain.split() == ["chain.sum64.runtime_simulator", "1,234,567", "units"]


def test_targets_in_both_directions() -> None:
    assert BAD.missed
    assert not GOOD.missed
    assert not PLAIN.missed
    assert Figure("proof.s1.1.bytes", 3, 4, better="higher").missed
    assert not Figure("proof.s1.1.bytes", 4, 4, better="higher").missed
