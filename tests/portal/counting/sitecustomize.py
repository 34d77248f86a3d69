"""Portal: what a test puts in front of a town's Python: every SQL statement that is sent for a
request whose id begins with `count-` becomes a line {request, database, sql} in `YUEKE_COUNT`.

The services run as they are: Python imports this file by itself from a folder of PYTHONPATH, before
the program, and the portal hands the id of its request on to the services it asks.
"""

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from structlog.contextvars import get_contextvars

if where := os.environ.get("YUEKE_COUNT"):

    @event.listens_for(Engine, "before_cursor_execute")
    def note(connection: Any, _: Any, sql: str, *__: Any) -> None:
        request = str(get_contextvars().get("request_id", ""))
        if request.startswith("count-"):
            database = Path(connection.engine.url.database or "").stem
            line = {"request": request, "database": database, "sql": sql[:2000]}
            with open(where, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
