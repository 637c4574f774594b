"""What stands behind a commitment: salted Merkle leaves, one per slot and block, under a batch's evidence root. Pure.

Leaves and nodes are hashed under different prefixes (RFC 6962, section 2.1), so that neither can pass for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

_LEAF = b"\x00mita/v1/leaf"
_NODE = b"\x01"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A slot's block as the resident can recompute it. Indexes in Wh or litre; the salt hides it from neighbours."""

    zone: int
    block: int
    slot: int
    index_start: int | None
    index_end: int | None
    usage: int
    missing: bool
    journal_head: bytes

    def digest(self, salt: bytes) -> bytes:
        fields = (
            _LEAF,
            salt,
            self.zone.to_bytes(4, "big"),
            self.block.to_bytes(8, "big"),
            self.slot.to_bytes(1, "big"),
            _index(self.index_start),
            _index(self.index_end),
            self.usage.to_bytes(4, "big"),
            bytes([self.missing]),
            self.journal_head,
        )
        return hashlib.sha256(b"".join(fields)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over at least one leaf digest; the left subtree holds the largest power of two below the count."""
    if not leaves:
        raise ValueError("a Merkle tree has at least one leaf")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return _parent(merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def merkle_path(leaves: Sequence[bytes], position: int) -> list[tuple[bool, bytes]]:
    """From the leaf up: (the sibling is on the left, the sibling's hash)."""
    if not 0 <= position < len(leaves):
        raise ValueError("no leaf has this position")
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if position < split:
        return [*merkle_path(leaves[:split], position), (False, merkle_root(leaves[split:]))]
    return [*merkle_path(leaves[split:], position - split), (True, merkle_root(leaves[:split]))]


def root_from_path(leaf: bytes, path: Sequence[tuple[bool, bytes]]) -> bytes:
    """The root that this path leads to."""
    for sibling_left, sibling in path:
        leaf = _parent(sibling, leaf) if sibling_left else _parent(leaf, sibling)
    return leaf


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _index(index: int | None) -> bytes:
    return b"\x00" * 9 if index is None else b"\x01" + index.to_bytes(8, "big")
