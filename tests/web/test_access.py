"""Who sees what: each route and role, another's data, headers, the log, hostile input."""

import asyncio
import logging

import pytest
from aiohttp import ClientSession, CookieJar, web

from appliance.store import portal
from tests.web.conftest import Running, Visitor
from tests.web.village import ELECTRICITY, FIRST_BLOCK, OFFSET_MINUTES, WATER, Card, block_of, card
from web.access import AUDIENCES, Audience
from web.amounts import amount
from web.locale import locale
from web.page import STYLE_PATH

SAY = locale("en").text

# Each route as one request: what a visitor, a resident and an agent get. A route missing here fails the test below.
# (status, path one arrives at)
MATRIX = {
    ("GET", STYLE_PATH): (STYLE_PATH, (200, STYLE_PATH), (200, STYLE_PATH), (200, STYLE_PATH)),
    ("GET", "/"): ("/", (200, "/"), (200, "/"), (200, "/")),
    ("GET", "/sign-in"): ("/sign-in", (200, "/sign-in"), (200, "/usage"), (200, "/agent")),
    ("POST", "/sign-in"): ("/sign-in", (400, "/sign-in"), (400, "/sign-in"), (400, "/sign-in")),
    ("GET", "/finished"): ("/finished", (200, "/finished"), (200, "/finished"), (200, "/finished")),
    ("POST", "/finish"): ("/finish", (200, "/sign-in"), (200, "/finished"), (200, "/finished")),
    ("GET", "/usage"): ("/usage", (200, "/sign-in"), (200, "/usage"), (404, "/usage")),
    ("GET", "/bills"): ("/bills", (200, "/sign-in"), (200, "/bills"), (404, "/bills")),
    ("GET", "/votes"): ("/votes", (200, "/sign-in"), (200, "/votes"), (404, "/votes")),
    ("POST", "/votes/{proposal}"): ("/votes/1", (200, "/sign-in"), (404, "/votes/1"), (404, "/votes/1")),
    ("GET", "/usage/{zone}/{first_block}"): (
        *("/usage/1/100", (200, "/sign-in")),
        *((200, "/usage/1/100"), (404, "/usage/1/100")),
    ),
    ("POST", "/usage/{zone}/{first_block}/check"): (
        *("/usage/1/100/check", (200, "/sign-in")),
        *((400, "/usage/1/100/check"), (404, "/usage/1/100/check")),
    ),
    ("GET", "/agent"): ("/agent", (200, "/sign-in"), (404, "/agent"), (200, "/agent")),
    ("POST", "/agent/check"): ("/agent/check", (200, "/sign-in"), (404, "/agent/check"), (400, "/agent/check")),
    ("POST", "/agent/sell"): ("/agent/sell", (200, "/sign-in"), (404, "/agent/sell"), (400, "/agent/sell")),
    ("GET", "/agent/sales/{request}"): (
        *("/agent/sales/1", (200, "/sign-in")),
        *((404, "/agent/sales/1"), (404, "/agent/sales/1")),
    ),
}


def private_texts(number: int) -> list[str]:
    """What only dwelling `number` may see: each day's usage, index, and commitment."""
    found = []
    for zone, unit in ((ELECTRICITY, "Wh"), (WATER, "L")):
        for block in range(FIRST_BLOCK, FIRST_BLOCK + 12):
            row = block_of(zone, number, block)
            found.append(row.commitment.hex())
            if unit == "Wh" and not row.missing:
                found += [f">{amount(row.usage, 'Wh')}<", f"from {amount(row.index_start, 'Wh')} to"]
    return found


def test_the_matrix_names_every_route(running: Running) -> None:
    audiences: dict[tuple[str, str], Audience] = running.app[AUDIENCES]
    routed = {
        (route.method, route.resource.canonical) for route in running.app.router.routes() if route.resource is not None
    }
    assert routed == set(audiences) == set(MATRIX)


@pytest.mark.parametrize("route", MATRIX)
async def test_visitor(visitor: Visitor, route: tuple[str, str]) -> None:
    path, expected, *_ = MATRIX[route]
    await visitor.get("/sign-in")
    seen = await visitor.get(path) if route[0] == "GET" else await visitor.post(path, {})
    assert (seen.status, seen.path) == expected
    for number in (7, 8):
        assert not [text for text in private_texts(number) if text in seen.text]


