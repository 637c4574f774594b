"""A meter model: drivers/models/NAME.toml -> Model, checked whole. A broken file is a DriverError(permanent=True)
that names the file, the key and what is expected there. Addresses are 0-based wire addresses.
"""

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from drivers.api import INDEX_LIMIT, Confidence, DriverError, Register, Unit
from drivers.decode import Encoding, Layout, WordOrder
from drivers.table import Table

FOLDER = Path(__file__).parent.parent / "models"
NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
CODE = r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}"
FILE_LIMIT = 256 * 1024


class Role(StrEnum):
    """What a point is for. A model has exactly one billing point."""

    BILLING = "billing"
    CUMULATIVE = "cumulative"
    INSTANTANEOUS = "instantaneous"


class PointUnit(StrEnum):
    """Finest unit of a point: one step of its decoded integer."""

    WH = "Wh"
    ML = "ml"
    MV = "mV"
    MA = "mA"
    MW = "mW"
    MHZ = "mHz"
    ML_H = "ml/h"


class Utility(StrEnum):
    ELECTRICITY = "electricity"
    WATER = "water"


BILLED_IN = {Utility.ELECTRICITY: PointUnit.WH, Utility.WATER: PointUnit.ML}


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive registers that hold one value."""

    function: int  # 3 holding, 4 input registers
    address: int
    layout: Layout

    @property
    def count(self) -> int:
        return self.layout.encoding.words


@dataclass(frozen=True, slots=True)
class Point:
    """A value that the meter offers."""

    key: str
    code: str  # OBIS
    role: Role
    unit: PointUnit
    span: Span


@dataclass(frozen=True, slots=True)
class Probe:
    """A cheap sign that the meter is of this model: the point lies within these bounds, in the point's unit."""

    point: Point
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class SerialSetting:
    """One serial setting that the meter may leave the factory with."""

    baud: int
    frame: str  # data bits, parity, stop bits: 8N1, 8E1
    unit: int


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that distinguishes one meter model from another."""

    name: str
    version: int
    vendor: str
    model: str
    utility: Utility
    confidence: Confidence
    source: str
    max_registers: int  # most registers in one request
    max_gap: int  # most unused registers that one request may cover
    serial_settings: tuple[SerialSetting, ...]
    probe: Probe
    serial_number: Span | None
    points: tuple[Point, ...]
    billing: Point
    register: Register

    @property
    def profile(self) -> str:
        return f"{self.name}@{self.version}"


def names() -> tuple[str, ...]:
    """The models that come with this project, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


def load(name: str) -> Model:
    """The model of that name. DriverError(permanent=True) if there is none or its file is broken."""
    if name not in names():
        near = get_close_matches(name, names(), n=3) or names()
        raise DriverError(f"model = {name!r} is not known; write one of: {', '.join(near)}", permanent=True)
    return load_file(FOLDER / f"{name}.toml")


