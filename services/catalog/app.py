"""The catalog: the menu of courses and the teaching sites."""

from services.catalog.api import router
from services.catalog.queries import ANSWERS, AUDITS
from services.kit.app import make_app

app = make_app("catalog", [router], answers=ANSWERS, audits=AUDITS)
