"""Cost tables of the Clarity VM as data, and the block limits that they are measured against.

Numbers from github.com/stacks-network/stacks-core, commit 1efa4a9bf6bd0f670ac10d1f5a5f24491b7a827a (as release 4.0.2):
clarity/src/vm/costs/costs_3.rs (COSTS_3), costs_4.rs, costs_5.rs (COSTS_5: what it overrides; the rest is as before),
stackslib/src/core/mod.rs (BLOCK_LIMIT_MAINNET_40) and stackslib/src/cost_estimates/metrics.rs. Keys are the names of
the cost functions there without `cost_`. One number is from no file: secp256k1decompress of the old table, which
costs_4 does not have; 1035 is what the simulator of @stacks/clarinet-sdk 3.21.0 charges, found by measuring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Linear:
    """base + slope * n."""

    base: int
    slope: int = 0

    def at(self, n: int) -> int:
        return self.base + self.slope * n


NOTHING: Final = Linear(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one cost function charges for an input n. Runtime: base + slope * (n >> shift), or base + slope * n * log2 n
    (rounded down) where `log` is set, for n >= 1."""

    base: int
    slope: int = 0
    shift: int = 0
    log: bool = False
    read_count: int = 0
    read_length: Linear = NOTHING
    write_count: int = 0
    write_length: Linear = NOTHING

    def runtime(self, n: int) -> int:
        if self.log:
            return self.base + self.slope * n * (n.bit_length() - 1)
        return self.base + self.slope * (n >> self.shift)


