"""Catalog: its migrations."""

from services.catalog import search
from services.catalog.models import Table
from services.kit.migrate import run

run("catalog", Table, after=search.create, besides=search.INDEX)
