"""What cannot be read is refused in plain words; what we did wrong is said so; the log quotes neither."""

import asyncio
import hashlib
import hmac
import logging
import re

import pytest
from aiohttp import web

from tests.web.conftest import Running, Visitor
from web.failures import hush
from web.locale import locale

SAY = locale("en").text
SECRET = "SECRETWORD"
FORM_KEY = "5e" * 16
TOKEN = hmac.digest(bytes.fromhex(FORM_KEY), b"mita form", hashlib.sha256).hex()
FORM = "application/x-www-form-urlencoded"
GOOD = f"token={TOKEN}&code={SECRET}".encode()
ACCESS = re.compile(r"(-|GET|POST) (-|/[a-z_/{}-]*) \d{3} \d+")


def post(body: bytes = GOOD, body_type: str = FORM, length: int | None = None, extra: bytes = b"") -> bytes:
    head = (
        f"POST /sign-in HTTP/1.1\r\nHost: box\r\nCookie: mita_form={FORM_KEY}\r\nContent-Type: {body_type}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n"
    )
    return head.encode() + extra + b"\r\n" + body


def get(target: bytes = b"/", extra: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: box\r\nConnection: close\r\n" + extra + b"\r\n"


CHUNKED = post().replace(b"Content-Length: %d" % len(GOOD), b"Transfer-Encoding: chunked").replace(GOOD, b"")

UNREADABLE = {
    "unknown charset": post(body_type=f"{FORM}; charset={SECRET}"),
    "charset that is no charset": post(body_type=f"{FORM}; charset=base64"),
    "charset of names": post(body_type=f"{FORM}; charset=idna"),
    "charset of half characters": post(b"token=+2AA-&code=+2AA-", f"{FORM}; charset=utf-7"),
    "body not UTF-8": post(b"\xff\xfe" + GOOD),
    "gzip that is none": post(b"\x1f\x8b" + GOOD, extra=b"Content-Encoding: gzip\r\n"),
    "unknown coding": post(extra=b"Content-Encoding: %s\r\n" % SECRET.encode()),
    "origin without end": post(extra=b"Origin: http://[%s\r\n" % SECRET.encode()),
    "origin that is no address": post(extra=b"Origin: http://[::g]%s/\r\n" % SECRET.encode()),
    "chunk without a size": CHUNKED + SECRET.encode() + b"\r\n",
    "two lengths": post(extra=b"Content-Length: 3\r\n"),
    "length in words": get(extra=b"Content-Length: %s\r\n" % SECRET.encode()),
    "header without a colon": get(extra=b"X %s\r\n" % SECRET.encode()),
    "control character in a header": get(extra=b"X: %s\x00\r\n" % SECRET.encode()),
    "header without end": get(extra=b"X: %s\r\n" % (SECRET.encode() * 2000)),
    "no request at all": f"{SECRET}\r\n\r\n".encode(),
    "unknown method": f"{SECRET} / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n".encode(),
    "unknown version": f"GET / HTTP/{SECRET}\r\n\r\n".encode(),
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECRET.encode() + b"\r\n\r\n",
    "address without end": get(b"http://[" + SECRET.encode()),
    "port in words": get(b"http://box:" + SECRET.encode() + b"/"),
    "expectation": get(extra=b"Expect: %s\r\n" % SECRET.encode()),
}

# Odd, and still readable: the status it gets.
ODD = {
    "cookies of any bytes": (get(extra=b"Cookie: \xff\xfe=\xff; mita_session=\xff\xfe; mita_form=\xff; ;=\r\n"), 200),
    "cookie of half a character": (get(extra=b"Cookie: mita_language=\xed\xa0\x80\r\n"), 200),
    "cookie with an illegal name": (get(extra=b"Cookie: a(%s)=b; mita_language=sw\r\n" % SECRET.encode()), 200),
    "languages of any bytes": (get(extra=b"Accept-Language: \xff\xfe;q=\xff, sw;q=nan, en;q=1e999\r\n"), 200),
    "coding of any bytes": (get(extra=b"Accept-Encoding: \xff\xfe\r\n"), 200),
    "host of any bytes": (get(extra=b"X-Forwarded-Host: \xff\xfe\r\n").replace(b"box", b"\xff[:"), 200),
    "query of any bytes": (get(b"/?lang=%FF%FE&%00=%ED%A0%80&lang"), 200),
    "path of any bytes": (get(b"/usage/%FF%FE/%00"), 303),
    "bytes in the path": (get(b"/\xff\xfe" + SECRET.encode()), 400),
    "origin of any bytes": (post(extra=b"Origin: http://\xff\xfe\r\n"), 403),
    "form type of any bytes": (post(body_type="\xff\xfe" + SECRET), 415),
    "escapes that are no UTF-8": (post(f"token={TOKEN}&code=%FF%FE%ED%A0%80".encode()), 400),
    "token that is no ASCII": (post("token=\u00fc\u0000".encode()), 403),
    "many fields": (post(b"&".join(b"a=" for _ in range(1200))), 413),
    "upgrade": (get(extra=b"Upgrade: websocket\r\nConnection: upgrade\r\n"), 200),
}


async def ask(running: Running, sent: bytes) -> tuple[int, str, str]:
    """Status, head, body. Bodies are never compressed here: nothing asks for it."""
    host, port = running.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        head, _, body = (await asyncio.wait_for(reader.read(), 30)).decode().partition("\r\n\r\n")
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return int(head.split()[1]), head, body


def lines_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if not record.name.startswith(("asyncio", "aiosqlite"))]


