"""What a driver yields and must offer. The only module of this project that a third-party driver imports.

A meter shows a cumulative index; usage is the difference of two indexes and is nobody's business here. Times are UTC
seconds from the clock that the caller hands in. A frozen value that exists is right: constructors refuse the rest with
ValueError.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol, runtime_checkable

OBIS = re.compile(r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}")
INDEX_LIMIT = 2**63
FRAME_LIMIT = 4096

Clock = Callable[[], int]
"""UTC now, in whole seconds."""

Settings = Mapping[str, object]
"""One meter's settings as they stand in TOML, without the keys that belong to the appliance (name, slot, driver)."""


class Authenticity(IntEnum):
    """What stands behind a reading before this gateway saw it. Below L3 anybody on the wire can invent one."""

    L0 = 0  # nothing: clear BLE, Modbus, pulses
    L1 = 1  # integrity only: a checksum, a physical wire, a seal
    L2 = 2  # shared key, no message authentication (AES-CTR)
    L3 = 3  # shared key with message authentication and a counter (AES-CCM, AES-GCM)
    L4 = 4  # signed by the device, key provisioned by the gateway
    L5 = 5  # signed by the device, key certified by the maker or a metrology body


class Unit(StrEnum):
    """Finest unit of an index: one step is one watt-hour or one millilitre."""

    WH = "Wh"
    ML = "ml"


class Confidence(StrEnum):
    """How well a register map is known. C works, but must be compared with the meter's display before it may bill."""

    A = "A"  # two independent sources or the maker's page agree
    B = "B"  # one maintained source that cites the maker
    C = "C"  # a single or contradicted source: unverified


class DriverError(Exception):
    """A meter, a bus or their settings did not do; the message is for a technician and holds no reading.

    `permanent` is True where trying again changes nothing until a person does: wrong settings, the wrong model.
    """

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Reading:
    """A cumulative index as the meter gave it. Index and frame are private: repr leaves them out."""

    register: str  # OBIS code: 1-0:1.8.0 electricity import, 8-0:1.0.0 water
    index: int = field(repr=False)  # 0 to 2^63 - 1, in `unit`
    unit: Unit
    at: int  # UTC seconds, when the answer was here
    level: Authenticity
    frame: bytes = field(repr=False)  # the register's bytes as they came, before any decoding
    counter: int | None  # the meter's own message counter, where its protocol has one

    def __post_init__(self) -> None:
        _require(isinstance(self.register, str) and bool(OBIS.fullmatch(self.register)), "register is no OBIS code")
        _require(_is_integer(self.index) and 0 <= self.index < INDEX_LIMIT, "index is no integer from 0 to 2^63 - 1")
        _require(isinstance(self.unit, Unit), "unit is no Unit")
        _require(_is_integer(self.at) and self.at > 0, "at is no UTC time in whole seconds")
        _require(isinstance(self.level, Authenticity), "level is no Authenticity")
        _require(
            isinstance(self.frame, bytes) and 0 < len(self.frame) <= FRAME_LIMIT,
            f"frame is not 1 to {FRAME_LIMIT} bytes",
        )
        _require(
            self.counter is None or (_is_integer(self.counter) and 0 <= self.counter < INDEX_LIMIT),
            "counter is neither None nor an integer from 0 to 2^63 - 1",
        )


@dataclass(frozen=True, slots=True)
class Register:
    """What a validator must know of the register that is billed."""

    code: str  # OBIS
    unit: Unit
    modulus: int | None  # the index starts again at 0 here, in `unit`; None: not known, so a drop is never a rollover
    max_rate: int  # most the meter can carry, in `unit` per hour (W for Wh)
    resettable: bool  # anybody on the bus can set it back: not tamper-safe

    def __post_init__(self) -> None:
        _require(isinstance(self.code, str) and bool(OBIS.fullmatch(self.code)), "code is no OBIS code")
        _require(isinstance(self.unit, Unit), "unit is no Unit")
        _require(self.modulus is None or (_is_integer(self.modulus) and self.modulus > 0), "modulus is not positive")
        _require(_is_integer(self.max_rate) and self.max_rate > 0, "max_rate is not positive")
        _require(isinstance(self.resettable, bool), "resettable is neither True nor False")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a meter says it is, and how far its register map may be trusted. The serial is private: not in repr."""

    vendor: str
    model: str
    serial: str | None = field(repr=False)  # None: the meter does not tell
    profile: str  # register map and its version: eastron-sdm120@1
    confidence: Confidence
    register: Register


class Meter(Protocol):
    """One meter on an open bus. Every failure is a DriverError."""

    async def read(self) -> Reading:
        """The billed index now."""

    async def identify(self) -> Identity:
        """Ask the meter who it is; a DriverError(permanent=True) if it answers unlike its model."""


class Bus(Protocol):
    """An open physical bus. ONE owner uses it; requests go out one after another."""

    def meter(self, settings: Settings) -> Meter:
        """The meter with these settings on this bus, without asking it anything yet. Wrong settings: DriverError."""


@runtime_checkable
class Driver(Protocol):
    """A way to reach meters, registered under the entry point group `mita.drivers`."""

    @property
    def name(self) -> str:
        """As in the settings: driver = "modbus"."""

    def bus_key(self, settings: Settings) -> str:
        """Meters with the same key share one physical bus and so one `open_bus`. Wrong settings: DriverError."""

    def open_bus(self, settings: Settings, clock: Clock) -> AbstractAsyncContextManager[Bus]:
        """The bus of the meter with these settings. Entering succeeds even while nobody answers on it."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