@pytest.mark.parametrize("route", MATRIX)
async def test_resident(resident: Visitor, route: tuple[str, str]) -> None:
    path, _, expected, _ = MATRIX[route]
    await resident.get("/usage")
    seen = await resident.get(path) if route[0] == "GET" else await resident.post(path, {})
    assert (seen.status, seen.path) == expected
    assert not [text for text in private_texts(8) if text in seen.text]


@pytest.mark.parametrize("route", MATRIX)
async def test_agent(seller: Visitor, route: tuple[str, str]) -> None:
    """No page of an agent's holds anything that only a home may see, and no resident's page is one of an agent's."""
    path, _, _, expected = MATRIX[route]
    await seller.get("/agent")
    seen = await seller.get(path) if route[0] == "GET" else await seller.post(path, {})
    assert (seen.status, seen.path) == expected
    for number in (7, 8):
        assert not [text for text in private_texts(number) if text in seen.text]


async def test_private_texts_do_show_to_their_own(resident: Visitor) -> None:
    """The two tests above search for something that exists."""
    shown = "".join([(await resident.get(f"/usage/{zone}/{b}")).text for zone in (1, 2) for b in (100, 104, 108)])
    missing = [text for text in private_texts(7) if not text.startswith(">") and text not in shown]
    assert missing == []


async def test_route_without_an_audience_is_seen_by_nobody(running: Running, resident: Visitor) -> None:
    async def leak(_request: web.Request) -> web.Response:
        return web.Response(text="leak")

    resource = running.app.router._resources
    running.app.router._frozen = False
    running.app.router.add_get("/leak", leak)
    assert resource[-1].canonical == "/leak"
    seen = await resident.get("/leak")
    assert seen.status == 404
    assert "leak" not in seen.text


async def test_a_zone_without_own_meter_is_no_page(running: Running, resident: Visitor) -> None:
    async with running.database.transaction() as tx:
        await portal.put_zone(tx, portal.Zone(3, "Lane C", "water", "L", 16, "ST1.c"))
        dwelling_id = await portal.put_dwelling(tx, "C-01", bytes(16), bytes(32))
        await portal.put_service(tx, portal.Service(3, 0, dwelling_id, 1))
        await portal.put_batch(tx, portal.Batch(3, 100, 101, 5, bytes(32), "final", "00" * 32, 1, checked=1))
    await resident.get("/usage")
    assert (await resident.get("/usage/3/100")).status == 404
    assert (await resident.post("/usage/3/100/check", {"proof_code": card(7).proof_code})).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/usage/1/101",
        "/usage/9/100",
        "/usage/1/-1",
        "/usage/x/100",
        "/usage/1/1e2",
        "/usage/1/" + "9" * 40,
        "/usage/²/1",
    ],
)
async def test_addresses_that_are_no_page(resident: Visitor, path: str) -> None:
    seen = await resident.get(path)
    assert seen.status == 404
    assert SAY("error.404_title") in seen.text


async def test_every_response_has_the_headers(running: Running, visitor: Visitor, resident: Visitor) -> None:
    for somebody in (visitor, resident):
        for path in ("/", "/sign-in", "/usage", "/usage/1/100", "/nowhere", "/finished", "/?lang=sw", STYLE_PATH):
            seen = await somebody.get(path, follow=False)
            policy = seen.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert seen.headers["X-Content-Type-Options"] == "nosniff"
            assert seen.headers["Referrer-Policy"] == "same-origin"
            assert seen.headers["Server"] == "mita"
            expected = "public, max-age=31536000, immutable" if path == STYLE_PATH else "no-store"
            assert seen.headers["Cache-Control"] == expected
            assert "<script" not in seen.text
            assert " style=" not in seen.text


async def test_cookies_are_strict(running: Running) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        somebody = Visitor(session, running.base)
        seen = await somebody.get("/sign-in", follow=False)
        cookies = [seen.headers["Set-Cookie"]]
        line = card(7).sign_in_line
        signed_in = await somebody.post("/sign-in", {"code": line}, follow=False)
        assert signed_in.headers["Location"] == "/usage"
        cookies.append(signed_in.headers["Set-Cookie"])
        cookies.append((await somebody.get("/?lang=sw", follow=False)).headers["Set-Cookie"])
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/" in cookie