@dataclass(frozen=True, slots=True)
class Table:
    """The cost functions, and four rules in which the simulator's VM differs from a node's at epoch 4.0.

    `constants_loaded`: loading a contract also counts the sizes of its constants (contexts.rs `set_contract_data_size`,
    clarity_db.rs `get_contract_size`). `arguments_sanitized`: inside a function, lists and tuples have the kinds that
    follow from what they hold, not the declared ones (callables.rs, `sanitize_in_function_invocation`).
    `traits_looked_up`: a contract-call? through a trait's argument pays for looking that name up (only the simulator
    does; found by measuring). `maps_shortest`: map over an empty list and one that is not yields nothing, where it
    used to call the function with too few arguments (sequences.rs, `special_map_v400`), here taken as an abort always.
    """

    name: str
    costs: Mapping[str, Cost]
    constants_loaded: bool
    arguments_sanitized: bool
    traits_looked_up: bool
    maps_shortest: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of one tenure, and the bytes of one block."""

    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int
    block_bytes: int


LIMITS: Final = Limits(
    runtime=5_000_000_000,
    read_count=30_000,
    read_length=200_000_000,
    write_count=15_000,
    write_length=15_000_000,
    block_bytes=2 * 1024 * 1024,
)

_COUNTED: Final = Linear(1, 1)
_ONE: Final = Linear(1)

_COSTS_3: Final[dict[str, Cost]] = {
    # the interpreter itself
    "lookup_variable_depth": Cost(1, 1),
    "lookup_variable_size": Cost(1, 2),
    "lookup_function": Cost(16),
    "inner_type_check_cost": Cost(5, 2),
    "user_function_application": Cost(5, 26),
    "contract_call": Cost(134),
    "contract_of": Cost(13_400),
    "load_contract": Cost(80, 1, read_count=3, read_length=_COUNTED),
    # control
    "let": Cost(178, 117),
    "if": Cost(168),
    "asserts": Cost(128),
    "begin": Cost(151),
    "match": Cost(264),
    "and": Cost(120, 3),
    "or": Cost(120, 3),
    "not": Cost(138),
    "print": Cost(1458, 15),
    # arithmetic and comparison
    "add": Cost(125, 11),
    "sub": Cost(125, 11),
    "mul": Cost(125, 13),
    "div": Cost(125, 13),
    "mod": Cost(141),
    "int_cast": Cost(135),
    "pow": Cost(143),
    "sqrti": Cost(142),
    "log2": Cost(133),
    "geq": Cost(128, 7),
    "leq": Cost(128, 7),
    "ge": Cost(128, 7),
    "le": Cost(128, 7),
    "eq": Cost(151, 7),
    "xor": Cost(129, 15),
    "bitwise_and": Cost(129, 15),
    "bitwise_or": Cost(129, 15),
    "bitwise_not": Cost(147),
    "bitwise_left_shift": Cost(167),
    "bitwise_right_shift": Cost(167),
    # options and responses
    "some_cons": Cost(199),
    "ok_cons": Cost(199),
    "err_cons": Cost(199),
    "default_to": Cost(268),
    "unwrap_ret": Cost(274),
    "unwrap_err_or_ret": Cost(302),
    "unwrap": Cost(252),
    "unwrap_err": Cost(248),
    "try_ret": Cost(240),
    "is_okay": Cost(258),
    "is_err": Cost(245),
    "is_some": Cost(195),
    "is_none": Cost(214),
    # tuples and sequences
    "tuple_cons": Cost(1876, 10, log=True),
    "tuple_get": Cost(1736, 4, log=True),
    "tuple_merge": Cost(408, 4),
    "list_cons": Cost(164, 14),
    "map": Cost(3067, 1198),
    "filter": Cost(407),
    "fold": Cost(460),
    "len": Cost(429),
    "element_at": Cost(498),
    "index_of": Cost(211, 1),
    "append": Cost(285, 73),
    "concat": Cost(220, 37),
    "as_max_len": Cost(475),
    "slice": Cost(448),
    "replace_at": Cost(561, 1),
    # bytes, hashes, keys, principals
    "buff_to_int_be": Cost(141),
    "buff_to_int_le": Cost(141),
    "buff_to_uint_be": Cost(141),
    "buff_to_uint_le": Cost(141),
    "to_consensus_buff": Cost(233, 1),
    "hash160": Cost(188, 1),
    "sha256": Cost(100, 1),
    "sha512": Cost(176, 1),
    "sha512t256": Cost(56, 1),
    "secp256k1recover": Cost(8655),
    "secp256k1verify": Cost(8349),
    "secp256k1decompress": Cost(1035),
    "is_standard": Cost(127),
    "principal_destruct": Cost(314),
    # storage
    "fetch_entry": Cost(1025, 1, read_count=1, read_length=_COUNTED),
    "set_entry": Cost(1899, 4, read_count=1, write_count=1, write_length=_COUNTED),
    "fetch_var": Cost(468, 1, read_count=1, read_length=_COUNTED),
    "set_var": Cost(655, 5, read_count=1, write_count=1, write_length=_COUNTED),
    # tokens, and what may move of them
    "ft_mint": Cost(1479, read_count=2, read_length=_ONE, write_count=2, write_length=_ONE),
    "ft_burn": Cost(549, read_count=2, read_length=_ONE, write_count=2, write_length=_ONE),
    "ft_transfer": Cost(549, read_count=2, read_length=_ONE, write_count=2, write_length=_ONE),
    "ft_balance": Cost(479, read_count=1, read_length=_ONE),
    "ft_get_supply": Cost(420, read_count=1, read_length=_ONE),
    "burn_block_info": Cost(96_479, read_count=1, read_length=_ONE),
    "restrict_assets": Cost(750, 125),
    "as_contract_safe": Cost(888, 125),
}

_COSTS_5: Final[dict[str, Cost]] = {
    "let": Cost(32, 1, 3),
    "begin": Cost(31, 1, 4),
    "match": Cost(31),
    "and": Cost(31, 1, 4),
    "or": Cost(31, 1, 4),
    "not": Cost(31),
    "print": Cost(31, 1, 9),
    "add": Cost(31, 1, 4),
    "sub": Cost(32, 1, 5),
    "mul": Cost(31, 1, 4),
    "div": Cost(32, 1, 5),
    "mod": Cost(31),
    "int_cast": Cost(31),
    "pow": Cost(31),
    "sqrti": Cost(31),
    "log2": Cost(31),
    "geq": Cost(38, 1, 8),
    "leq": Cost(38, 1, 8),
    "ge": Cost(38, 1, 8),
    "le": Cost(38, 1, 8),
    "eq": Cost(38, 1, 9),
    "xor": Cost(31, 1, 4),
    "bitwise_and": Cost(31, 1, 4),
    "bitwise_or": Cost(31, 1, 4),
    "bitwise_not": Cost(31),
    "bitwise_left_shift": Cost(31),
    "bitwise_right_shift": Cost(31),
    "some_cons": Cost(31),
    "ok_cons": Cost(31),
    "err_cons": Cost(31),
    "default_to": Cost(31),
    "unwrap_ret": Cost(31),
    "unwrap_err_or_ret": Cost(31),
    "unwrap": Cost(31),
    "unwrap_err": Cost(31),
    "try_ret": Cost(31),
    "is_okay": Cost(31),
    "is_err": Cost(31),
    "is_some": Cost(31),
    "is_none": Cost(31),
    "tuple_cons": Cost(31, 1, 2),
    "tuple_get": Cost(32, 1, 2),
    "tuple_merge": Cost(32, 1, 2),
    "list_cons": Cost(31, 1, 4),
    "map": Cost(32, 1, 2),
    "filter": Cost(32, 1, 2),
    "fold": Cost(32, 1, 3),
    "len": Cost(31),
    "element_at": Cost(31),
    "index_of": Cost(38, 1, 9),
    "append": Cost(31, 1, 4),
    "concat": Cost(31, 1, 10),
    "as_max_len": Cost(31),
    "slice": Cost(38, 1, 9),
    "replace_at": Cost(31, 1, 9),
    "buff_to_int_be": Cost(31),
    "buff_to_int_le": Cost(31),
    "buff_to_uint_be": Cost(31),
    "buff_to_uint_le": Cost(31),
    "to_consensus_buff": Cost(38, 1, 9),
    "hash160": Cost(38, 1, 9),
    "sha256": Cost(38, 1, 9),
    "sha512": Cost(38, 1, 9),
    "sha512t256": Cost(38, 1, 9),
    "secp256k1recover": Cost(38),
    "secp256k1verify": Cost(38),
    "secp256k1decompress": Cost(39),
    "is_standard": Cost(31),
    "principal_destruct": Cost(32),
    "fetch_entry": Cost(44, read_count=1, read_length=_COUNTED),
    "set_entry": Cost(45, 3, 9, read_count=1, write_count=1, write_length=_COUNTED),
    "fetch_var": Cost(44, 2, 9, read_count=1, read_length=_COUNTED),
    "set_var": Cost(45, 4, 9, read_count=1, write_count=1, write_length=_COUNTED),
}

# What the simulator charges, at epoch 4.0 too: the table of epochs 3.x.
SIMULATOR: Final = Table(
    "costs of epochs 3.x (simulator)",
    MappingProxyType(_COSTS_3),
    constants_loaded=False,
    arguments_sanitized=False,
    traits_looked_up=True,
    maps_shortest=False,
)

# In force on mainnet since epoch 4.0.
MAINNET: Final = Table(
    "costs-5 (mainnet)",
    MappingProxyType(_COSTS_3 | _COSTS_5),
    constants_loaded=True,
    arguments_sanitized=True,
    traits_looked_up=False,
    maps_shortest=True,
)
