"""The catalog: the menu of courses and the teaching sites."""

from services.catalog import desk_api, import_api
from services.catalog.api import router
from services.catalog.queries import ANSWERS, AUDITS
from services.kit.app import make_app

app = make_app(
    "catalog", [router, desk_api.router, import_api.router], answers=ANSWERS, audits=AUDITS
)
