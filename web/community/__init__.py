"""The page for everybody: the zones, their totals, and whether those are on chain. Delete the folder and it is gone."""

from web.access import Audience, Route
from web.community.views import community

ROUTES = [Route("GET", "/", Audience.EVERYBODY, community)]