def load_file(file: Path) -> Model:
    """A model from any file whose name is NAME.toml."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DriverError(f"{file.name} cannot be read: {error.strerror}", permanent=True) from error
    if len(content) > FILE_LIMIT:
        raise DriverError(f"{file.name} is larger than {FILE_LIMIT} bytes", permanent=True)
    try:
        values = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DriverError(f"{file.name} is not TOML: {error}", permanent=True) from error
    return _model(Table(file.name, values), file.stem)


def _model(table: Table, stem: str) -> Model:
    name = table.text("name", NAME, "lower-case words joined by '-', equal to the file's name")
    if name != stem:
        raise table.wrong("name", f"the file's name, {stem!r}")
    utility = table.choice("utility", Utility)
    limits = table.table("limits")
    max_registers = limits.integer("max_registers", 1, 125)
    max_gap = limits.integer("max_gap", 0, 124)
    limits.close()
    points = _points(table, max_registers)
    billing = _billing(table, points, utility)
    model = Model(
        name=name,
        version=table.integer("version", 1, 65535),
        vendor=table.text("vendor", r".{1,64}", "the maker's name, up to 64 characters"),
        model=table.text("model", r".{1,64}", "the model as on its plate, up to 64 characters"),
        utility=utility,
        confidence=table.choice("confidence", Confidence),
        source=table.text("source", r"(?s).{1,1000}", "where the register map is from"),
        max_registers=max_registers,
        max_gap=max_gap,
        serial_settings=tuple(_serial_setting(entry) for entry in table.tables("serial")),
        probe=_probe(table.table("probe"), points),
        serial_number=_serial_number(table),
        points=points,
        billing=billing,
        register=Register(
            code=billing.code,
            unit=Unit(billing.unit.value),
            modulus=table.integer("modulus", 1, INDEX_LIMIT) if table.has("modulus") else None,
            max_rate=table.integer("max_rate", 1, 1_000_000_000),
            resettable=table.boolean("resettable"),
        ),
    )
    table.close()
    return model


def _points(table: Table, max_registers: int) -> tuple[Point, ...]:
    points: list[Point] = []
    for entry in table.tables("point"):
        point = Point(
            key=entry.text("key", NAME, "a name of lower-case words joined by '-'"),
            code=entry.text("code", CODE, "an OBIS code such as '1-0:1.8.0'"),
            role=entry.choice("role", Role),
            unit=entry.choice("unit", PointUnit),
            span=_span(entry, _scale(entry)),
        )
        entry.close()
        if point.span.count > max_registers:
            raise entry.wrong("type", f"a type of at most {max_registers} registers, as [limits] max_registers says")
        for other in points:
            if other.key == point.key:
                raise entry.wrong("key", "a key that no other point has")
            if other.code == point.code:
                raise entry.wrong("code", "a code that no other point has")
        points.append(point)
    return tuple(points)


def _billing(table: Table, points: tuple[Point, ...], utility: Utility) -> Point:
    billing = [point for point in points if point.role is Role.BILLING]
    if len(billing) != 1:
        raise DriverError(
            f"{table.place}: role = 'billing' stands at {len(billing)} points; write it at exactly one", permanent=True
        )
    if billing[0].unit is not BILLED_IN[utility]:
        raise DriverError(
            f"{table.place}: unit = {billing[0].unit.value!r} at the billing point; write {BILLED_IN[utility].value!r}"
            f" for {utility.value}",
            permanent=True,
        )
    return billing[0]


def _span(entry: Table, scale: Fraction) -> Span:
    function = entry.integer("function", 3, 4)
    address = entry.integer("address", 0, 65535)
    encoding = entry.choice("type", Encoding)
    if address + encoding.words > 65536:
        raise entry.wrong("address", f"an address that leaves room for {encoding.words} registers below 65536")
    hexadecimal = f"hexadecimal strings of {4 * encoding.words} digits, the register's bytes as they come"
    patterns = entry.texts("not_a_value", rf"[0-9A-Fa-f]{{{4 * encoding.words}}}", hexadecimal)
    return Span(
        function=function,
        address=address,
        layout=Layout(
            encoding=encoding,
            order=entry.choice("order", WordOrder),
            scale=scale,
            not_a_value=tuple(bytes.fromhex(pattern) for pattern in patterns),
        ),
    )


def _scale(entry: Table) -> Fraction:
    expected = "a fraction of two positive integers, finest units per raw step, such as '1000/1'"
    numerator, denominator = entry.text("scale", r"[1-9]\d{0,11}/[1-9]\d{0,11}", expected).split("/")
    return Fraction(int(numerator), int(denominator))


def _serial_setting(entry: Table) -> SerialSetting:
    setting = SerialSetting(
        baud=entry.integer("baud", 300, 921_600),
        frame=entry.text("frame", r"[78][NEO][12]", "data bits, parity and stop bits such as '8N1'"),
        unit=entry.integer("unit", 1, 247),
    )
    entry.close()
    return setting


def _probe(entry: Table, points: tuple[Point, ...]) -> Probe:
    by_key = {point.key: point for point in points}
    key = entry.text("point", NAME, "the key of a point")
    if key not in by_key:
        raise entry.wrong("point", f"the key of a point, one of: {', '.join(sorted(by_key))}")
    minimum = entry.integer("min", -(2**63), 2**63)
    maximum = entry.integer("max", minimum, 2**63)
    entry.close()
    return Probe(by_key[key], minimum, maximum)


def _serial_number(table: Table) -> Span | None:
    """An unsigned number; meters that spell their serial in letters have none here yet."""
    if not table.has("serial_number"):
        return None
    entry = table.table("serial_number")
    span = _span(entry, Fraction(1))
    if span.layout.encoding not in (Encoding.U16, Encoding.U32, Encoding.U64):
        raise entry.wrong("type", "one of 'u16', 'u32', 'u64'")
    entry.close()
    return span
