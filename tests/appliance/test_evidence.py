"""Merkle roots and paths: every leaf leads to the root, nothing else does."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.evidence import Leaf, merkle_path, merkle_root, root_from_path

LEAF = Leaf(
    zone=1, block=20_000, slot=5, index_start=100, index_end=150, usage=50, missing=False, journal_head=bytes(32)
)
SALT = bytes(range(16))

digests = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70, unique=True)


@given(digests, st.data())
def test_every_leaf_leads_to_the_root_and_a_changed_one_does_not(leaves: list[bytes], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    root = merkle_root(leaves)
    path = merkle_path(leaves, position)
    assert root_from_path(leaves[position], path) == root
    changed = bytes([leaves[position][0] ^ 1]) + leaves[position][1:]
    assert root_from_path(changed, path) != root
    if path:
        assert root_from_path(leaves[position], path[:-1]) != root
        side, sibling = path[0]
        assert root_from_path(leaves[position], [(not side, sibling), *path[1:]]) != root


def test_the_tree_is_rfc_6962s() -> None:
    """MTH of section 2.1 written out for five leaves."""

    def parent(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    a, b, c, d, e = (hashlib.sha256(bytes([n])).digest() for n in range(5))
    assert merkle_root([a, b, c, d, e]) == parent(parent(parent(a, b), parent(c, d)), e)
    assert merkle_root([a]) == a


def test_no_leaves_no_tree() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        merkle_root([])
    for position in (-1, 1):
        with pytest.raises(ValueError, match="position"):
            merkle_path([bytes(32)], position)


def test_every_field_and_the_salt_change_a_leaf() -> None:
    fields = {f: getattr(LEAF, f) for f in LEAF.__slots__}
    variants = [LEAF.digest(SALT), LEAF.digest(bytes(16))]
    for name, value in fields.items():
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else b"\1" + bytes(31)
        variants.append(Leaf(**{**fields, name: other}).digest(SALT))
    variants.append(Leaf(**{**fields, "index_start": None}).digest(SALT))
    variants.append(Leaf(**{**fields, "index_start": 0}).digest(SALT))
    assert len(set(variants)) == len(variants)
