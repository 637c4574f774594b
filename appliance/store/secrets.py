"""Sealed secrets. A name is made once; its secret never changes under it."""

from __future__ import annotations

from appliance.config import ZoneConfig
from appliance.keys import SECRET_BYTES, Randomness, Seal, Secret
from appliance.store.database import Transaction
from appliance.store.rows import blob, text


async def secret(tx: Transaction, seal: Seal, name: str, randomness: Randomness) -> Secret:
    """The secret of this name, made and sealed if there is none yet."""
    row = await tx.one("SELECT box FROM sealed WHERE name = ?", (name,))
    if row is not None:
        return Secret(seal.open(name, blob(row[0])))
    fresh = Secret(randomness(SECRET_BYTES))
    await tx.run("INSERT INTO sealed (name, box) VALUES (?, ?)", (name, seal.close(name, fresh.raw)))
    return fresh


async def every(tx: Transaction, seal: Seal) -> dict[str, Secret]:
    """All secrets that commit, by name: also of homes and zones that the configuration no longer has."""
    rows = await tx.all("SELECT name, box FROM sealed WHERE name <> ? AND name NOT LIKE 'agent/%'", (GATEWAY,))
    return {text(name): Secret(seal.open(text(name), blob(box))) for name, box in rows}


def dwelling(label: str) -> str:
    """The name of a dwelling's secret."""
    return f"dwelling/{label}"


def agent(address: str) -> str:
    """The name of the secret behind an agent's card: another account is somebody else."""
    return f"agent/{address}"


def label_of(name: str) -> str:
    """The dwelling whose secret has this name. ValueError for another's."""
    kind, _, label = name.partition("/")
    if kind != "dwelling":
        raise ValueError("a secret that is no dwelling's")
    return label


def vacant(zone: int) -> str:
    """The name of the secret behind a zone's vacant slots."""
    return f"zone/{zone}"


def holder(zone: ZoneConfig, slot: int) -> str:
    """The name of the secret that commits for a slot."""
    return dwelling(zone.dwellings[slot]) if slot in zone.dwellings else vacant(zone.zone)


GATEWAY = "gateway"