async def test_log_has_no_codes_queries_or_addresses(
    running: Running, resident: Visitor, my_card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await resident.get("/usage?code=SECRETQUERY")
    await resident.post("/usage/1/100/check", {"proof_code": my_card.proof_code})
    await resident.post("/sign-in", {"code": my_card.sign_in_line})
    await resident.get("/SECRETPATH")
    lines = [record.getMessage() for record in caplog.records if record.name == "aiohttp.access"]
    assert any(line.startswith("POST /usage/{zone}/{first_block}/check 200 ") for line in lines)
    assert any(line.startswith("GET - 404 ") for line in lines)
    everything = caplog.text
    token = resident.cookies()["mita_session"]
    for secret in ("SECRET", my_card.proof_code, my_card.sign_in_code, token, resident.token, "127.0.0.1"):
        assert all(secret not in line for line in lines)
        assert secret == "127.0.0.1" or secret not in everything


async def test_codes_never_travel_in_an_address(resident: Visitor, my_card: Card) -> None:
    for path in ("/sign-in", "/usage", "/usage/1/100"):
        assert 'method="get"' not in (await resident.get(path)).text.lower()
    await resident.get("/usage/1/100")
    assert (await resident.get(f"/usage/1/100/check?proof_code={my_card.proof_code}")).status == 405


async def test_too_much(resident: Visitor) -> None:
    await resident.get("/usage")
    seen = await resident.post("/usage/1/100/check", {"proof_code": "A" * 5000})
    assert seen.status == 413
    assert SAY("error.413_title") in seen.text


async def test_other_body_types_are_refused(running: Running) -> None:
    async with ClientSession() as session:
        for body_type in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
            async with session.post(
                f"{running.base}/sign-in", data=b"{}", headers={"Content-Type": body_type}
            ) as response:
                assert response.status == 415
                assert SAY("error.415_title") in await response.text()


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_other_methods(running: Running, method: str) -> None:
    async with ClientSession() as session, session.request(method, f"{running.base}/") as response:
        assert response.status == 405


async def test_request_that_cannot_be_read(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aiohttp.access")
    host, port = running.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"SECRET NONSENSE\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b" 400 " in answer.split(b"\r\n")[0]
    lines = [record.getMessage() for record in caplog.records if record.name == "aiohttp.access"]
    assert lines
    assert all("SECRET" not in line for line in lines)


async def test_labels_and_names_are_text_not_markup(running: Running, visitor: Visitor, my_card: Card) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    async with running.database.transaction() as tx:
        await portal.put_place(tx, portal.Place(evil, OFFSET_MINUTES))
        await portal.put_zone(tx, portal.Zone(1, evil, "electricity", "Wh", 16, evil))
        salt, code_hash = await _hashed(my_card)
        dwelling_id = await portal.put_dwelling(tx, evil, salt, code_hash)
        await portal.put_service(tx, portal.Service(1, 6, dwelling_id, 1))
        await tx.run("UPDATE batch SET txid = ?", (evil,))
    seen = await visitor.sign_in(f"{evil} {my_card.sign_in_code}")
    assert seen.status == 400, "such a label is longer than what may be typed"
    async with running.database.transaction() as tx:
        await tx.run("UPDATE dwelling SET label = ? WHERE id = ?", ("<b>&\"'", dwelling_id))
    seen = await visitor.sign_in(f"<b>&\"' {my_card.sign_in_code}")
    assert seen.path == "/usage"
    for path in ("/", "/usage", "/usage/1/100"):
        text = (await visitor.get(path)).text
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert "&lt;b&gt;&amp;&#34;&#39;" in text
        assert "{{7*7}}" in text


async def _hashed(owner: Card) -> tuple[bytes, bytes]:
    salt = bytes(range(16))
    return salt, await portal.hash_code(owner.sign_in_code, salt)


async def test_audiences_are_what_they_say(running: Running) -> None:
    residents = {path for (_, path), audience in running.app[AUDIENCES].items() if audience is Audience.RESIDENT}
    own = {"/finish", "/usage", "/bills", "/usage/{zone}/{first_block}", "/usage/{zone}/{first_block}/check"}
    own |= {"/votes", "/votes/{proposal}"}
    assert residents == own - {"/finish"}
    sellers = {path for (_, path), audience in running.app[AUDIENCES].items() if audience is Audience.AGENT}
    assert sellers == {"/agent", "/agent/check", "/agent/sell", "/agent/sales/{request}"}
