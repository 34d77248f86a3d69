"""Portal: its migrations."""

from services.kit.migrate import run
from services.portal.models import Table

run("portal", Table)
