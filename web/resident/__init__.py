"""A dwelling's own pages: signing in and out, its usage, and checking it. Delete the folder and they are gone."""

from web.access import Audience, Route
from web.resident.bills import bills
from web.resident.sign_in import finish, finished, sign_in, sign_in_form
from web.resident.views import batch, check, usage
from web.resident.votes import choose, proposals

ROUTES = [
    Route("GET", "/sign-in", Audience.EVERYBODY, sign_in_form),
    Route("POST", "/sign-in", Audience.EVERYBODY, sign_in),
    Route("GET", "/finished", Audience.EVERYBODY, finished),
    Route("POST", "/finish", Audience.SIGNED_IN, finish),
    Route("GET", "/usage", Audience.RESIDENT, usage),
    Route("GET", "/bills", Audience.RESIDENT, bills),
    Route("GET", "/votes", Audience.RESIDENT, proposals),
    Route("POST", "/votes/{proposal}", Audience.RESIDENT, choose),
    Route("GET", "/usage/{zone}/{first_block}", Audience.RESIDENT, batch),
    Route("POST", "/usage/{zone}/{first_block}/check", Audience.RESIDENT, check),
]
