"""Mainnet's table has no simulator to compare with: worked examples, added up by hand from the published rules."""

from __future__ import annotations

from fractions import Fraction

import pytest

from appliance.chain.clarity import Buffer, List, UInt, Value
from contracts.costs.chain import Chain, Costs, Outcome, fee_scalar, worst_share
from contracts.costs.tables import LIMITS, MAINNET, SIMULATOR, Cost, Table
from tests.contracts.settlement import account

OWNER = account("owner of tables")


def run(table: Table, source: str, *args: Value) -> tuple[Outcome, int]:
    """The outcome of f, and its runtime without loading the contract and without entering f."""
    chain = Chain(table)
    outcome = chain.call(chain.deploy("c", source, OWNER), "f", list(args), OWNER)
    sizes = {UInt: 16, Buffer: 4}
    entering = 5 + sum(
        26 + 2 * (sizes[type(arg)] + (len(arg.data) if isinstance(arg, Buffer) else 0)) + 5 for arg in args
    )
    return outcome, outcome.runtime - (outcome.read_length - 1) - 80 - entering


# per name: 1 for depth 0 and 2 * 16 + 1 for the uint; per native 16 for looking it up
@pytest.mark.parametrize(
    ("body", "old", "new"),
    [
        ("(+ a b)", 16 + 2 * 34 + 125 + 2 * 11, 16 + 2 * 34 + 31),
        ("(* a b)", 16 + 2 * 34 + 125 + 2 * 13, 16 + 2 * 34 + 31),
        ("(- b a)", 16 + 2 * 34 + 125 + 2 * 11, 16 + 2 * 34 + 32),
        ("(mod a u2)", 16 + 34 + 141, 16 + 34 + 31),
        ("(< a b)", 16 + 2 + 128 + 7 * 16, 16 + 2 + 38),
        ("(is-eq a b)", 16 + 2 * 34 + 151 + 7 * 34, 16 + 2 * 34 + 38),
        ("(if (< a b) a b)", 16 + 168 + 16 + 2 + 128 + 112 + 34, 16 + 168 + 16 + 2 + 38 + 34),
        # both names are looked up one level down
        ("(let ((c a)) c)", 16 + 178 + 117 + 2 * (2 + 33), 16 + 32 + 2 * (2 + 33)),
        # three fields: n log2 n is 3 in the old table, n >> 2 is 0 in the new
        ("(get x {x: a, y: b, z: u1})", 32 + 68 + 1876 + 10 * 3 + 1736 + 4 * 3, 32 + 68 + 31 + 32),
        ("(fold + (list a b) u0)", 16 + 460 + 16 + 16 + 68 + 164 + 14 * 32 + 2 * 147, 16 + 32 + 32 + 68 + 33 + 2 * 31),
    ],
)
def test_small_bodies(body: str, old: int, new: int) -> None:
    source = f"(define-read-only (f (a uint) (b uint)) {body})"
    for table, runtime in ((SIMULATOR, old), (MAINNET, new)):
        assert run(table, source, UInt(7), UInt(9))[1] == runtime


def test_keys_and_hashes() -> None:
    """A buffer of 32 is 73 to take and 37 bytes encoded."""
    source = "(define-read-only (f (a (buff 32)) (b (buff 65))) (secp256k1-recover? (sha256 a) b))"
    args = Buffer(bytes(32)), Buffer(bytes(65))
    assert run(SIMULATOR, source, *args)[1] == 16 + 8655 + 16 + 1 + 73 + 100 + 37 + 1
    assert run(MAINNET, source, *args)[1] == 16 + 38 + 16 + 1 + 73 + 38 + 1
    long = "(define-read-only (f (a (buff 1100))) (sha256 a))"
    assert run(MAINNET, long, Buffer(bytes(1100)))[1] == 16 + 1 + 2 * 1104 + 1 + 38 + 2  # 1105 >> 9


def test_storage() -> None:
    source = "(define-map m uint (buff 600)) (define-public (f (a (buff 600))) (ok (map-set m u1 a)))"
    for table, runtime in (
        (SIMULATOR, 16 + 199 + 16 + 1209 + 1 + 1899 + 4 * 623),
        (MAINNET, 16 + 31 + 16 + 1209 + 1 + 48),
    ):
        outcome, body = run(table, source, Buffer(bytes(600)))
        assert body == runtime
        # key 17, and some of 605
        assert (outcome.write_count, outcome.write_length) == (1, 17 + 1 + 605 + 1)
        assert outcome.read_count == 3 + 1


def test_constants_weigh_on_mainnet() -> None:
    """A buffer of 4 is 8, a tuple of two uints 46."""
    source = "(define-constant A 0x00112233) (define-constant B {h: u1, l: u2}) (define-read-only (f) true)"
    assert run(SIMULATOR, source)[0].read_length == len(source) + 1
    assert run(MAINNET, source)[0].read_length == len(source) + 8 + 46 + 1


def test_arguments_have_their_own_size_on_mainnet() -> None:
    """Two short buffers in a list declared of (buff 33): 2 * 37 + 10 declared, 2 * 6 + 10 held."""
    source = "(define-read-only (f (a (list 9 (buff 33)))) (len a))"
    chains = [Chain(table) for table in (SIMULATOR, MAINNET)]
    words = List((Buffer(b"a"), Buffer(b"bc")))
    old, new = (chain.call(chain.deploy("c", source, OWNER), "f", [words], OWNER).runtime for chain in chains)
    entering = len(source) + 80 + 5 + 26 + 2 * 22 + 5
    assert old == entering + 16 + 1 + 2 * 84 + 1 + 429
    assert new == entering + 16 + 1 + 2 * 22 + 1 + 31


