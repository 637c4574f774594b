"""Signing in, staying signed in, finishing; and what guessing runs into."""

from collections.abc import Callable

import pytest
from aiohttp import ClientSession, CookieJar

from appliance.store import sign_in
from tests.web.conftest import Running, Visitor
from tests.web.village import Card, card
from web.locale import locale
from web.session import Budget, Refused, SignedIn, SignInGate

SAY = locale("en").text
WRONG = "A-07 0000-0000-0000-0000"


@pytest.mark.parametrize(
    "spell",
    [
        lambda line: line,
        lambda line: line.lower(),
        lambda line: line.replace("-", "").replace(" ", ""),
        lambda line: f"  {line.replace('-', ' - ')}\t",
        lambda line: line[:5] + line[5:].replace("0", "O").replace("1", "l"),
    ],
)
async def test_the_card_however_it_is_typed(visitor: Visitor, my_card: Card, spell: Callable[[str], str]) -> None:
    seen = await visitor.sign_in(spell(my_card.sign_in_line))
    assert (seen.status, seen.path) == (200, "/usage")
    assert SAY("base.signed_in", label="A-07") in seen.text


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("", 400, "error_empty"),
        (" - ", 400, "error_empty"),
        ("A-07", 400, "error_shape"),
        ("0000-0000-0000-0000", 400, "error_shape"),
        ("A-07 UUUU-0000-0000-0000", 400, "error_shape"),
        ("A-07 0000-0000-0000-00é0", 400, "error_shape"),
        ("Q-99 UUUU-0000-0000-0000", 400, "error_shape"),
        ("A" * 500, 400, "error_shape"),
        (WRONG, 403, "error_wrong"),
        ("Q-99 0000-0000-0000-0000", 403, "error_wrong"),
    ],
)
async def test_refused_in_words(visitor: Visitor, line: str, status: int, reason: str) -> None:
    seen = await visitor.sign_in(line)
    assert seen.status == status
    assert SAY(f"sign_in.{reason}") in seen.text
    assert '<a href="#code">' in seen.text
    assert 'aria-invalid="true"' in seen.text
    assert "<title>Error: " in seen.text
    assert "mita_session" not in visitor.cookies()
    assert (await visitor.get("/usage")).path == "/sign-in"
    if len(line) > 8:
        assert line not in seen.text


async def test_code_of_another_dwelling(visitor: Visitor) -> None:
    seen = await visitor.sign_in(f"A-07 {card(8).sign_in_code}")
    assert seen.status == 403
    assert SAY("sign_in.error_wrong") in seen.text


async def test_guessing_gets_slower_and_the_right_code_waits_too(
    running: Running, visitor: Visitor, my_card: Card
) -> None:
    for _ in range(3):
        assert (await visitor.sign_in(WRONG)).status == 403
    seen = await visitor.sign_in(my_card.sign_in_line)
    assert seen.status == 429
    assert SAY("sign_in.error_wait", seconds=2) in seen.text
    assert seen.headers["Retry-After"] == "2"
    running.clock.now += 2
    assert (await visitor.sign_in(my_card.sign_in_line)).path == "/usage"
    rows = await running.database.all("SELECT * FROM attempt")
    assert rows == []


async def test_a_neighbour_cannot_lock_somebody_out(running: Running, my_card: Card) -> None:
    gate = SignInGate(running.database, lambda n: bytes([n]) * n)
    now = running.clock.now
    outcomes = [await gate.sign_in(WRONG, "10.0.0.66", now + second) for second in range(40)]
    assert {type(outcome) for outcome in outcomes} == {Refused}
    assert Refused("error_wait", 2) in outcomes
    assert isinstance(await gate.sign_in(my_card.sign_in_line, "10.0.0.7", now + 40), SignedIn)
    assert isinstance(await gate.sign_in(my_card.sign_in_line, "10.0.0.66", now + 40), Refused)


async def test_budget_bounds_labels_that_do_not_exist(running: Running, my_card: Card) -> None:
    gate = SignInGate(running.database, lambda n: bytes([n]) * n)
    now = running.clock.now
    outcomes = [await gate.sign_in(f"Q-{i} 0000-0000-0000-0000", "10.0.0.66", now) for i in range(13)]
    assert outcomes[:10] == [Refused("error_wrong")] * 10
    assert outcomes[10:] == [Refused("error_wait", 4)] * 3
    assert isinstance(await gate.sign_in(my_card.sign_in_line, "10.0.0.7", now), SignedIn)


