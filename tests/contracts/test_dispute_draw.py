"""Who may be drawn: the exclusions, ten thousand times in a mirror of the draw that agrees with the VM on a sample."""

from __future__ import annotations

import random
from collections import Counter

from tests.contracts.disputes import JURY, ZONE, court, drawn, panel
from tests.contracts.settlement import DAY, ELECTRICITY, GATEWAY, WATER, Settlement, account, household
from tests.contracts.vm import Machine


def test_the_mirror_draws_what_the_contract_draws(machine: Machine, rng: random.Random) -> None:
    c = court(machine, rng, jurors=0)
    for _ in range(50):
        seed = (rng.randbytes(32), rng.randrange(2**64), rng.randrange(2), rng.randrange(32), rng.randrange(1, 5000))
        assert c.read("get-drawn", *seed) == drawn(*seed)


def test_whole_panels_are_the_mirror_s(machine: Machine, rng: random.Random) -> None:
    """Zone 1 disputes slot after slot and appeals. In the pool: all of zone 1, fifteen of zone 2 of whom one has left,
    and four of zone 3, whose water is none of zone 1's."""
    c = court(machine, rng, jurors=15)
    s = c.s
    for slot in range(4):
        c.join(ZONE, slot)
    s.empty_zone(3, 4, utility=WATER, first_block=700)
    s.settle({household(3, slot): [(3, slot)] for slot in range(4)})
    for _ in range(2):
        s.metered(rng, 3, [0] * 4)
    for slot in range(4):
        c.join(3, slot)
    s.together(s.registry, "move-out", JURY, 0)
    s.metered(rng, JURY, [0] * 16)

    size = c.read("get-pool-size")
    pool = [c.read("get-juror", index)["dwelling"] for index in range(size)]
    assert (size, len(set(pool))) == (23, 23)
    barred = {c.dwelling(c.who(*place)) for place in ((ZONE, 0), (ZONE, 1), (ZONE, 2), (ZONE, 3), (JURY, 0))}

    for slot in range(4):
        number = c.opened(slot)
        first = c.draw(number)
        header = _header(c.s, c.dispute(number)["draw-at"])
        assert first == panel(header, number, 0, pool, 3, barred)
        for dwelling in first[:2]:
            c.rule(number, dwelling, for_resident=True).ok()
        c.call("appeal", number, sender=c.who(ZONE, slot)).ok()
        seven = c.draw(number)
        header = _header(c.s, c.dispute(number)["draw-at"])
        assert seven == panel(header, number, 1, pool, 7, barred | set(first))
        assert not set(seven) & (barred | set(first))


def test_neither_a_party_that_lives_elsewhere_nor_who_has_moved_into_the_zone_sits(
    machine: Machine, rng: random.Random
) -> None:
    """The operator's own dwelling is a juror like any, but not in its own case; one that joined when it had only water
    has power in the disputed zone by now."""
    c = court(machine, rng, jurors=12)
    s = c.s
    before = c.who(JURY, 5)
    operator = c.dwelling(before)
    zone = s.read(s.registry, "get-zone", ZONE)
    assert before not in (zone["gateway"], zone["provider"])
    s.call(s.registry, "set-principal", operator, s.stranger, sender=before).ok()
    s.together(s.registry, "register-provider", s.stranger)
    fields = (4, GATEWAY, s.stranger, ELECTRICITY, 4, 900, 0, DAY, s.token, 0)
    s.together(s.registry, "register-zone", *fields)
    s.settle({household(4, slot): [(4, slot)] for slot in range(3)})
    s.empty_zone(3, 4, utility=WATER, first_block=700)
    s.settle({household(3, slot): [(3, slot)] for slot in range(2)})
    for _ in range(2):
        s.metered(rng, 3, [0] * 4)
    newcomer = c.dwelling(c.join(3, 0))
    s.together(s.registry, "assign-slot", newcomer, 4, 3)
    for _ in range(2):
        s.metered(rng, 4, [0] * 4)
    s.call(s.billing, "calculate-bills", 4, [], b"", s.proof, sender=s.stranger).ok()
    receipt = c.call(
        "open-dispute", 4, 0, 0, b"\x02" * 33, False, bytes(32), [], [], [], s.proof, sender=household(4, 0)
    )
    number = receipt.ok()
    sits = c.draw(number)
    header = _header(s, c.dispute(number)["draw-at"])
    pool = [c.read("get-juror", index)["dwelling"] for index in range(13)]
    assert sits == panel(header, number, 0, pool, 3, {operator, newcomer})


def test_in_ten_thousand_draws_nobody_sits_who_may_not(rng: random.Random) -> None:
    """Pools of 12 to 200, up to half of whom are barred. Everybody else is drawn about equally often."""
    short, seen = 0, Counter[int]()
    for number in range(10_000):
        pool = list(range(1, rng.randrange(24, 201)))
        barred = set(rng.sample(pool, len(pool) // 2 - 11))
        first = panel(rng.randbytes(32), number, 0, pool, 3, barred)
        seven = panel(rng.randbytes(32), number, 1, pool, 7, barred | set(first))
        for sits, size in ((first, 3), (seven, 7)):
            assert len(sits) == len(set(sits)) in (0, size)
            assert not set(sits) & barred
            assert set(sits) <= set(pool)
        assert not set(first) & set(seven)
        short += not first or not seven
    assert short < 100, "an assembly decides these"
    for number in range(10_000):
        seen.update(panel(rng.randbytes(32), number, 0, range(20), 3, {0}))
    assert 0 not in seen
    assert all(1400 < seen[juror] < 1760 for juror in range(1, 20)), "10,000 * 3 / 19 is 1,579"


def _header(s: Settlement, height: int) -> bytes:
    """The hash of a burn block, read by a contract of its own."""
    reader = account(f"reader of headers {height} {s.deployer}")
    contract = s.vm.deploy(
        "reader", reader, "(define-read-only (header (height uint)) (get-burn-block-info? header-hash height))"
    )
    found = s.read(contract, "header", height)
    assert isinstance(found, bytes)
    return found