@pytest.mark.parametrize("case", UNREADABLE)
async def test_unreadable(running: Running, case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    status, head, body = await ask(running, UNREADABLE[case])
    assert status in ((400,) if case != "unknown method" else (400, 405))
    assert SAY("error.400_title") in body
    assert SECRET not in head + body
    for header in ("Content-Security-Policy: default-src 'none'", "Cache-Control: no-store", "Server: mita"):
        assert header in head
    assert_only_access_lines(caplog)


@pytest.mark.parametrize("case", ODD)
async def test_odd(running: Running, case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent, expected = ODD[case]
    status, head, body = await ask(running, sent)
    assert status == expected
    assert SECRET not in head + body
    assert_only_access_lines(caplog)


def assert_only_access_lines(caplog: pytest.LogCaptureFixture) -> None:
    records = lines_of(caplog)
    assert records, "the log was listened to"
    for record in records:
        assert record.name == "aiohttp.access"
        assert ACCESS.fullmatch(record.getMessage())
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in "".join(record.getMessage() for record in caplog.records)
    assert "Traceback" not in caplog.text


async def test_half_a_body_and_gone(running: Running, visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    host, port = running.base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(post(length=len(GOOD) + 1))
    await writer.drain()
    assert (await visitor.get("/")).status == 200, "the portal has seen the other one by now"
    writer.transport.abort()
    for _ in range(3):
        assert (await visitor.get("/")).status == 200
    assert_only_access_lines(caplog)


async def test_our_own_fault(running: Running, visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await running.change("DROP TABLE place")
    seen = await visitor.get(f"/?code={SECRET}", {"X-Code": SECRET, "Accept-Language": "sw", "Accept": "text/html"})
    assert seen.status == 500
    assert locale("sw").text("error.500_title") in seen.text
    assert seen.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "place" not in seen.text
    ours = [record for record in lines_of(caplog) if record.name != "aiohttp.access"]
    assert [record.name for record in ours] == ["mita.portal"]
    assert re.fullmatch(r"OperationalError in [a-z._]+, line \d+, route /", ours[0].getMessage())
    assert ours[0].exc_info is None
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in ours[0].getMessage()
    assert (await visitor.get("/sign-in")).status == 200


async def test_a_fault_whose_message_quotes_the_request(
    running: Running, visitor: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(request: web.Request) -> None:
        raise TimeoutError(f"{request.remote} sent {request.query_string}")

    monkeypatch.setattr("web.server.identify", fail)
    seen = await visitor.get(f"/?code={SECRET}")
    assert seen.status == 500
    assert SAY("error.500_title") in seen.text
    assert f"TimeoutError in {__name__}, line {fail.__code__.co_firstlineno + 1}, route /" in caplog.messages
    assert SECRET not in seen.text + caplog.text
    assert "127.0.0.1" not in "".join(caplog.messages)


@pytest.mark.parametrize("name", ["aiohttp.server", "aiohttp.web"])
def test_loggers_of_aiohttp_cannot_quote(name: str, caplog: pytest.LogCaptureFixture) -> None:
    hush()
    hush()
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger(name)
    logger.error("Error handling request from %s", SECRET)
    logger.debug(SECRET)
    logger.error("Error handling request from %s", SECRET, exc_info=ConnectionResetError(SECRET))
    assert caplog.text == ""
    try:
        int(SECRET)
    except ValueError:
        logger.exception("Unhandled exception %s", SECRET, stack_info=True)
    assert SECRET not in caplog.text
    assert re.fullmatch(rf"ValueError in {re.escape(__name__)}, line \d+", caplog.messages[0])
    assert len(caplog.text.splitlines()) == 1


def test_cookies_are_not_quoted_even_when_debugging(caplog: pytest.LogCaptureFixture) -> None:
    hush()
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("aiohttp.internal")
    logger.debug("Cannot load cookie. Illegal cookie name: %r", SECRET)
    logger.warning("kept")
    assert caplog.messages == ["kept"]


@pytest.mark.parametrize("target", ["//elsewhere.example/?lang=sw", "http://x//elsewhere.example/?lang=sw"])
async def test_a_language_link_leads_nowhere_else(running: Running, target: str) -> None:
    status, head, _ = await ask(running, get(target.encode()))
    assert status == 404
    assert "elsewhere" not in head
