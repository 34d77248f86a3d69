"""Notify: its migrations."""

from services.kit.migrate import run
from services.notify.models import Table

run("notify", Table)
