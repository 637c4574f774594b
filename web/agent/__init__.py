"""An agent's own pages: selling credit for cash, its receipts, what is left of its float. Delete the folder and they
are gone."""

from web.access import Audience, Route
from web.agent.views import check, receipt, sales, sell

ROUTES = [
    Route("GET", "/agent", Audience.AGENT, sales),
    Route("POST", "/agent/check", Audience.AGENT, check),
    Route("POST", "/agent/sell", Audience.AGENT, sell),
    Route("GET", "/agent/sales/{request}", Audience.AGENT, receipt),
]