def test_budget_never_makes_one_wait_longer_than_a_turn() -> None:
    budget = Budget(2, 5)
    assert [budget.take(100), budget.take(100)] == [0, 0]
    for now in range(100, 104):
        assert 1 <= budget.take(now) <= 5
    assert budget.take(105) == 0
    assert budget.take(105) > 0
    assert budget.take(10) == 0  # a clock that is set back does not close the door


async def test_idle_visit_ends_and_says_so(running: Running, resident: Visitor) -> None:
    running.clock.now += sign_in.IDLE_SECONDS - 1
    assert (await resident.get("/usage")).path == "/usage"
    running.clock.now += sign_in.IDLE_SECONDS - 1
    assert (await resident.get("/usage")).path == "/usage"
    running.clock.now += sign_in.IDLE_SECONDS
    seen = await resident.get("/usage")
    assert seen.path == "/sign-in"
    assert SAY("sign_in.ended") in seen.text


async def test_finish_hides_and_the_old_cookie_is_worthless(resident: Visitor) -> None:
    await resident.get("/usage")
    cookies = resident.cookies()
    seen = await resident.post("/finish", {})
    assert (seen.status, seen.path) == (200, "/finished")
    assert "mita_session" not in resident.cookies()
    resident.set_cookies(cookies)
    assert (await resident.get("/usage")).path == "/sign-in"


async def test_finish_is_on_every_page_of_a_resident(resident: Visitor) -> None:
    for path in ("/", "/usage", "/usage/1/100", "/finished", "/nowhere"):
        text = (await resident.get(path)).text
        assert 'action="/finish"' in text, path
        assert SAY("base.finish") in text


async def test_each_sign_in_has_its_own_token_and_ends_the_one_before(resident: Visitor) -> None:
    first = resident.cookies()["mita_session"]
    await resident.get("/usage")
    seen = await resident.post("/sign-in", {"code": card(8).sign_in_line})
    assert seen.path == "/usage"
    assert SAY("base.signed_in", label="A-08") in seen.text
    assert resident.cookies()["mita_session"] != first
    resident.set_cookies({"mita_session": first})
    assert (await resident.get("/usage")).path == "/sign-in"


@pytest.mark.parametrize("token", ["", "zz", "00" * 32, "00" * 31, "é" * 64, "0" * 65, "A" * 64])
async def test_made_up_session(visitor: Visitor, token: str) -> None:
    seen = await visitor.get("/usage", {"Cookie": f"mita_session={token}"})
    assert seen.path == "/sign-in"


async def test_only_a_hash_of_the_session_is_stored(running: Running, resident: Visitor) -> None:
    token = bytes.fromhex(resident.cookies()["mita_session"])
    assert len(token) == 32
    stored = b"".join(path.read_bytes() for path in sorted(running.folder.iterdir()))
    assert token not in stored
    assert token.hex().encode() not in stored


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
async def test_form_from_elsewhere(resident: Visitor, my_card: Card, headers: dict[str, str]) -> None:
    await resident.get("/usage")
    for path, fields in (
        ("/finish", {}),
        ("/usage/1/100/check", {"proof_code": my_card.proof_code}),
        ("/sign-in", {"code": card(8).sign_in_line}),
    ):
        seen = await resident.post(path, fields, headers)
        assert seen.status == 403
        assert SAY("error.403_title") in seen.text
    assert SAY("base.signed_in", label="A-07") in (await resident.get("/usage")).text


async def test_form_without_the_right_token(running: Running, resident: Visitor, neighbour: Visitor) -> None:
    await neighbour.get("/usage")
    for token in ("", "0" * 64, "é", neighbour.token):
        resident.token = token
        assert (await resident.post("/finish", {})).status == 403
    assert (await resident.get("/usage")).path == "/usage"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        stranger = Visitor(session, running.base)
        stranger.token = neighbour.token
        assert (await stranger.post("/sign-in", {"code": card(7).sign_in_line})).status == 403


async def test_form_of_the_same_origin(resident: Visitor) -> None:
    await resident.get("/usage")
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": resident.base}
    assert (await resident.post("/finish", {}, headers)).path == "/finished"
