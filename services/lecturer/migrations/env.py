"""Lecturer: migrations, against its own database."""

from services.kit.migrate import run
from services.lecturer.models import GUARD, Table

run("lecturer", Table, [GUARD])
