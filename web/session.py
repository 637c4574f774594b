"""Signing in and staying signed in: the code on the card, the cookie, the form token, and guessing made slow."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from aiohttp import web

from appliance.store import portal, sign_in
from appliance.store.database import Database
from appliance.store.sign_in import Agent, Credential
from circuits.code import CodeError
from web.access import AGENT, DWELLING

SESSION_COOKIE: Final = "mita_session"
FORM_COOKIE: Final = "mita_form"
CODE_CHARS: Final = 16
MAX_TYPED_CHARS: Final = 80

DATABASE: Final = web.AppKey("database", Database)
CLOCK: Final[web.AppKey[Callable[[], int]]] = web.AppKey("clock")
RANDOMNESS: Final[web.AppKey[Callable[[int], bytes]]] = web.AppKey("randomness")
_SESSION: Final = web.RequestKey("session", bytes)
_FORM_KEY: Final = web.RequestKey("form_key", bytes)


@dataclass(slots=True)
class Budget:
    """At most `size` tries at once, and one more each `seconds`."""

    size: int
    seconds: int
    _used: int = 0
    _since: int = 0

    def take(self, now: int) -> int:
        """0 and one try is used; or the seconds until there is one, never more than `seconds`."""
        returned = abs(now - self._since) // self.seconds
        if returned:
            self._used = max(0, self._used - returned)
            self._since = now
        if self._used >= self.size:
            return max(1, self.seconds - abs(now - self._since))
        self._used += 1
        return 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`agent`: not a dwelling."""

    token: bytes
    agent: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """`reason` is the last part of a key under [sign_in]; `wait` seconds, 0 when it may be tried again at once."""

    reason: Literal["error_empty", "error_shape", "error_wrong", "error_wait"]
    wait: int = 0


class SignInGate:
    """Checks codes of dwellings and agents. The delay grows by label and client, so a neighbour's failures slow the
    neighbour alone.

    The budgets bound the work of the whole portal. Clients that failed lately, and labels that do not exist, share one;
    everybody else draws on the other, so that guessing does not use up what a resident needs.
    """

    def __init__(self, database: Database, randomness: Callable[[int], bytes]) -> None:
        self._database = database
        self._randomness = randomness
        self._client_salt = randomness(16)
        self._fresh = Budget(20, 1)
        self._failing = Budget(10, 4)
        self._hashing = asyncio.Semaphore(1)  # 16 MiB each

    async def sign_in(self, typed: str, address: str, now: int) -> SignedIn | Refused:
        symbols = "".join(c for c in typed if c != "-" and not c.isspace())
        if not symbols:
            return Refused("error_empty")
        label, code = symbols[:-CODE_CHARS], symbols[-CODE_CHARS:]
        if not label or len(typed) > MAX_TYPED_CHARS:
            return Refused("error_shape")
        client = hashlib.blake2b(address.encode(), key=self._client_salt, digest_size=16).digest()
        credential = await sign_in.find_credential(self._database, label)
        guessing = credential is None or await sign_in.has_failed(self._database, client, now)
        if wait := (self._failing if guessing else self._fresh).take(now):
            return Refused("error_wait", wait)
        if credential is None:
            # The same work as for a label that exists.
            return await self._wrong(code, bytes(portal.SALT_BYTES))
        return await self._check(credential, code, client, now)

    async def _check(self, credential: Credential, code: str, client: bytes, now: int) -> SignedIn | Refused:
        who = credential.who
        async with self._database.transaction() as tx:
            if wait := await sign_in.begin_attempt(tx, who, client, now):
                return Refused("error_wait", wait)
        try:
            async with self._hashing:
                found = await portal.hash_code(code, credential.salt)
        except CodeError:
            return Refused("error_shape")
        if not hmac.compare_digest(found, credential.code_hash):
            return Refused("error_wrong")
        token = self._randomness(sign_in.TOKEN_BYTES)
        async with self._database.transaction() as tx:
            await sign_in.forget_attempts(tx, who, client)
            await sign_in.open_session(tx, token, who, now)
        return SignedIn(token, isinstance(who, Agent))

    async def _wrong(self, code: str, salt: bytes) -> Refused:
        try:
            async with self._hashing:
                await portal.hash_code(code, salt)
        except CodeError:
            return Refused("error_shape")
        return Refused("error_wrong")


GATE: Final = web.AppKey("gate", SignInGate)


async def identify(request: web.Request) -> None:
    """Puts the signed-in dwelling or agent, or the key of a visitor's forms, on the request."""
    token = _hex_cookie(request, SESSION_COOKIE, sign_in.TOKEN_BYTES)
    if token is not None:
        async with request.app[DATABASE].transaction() as tx:
            who = await sign_in.use_session(tx, token, request.app[CLOCK]())
        if who is not None:
            if isinstance(who, Agent):
                request[AGENT] = who
            else:
                request[DWELLING] = who
            request[_SESSION] = token
            return
    request[_FORM_KEY] = _hex_cookie(request, FORM_COOKIE, 16) or request.app[RANDOMNESS](16)


def form_token(request: web.Request) -> str:
    """What each form carries, derived from the session or the visitor's form cookie; useless without the cookie."""
    key = request.get(_SESSION) or request[_FORM_KEY]
    return hmac.digest(key, b"mita form", hashlib.sha256).hex()


async def check_form(request: web.Request) -> None:
    """Refuses a POST that did not come from a page of this portal: 403, 413 when too long, 415 when it is no form."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    sent = (await request.post()).get("token")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), form_token(request).encode()):
        raise web.HTTPForbidden


def keep_form_key(request: web.Request, response: web.Response) -> None:
    """For a page with a form that a visitor sees before signing in."""
    if _SESSION not in request:
        _set_cookie(request, response, FORM_COOKIE, request[_FORM_KEY].hex())


def begin(request: web.Request, response: web.Response, signed_in: SignedIn) -> None:
    _set_cookie(request, response, SESSION_COOKIE, signed_in.token.hex())
    response.del_cookie(FORM_COOKIE)


async def end(request: web.Request, response: web.Response) -> None:
    async with request.app[DATABASE].transaction() as tx:
        await sign_in.close_session(tx, request[_SESSION])
    response.del_cookie(SESSION_COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'


async def close_current(request: web.Request) -> None:
    """Before another sign-in replaces it."""
    if _SESSION in request:
        async with request.app[DATABASE].transaction() as tx:
            await sign_in.close_session(tx, request[_SESSION])


def _set_cookie(request: web.Request, response: web.Response, name: str, value: str) -> None:
    # Not always Secure: a box without a public name serves plain HTTP on the residents' Wi-Fi.
    response.set_cookie(name, value, httponly=True, samesite="Strict", secure=request.secure)


def _hex_cookie(request: web.Request, name: str, size: int) -> bytes | None:
    text = request.cookies.get(name, "")
    if len(text) != 2 * size or any(c not in "0123456789abcdef" for c in text):
        return None
    return bytes.fromhex(text)
