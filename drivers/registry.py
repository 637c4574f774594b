"""Driver name -> Driver, from the entry points of group `mita.drivers`. Built-in drivers come through the same door."""

from importlib.metadata import EntryPoint, entry_points

from drivers.api import Driver, DriverError

GROUP = "mita.drivers"


def names() -> tuple[str, ...]:
    """Names of the drivers that are installed, sorted. Nothing is imported."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def driver(name: str) -> Driver:
    """The driver of that name. DriverError(permanent=True) if none, several, or one that is no driver."""
    found = _entry_points(name)
    if not found:
        known = ", ".join(names()) or "none is installed"
        raise DriverError(f"driver = {name!r}: no such driver; write one of: {known}", permanent=True)
    if len({point.value for point in found}) > 1:
        values = ", ".join(sorted(point.value for point in found))
        raise DriverError(
            f"driver {name!r} is claimed by several packages ({values}); remove all but one", permanent=True
        )
    return _load(found[0])


def _entry_points(name: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP, name=name))


def _load(point: EntryPoint) -> Driver:
    try:
        loaded: object = point.load()
    except (ImportError, AttributeError) as error:
        raise DriverError(f"driver {point.name!r} ({point.value}) cannot be loaded: {error}", permanent=True) from error
    if not isinstance(loaded, Driver):
        raise DriverError(
            f"driver {point.name!r} ({point.value}) has no name, bus_key or open_bus; see drivers.api.Driver",
            permanent=True,
        )
    if loaded.name != point.name:
        raise DriverError(
            f"driver {point.name!r} ({point.value}) calls itself {loaded.name!r}; the two must be equal", permanent=True
        )
    return loaded
