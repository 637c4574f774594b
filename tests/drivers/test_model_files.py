"""A broken model file is refused with the file, the key and what is expected there."""

from fractions import Fraction
from pathlib import Path

import pytest

from drivers.api import DriverError
from drivers.modbus import model

README = Path(model.__file__).parents[1] / "README.md"
WHOLE = (model.FOLDER / "abb-b23.toml").read_text()
IMPORT = WHOLE[WHOLE.index('key = "import"') : WHOLE.index('key = "export"')]


def written(folder: Path, text: str, name: str = "abb-b23.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_models_load_by_name() -> None:
    for name in model.names():
        loaded = model.load(name)
        assert loaded.name == name
        assert loaded.billing in loaded.points
        assert loaded.source


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(DriverError, match=r"'eastron-sdm-120' is not known; write one of: eastron-sdm120") as refused:
        model.load("eastron-sdm-120")
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ('name = "abb-b23"', 'name = "abb-b24"', "name = 'abb-b24'", "the file's name, 'abb-b23'"),
        ("version = 1", "version = 0", "version = 0", "1 to 65535"),
        ("version = 1", 'version = "1"', "version = '1'", "1 to 65535"),
        ('vendor = "ABB"', 'vendor = ""', "vendor = ''", "maker's name"),
        ('utility = "electricity"', 'utility = "gas"', "utility = 'gas'", "'electricity', 'water'"),
        ('utility = "electricity"', 'utility = "water"', "unit = 'Wh'", "write 'ml' for water"),
        ('confidence = "B"', 'confidence = "sure"', "confidence = 'sure'", "'A', 'B', 'C'"),
        ("resettable = false", 'resettable = "no"', "resettable = 'no'", "true or false"),
        ("max_rate = 49335", "max_rate = 49.3", "max_rate = 49.3", "an integer"),
        ("version = 1", "version = 1\nmodulus = 0", "modulus = 0", "an integer from 1"),
        ("version = 1", "version = 1\nmodulos = 100", "modulos = 100", "known key"),
        ("max_registers = 125", "max_registers = 126", "max_registers = 126", "1 to 125"),
        ("max_registers = 125", "max_registers = 2", "type = 'u64'", "at most 2 registers"),
        ("max_gap = 0", "max_gap = 0\nmax_gaps = 1", "max_gaps = 1", "known key"),
        ('frame = "8N1"', 'frame = "8X1"', "frame = '8X1'", "'8N1'"),
        ("baud = 9600", "baud = 96", "baud = 96", "300 to 921600"),
        ('point = "voltage-l1"', 'point = "voltage"', "point = 'voltage'", "one of: current-l1"),
        ("max = 300_000", "max = 30", "max = 30", "an integer from 80000"),
        ('key = "export"', 'key = "import"', "key = 'import'", "no other point"),
        ('code = "1-0:2.8.0"', 'code = "1-0:1.8.0"', "code = '1-0:1.8.0'", "no other point"),
        ('code = "1-0:1.8.0"', 'code = "1.8.0"', "code = '1.8.0'", "OBIS"),
        ('role = "billing"', 'role = "bill"', "role = 'bill'", "'billing', 'cumulative'"),
        ('role = "billing"', 'role = "cumulative"', "role = 'billing' stands at 0 points", "exactly one"),
        ('role = "cumulative"', 'role = "billing"', "role = 'billing' stands at 2 points", "exactly one"),
        ("function = 3\naddress = 0x5000", "function = 6\naddress = 0x5000", "function = 6", "3 to 4"),
        ("address = 0x5000", "address = 0x10000", "address = 65536", "0 to 65535"),
        ("address = 0x5000", "address = 0xFFFD", "address = 65533", "room for 4 registers"),
        ("address = 0x5000", 'address = "0x5000"', "address = '0x5000'", "an integer"),
        ('type = "u64"', 'type = "u46"', "type = 'u46'", "'u16', 'i16', 'u32'"),
        ('order = "big"', 'order = "BE"', "order = 'BE'", "'big', 'little'"),
        ('scale = "10/1"', "scale = 10", "scale = 10", "a fraction of two positive integers"),
        ('scale = "10/1"', 'scale = "10/0"', "scale = '10/0'", "a fraction of two positive integers"),
        ('scale = "10/1"', 'scale = "0.01"', "scale = '0.01'", "a fraction of two positive integers"),
        ('unit = "Wh"', 'unit = "kWh"', "unit = 'kWh'", "'Wh', 'ml'"),
        ('"FFFFFFFFFFFFFFFF"', '"FFFF"', "not_a_value = ['FFFF']", "16 digits"),
        ('["FFFFFFFFFFFFFFFF"]', '"FFFFFFFFFFFFFFFF"', "not_a_value = 'F", "16 digits"),
        ("[serial_number]\n", '[serial_number]\ncode = "1-0:0.0.0"\n', "code = '1-0:0.0.0'", "known key"),
        ('address = 0x8900\ntype = "u32"', 'address = 0x8900\ntype = "f32"', "type = 'f32'", "'u16', 'u32', 'u64'"),
        ("[limits]", "[[limits]]", "limits = [", "a table [limits]"),
        ("[[serial]]", "[serial]", "", "TOML"),
        ("[probe]", "[prob]", "probe is missing", "a table [probe]"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, key: str, expected: str) -> None:
    assert old in WHOLE
    with pytest.raises(DriverError) as refused:
        model.load_file(written(tmp_path, WHOLE.replace(old, new, 1)))
    assert refused.value.permanent
    for part in ("abb-b23.toml", key, expected):
        assert part in str(refused.value)


@pytest.mark.parametrize("name", model.names())
def test_no_key_can_be_left_out_but_the_optional_ones(tmp_path: Path, name: str) -> None:
    lines = (model.FOLDER / f"{name}.toml").read_text().splitlines()
    keys = [at for at, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    assert len(keys) > 30
    for at in keys:
        key = lines[at].split(" = ")[0]
        file = written(tmp_path, "\n".join(lines[:at] + lines[at + 1 :]), f"{name}.toml")
        if key == "not_a_value":
            model.load_file(file)
            continue
        with pytest.raises(DriverError, match=rf"{name}.toml: .*{key} is missing; write|{name}.toml: {key} is missing"):
            model.load_file(file)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    for content in (b"name = ", b"\xff\xfe", b"[[["):
        file = tmp_path / "abb-b23.toml"
        file.write_bytes(content)
        with pytest.raises(DriverError, match=r"abb-b23.toml is not TOML") as refused:
            model.load_file(file)
        assert refused.value.permanent


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"none.toml cannot be read"):
        model.load_file(tmp_path / "none.toml")
    with pytest.raises(DriverError, match=r"abb-b23.toml is larger"):
        model.load_file(written(tmp_path, "#" * 300_000))


def test_the_example_of_the_readme_is_a_model(tmp_path: Path) -> None:
    text = README.read_text()
    example = text.split("```toml\n")[2].split("```")[0]
    name = example.split('name = "')[1].split('"')[0]
    loaded = model.load_file(written(tmp_path, example, f"{name}.toml"))
    assert loaded.register.modulus == 9_999_990
    assert loaded.billing.span.layout.scale == Fraction(1)
    assert loaded.register.resettable
    assert loaded.serial_number is None
