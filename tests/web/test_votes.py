"""A home's vote: proposals in words, a choice that only the core learns, and that no page shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.store import portal, votes
from appliance.store.votes import ShownBand, ShownProposal
from tests.web.conftest import Running, Visitor
from tests.web.test_bills import PLACE, plain
from web.locale import locale

SAY = locale("en").text
BANDS = (ShownBand(0, 900), ShownBand(4000, 1400))
RATES = ShownProposal(
    *(1, "tariff", None, None, None, None, "electricity", 5, 40_000, BANDS, 900_200, None, 0, 16, "open"),
)
SETTING = replace(
    RATES, id=2, kind="parameter", name="quorum-pct", number=30, utility=None, from_period=None, charge=None, bands=()
)


async def put(running: Running, *proposals: ShownProposal) -> None:
    async with running.database.transaction() as tx:
        await portal.put_place(tx, PLACE)
        for proposal in proposals:
            await votes.put_proposal(tx, proposal)


async def test_a_proposal_is_in_words(running: Running, resident: Visitor) -> None:
    await put(running, RATES, SETTING)
    page = plain((await resident.get("/votes")).text)
    assert "New prices for Electricity from period 5 on" in page
    assert "Being connected: 0.40 KES a day" in page
    assert "9.00 KES/kWh from the first on" in page
    assert "14.00 KES/kWh for what is used above 4.000 kWh a day" in page
    assert "The setting quorum-pct becomes 30" in page
    assert page.index("quorum-pct") < page.index("Electricity from period")
    assert "You can choose until block 900200" in page


@pytest.mark.parametrize(
    ("proposal", "words"),
    [
        (replace(SETTING, kind="role", name=None, number=1, who="ST1", holds=True), "ST1 gets role 1"),
        (replace(SETTING, kind="role", name=None, number=1, who="ST1", holds=False), "ST1 loses role 1"),
        (replace(SETTING, kind="token", name=None, who="ST1.x"), "Payments may be made in ST1.x, each worth 30 units"),
        (replace(SETTING, kind="contract", number=None, who="ST1.y"), "quorum-pct is replaced by ST1.y"),
        (replace(SETTING, kind="pause-off", name=None, number=None), "The pause of payments ends"),
        (replace(RATES, utility=None), "New prices for ? from period 5 on"),
        (replace(SETTING, state="closed"), "They are being counted."),
        (replace(SETTING, state="passed", ready=77, voted=9), "done when block 77 of the Bitcoin chain is there."),
        (replace(SETTING, state="refused", ready=77, voted=9), "9 of 16 homes voted."),
        (replace(SETTING, state="done", ready=77), "Decided: yes, and done."),
        (replace(SETTING, state="lapsed"), "It came to nothing in time."),
    ],
)
async def test_every_kind_and_state_has_words(
    running: Running, resident: Visitor, proposal: ShownProposal, words: str
) -> None:
    await put(running, proposal)
    assert words in plain((await resident.get("/votes")).text)


async def test_a_choice_is_a_numbered_request_and_a_later_one_replaces_it(running: Running, resident: Visitor) -> None:
    await put(running, RATES)
    await resident.get("/votes")
    for choice in ("yes", "no"):
        seen = await resident.post("/votes/1", {"choice": choice})
        assert (seen.status, seen.path) == (200, "/votes")
        assert SAY("votes.answer_waiting") in plain(seen.text)
    (request,) = await votes.waiting(running.database)
    assert (request.number, request.label, request.proposal, request.choice) == (2, "A-07", 1, "no")
    assert "choice" not in repr(request)


async def test_an_answered_choice_is_forgotten_and_shown_to_nobody(
    running: Running, resident: Visitor, neighbour: Visitor
) -> None:
    await put(running, RATES)
    before = (await resident.get("/votes")).text
    await resident.post("/votes/1", {"choice": "yes"})
    (request,) = await votes.waiting(running.database)
    async with running.database.transaction() as tx:
        await votes.answer(tx, request, "taken")
    assert await running.database.all("SELECT choice, answer FROM choice") == [(None, "taken")]
    taken = plain((await resident.get("/votes")).text)
    assert SAY("votes.answer_taken") in taken
    assert taken.replace(SAY("votes.answer_taken"), "").split() == plain(before).split(), "the same for yes and for no"
    assert SAY("votes.answer_taken") not in plain((await neighbour.get("/votes")).text)


async def test_an_answer_to_an_older_choice_does_not_touch_the_newer_one(running: Running, resident: Visitor) -> None:
    await put(running, RATES)
    await resident.get("/votes")
    await resident.post("/votes/1", {"choice": "yes"})
    (first,) = await votes.waiting(running.database)
    await resident.post("/votes/1", {"choice": "no"})
    async with running.database.transaction() as tx:
        await votes.answer(tx, first, "taken")
    (second,) = await votes.waiting(running.database)
    assert second.choice == "no"


@pytest.mark.parametrize("path", ["/votes/1", "/votes/3", "/votes/x", "/votes/-1", "/votes/9999999999999999"])
async def test_only_open_proposals_are_voted_on(running: Running, resident: Visitor, path: str) -> None:
    await put(running, replace(RATES, state="closed"))
    await resident.get("/votes")
    assert (await resident.post(path, {"choice": "yes"})).status == 404
    assert await votes.waiting(running.database) == []


@pytest.mark.parametrize("choice", ["", "maybe", "YES"])
async def test_a_choice_is_yes_or_no(running: Running, resident: Visitor, choice: str) -> None:
    await put(running, RATES)
    await resident.get("/votes")
    assert (await resident.post("/votes/1", {"choice": choice})).status == 400
    assert await votes.waiting(running.database) == []


async def test_a_visitor_votes_on_nothing(running: Running, visitor: Visitor) -> None:
    await put(running, RATES)
    assert (await visitor.post("/votes/1", {"choice": "yes"})).path == "/sign-in"
    assert await votes.waiting(running.database) == []