def test_every_cost_of_mainnet_is_at_most_the_old() -> None:
    assert MAINNET.costs.keys() == SIMULATOR.costs.keys()
    for name, old in SIMULATOR.costs.items():
        new = MAINNET.costs[name]
        for n in (1, 2, 3, 16, 64, 1000):
            assert new.runtime(n) <= old.runtime(n), name
        assert (new.read_count, new.read_length) == (old.read_count, old.read_length)
        assert (new.write_count, new.write_length) == (old.write_count, old.write_length)


PUBLISHED = {
    31: "mod int_cast buff_to_int_be buff_to_int_le "
    "pow sqrti log2 not bitwise_not bitwise_left_shift bitwise_right_shift "
    "buff_to_uint_be buff_to_uint_le "
    "as_max_len len element_at some_cons ok_cons err_cons match unwrap unwrap_err unwrap_ret unwrap_err_or_ret try_ret "
    "default_to is_okay is_err is_some is_none is_standard",
    32: "principal_destruct",
    38: "secp256k1recover secp256k1verify",
    39: "secp256k1decompress",
}
GROWING = {  # name: (n, what it costs there), two points each
    "add mul bitwise_and bitwise_or xor and or begin list_cons append": ((15, 31), (160, 41)),
    "sub div": ((31, 32), (64, 34)),
    "geq leq le ge": ((255, 38), (512, 40)),
    "eq slice index_of sha256 sha512 sha512t256 hash160 to_consensus_buff": ((511, 38), (1024, 40)),
    "print replace_at": ((511, 31), (1024, 33)),
    "concat": ((1023, 31), (2048, 33)),
    "let fold": ((7, 32), (16, 34)),
    "map filter tuple_get tuple_merge": ((3, 32), (8, 34)),
    "tuple_cons": ((3, 31), (8, 33)),
    "fetch_entry": ((1, 44), (99_999, 44)),
    "set_entry": ((511, 45), (1024, 51)),
    "fetch_var": ((511, 44), (1024, 48)),
    "set_var": ((511, 45), (1024, 53)),
}
UNCHANGED = (
    "if asserts contract_call contract_of load_contract lookup_function lookup_variable_depth lookup_variable_size "
    "inner_type_check_cost user_function_application "
    "ft_mint ft_burn ft_transfer ft_balance ft_get_supply burn_block_info restrict_assets as_contract_safe"
)


def test_mainnet_charges_what_is_published() -> None:
    """Written down a second time, by what each costs; together they are the whole table."""
    seen: list[str] = UNCHANGED.split()
    for name in seen:
        assert MAINNET.costs[name] == SIMULATOR.costs[name]
    for runtime, names in PUBLISHED.items():
        seen += names.split()
        assert {MAINNET.costs[name].runtime(n) for name in names.split() for n in (1, 1000)} == {runtime}
    for group, points in GROWING.items():
        seen += group.split()
        for n, runtime in points:
            assert {name: MAINNET.costs[name].runtime(n) for name in group.split()} == dict.fromkeys(
                group.split(), runtime
            )
    assert sorted(seen) == sorted(MAINNET.costs)


def test_tokens_cost_what_is_published_for_both_tables() -> None:
    """Whatever their input: runtime, reads, bytes read, writes, bytes written. Allowances: 125 for each."""
    for names, costs in (
        ("ft_mint", (1479, 2, 1, 2, 1)),
        ("ft_burn ft_transfer", (549, 2, 1, 2, 1)),
        ("ft_balance", (479, 1, 1, 0, 0)),
        ("ft_get_supply", (420, 1, 1, 0, 0)),
        ("burn_block_info", (96_479, 1, 1, 0, 0)),
    ):
        for name in names.split():
            cost = MAINNET.costs[name]
            lengths = cost.read_length.at(9), cost.write_length.at(9)
            assert (cost.runtime(9), cost.read_count, lengths[0], cost.write_count, lengths[1]) == costs
    for name, base in (("restrict_assets", 750), ("as_contract_safe", 888)):
        assert [MAINNET.costs[name].runtime(n) for n in (0, 1, 2)] == [base, base + 125, base + 250]


def test_the_shapes_of_formulas() -> None:
    assert [Cost(5, 2).runtime(n) for n in (0, 1, 7)] == [5, 7, 19]
    assert [Cost(31, 1, 4).runtime(n) for n in (15, 16, 40)] == [31, 32, 33]
    assert [Cost(1736, 4, log=True).runtime(n) for n in (1, 2, 3, 4, 9)] == [1736, 1744, 1748, 1768, 1844]


def test_fee_scalar_and_worst_share() -> None:
    nothing = Costs(0, 0, 0, 0, 0)
    assert fee_scalar(nothing, 0) == 0
    assert fee_scalar(nothing, LIMITS.block_bytes) == 10_000
    assert fee_scalar(Costs(5_000_000, 3, 20_000, 15, 1500), 2097) == 10 + 1 + 1 + 10 + 1 + Fraction(
        20_970_000, 2097152
    )
    whole = Costs(5_000_000_000, 30_000, 200_000_000, 15_000, 15_000_000)
    assert fee_scalar(whole, 0) == 50_000
    assert worst_share(Costs(50_000_000, 30, 1, 150, 1)) == ("runtime", Fraction(1, 100))
    assert worst_share(Costs(50_000_000, 30, 1, 151, 1)) == ("write_count", Fraction(151, 15_000))
    # one transaction byte weighs as much as 2384 units of runtime
    assert 2384 < fee_scalar(nothing, 1) / fee_scalar(Costs(1, 0, 0, 0, 0), 0) < 2385
