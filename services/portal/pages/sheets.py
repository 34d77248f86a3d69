"""Portal: lists as Excel files."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import Response

Column = tuple[str, str | Callable[[dict[str, Any]], Any]]
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 48


def answer(name: str, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> Response:
    """A download `name`.xlsx. Text stays text: what looks like a formula is not made one."""
    disposition = f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(name)}.xlsx"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(workbook(columns, rows), media_type=TYPE, headers=headers)


def workbook(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> bytes:
    import xlsxwriter  # when the first file is asked for: a start does not wait for it

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    widths = [len(title) * 2 for title, _ in columns]
    for place, (title, _) in enumerate(columns):
        sheet.write_string(0, place, title, bold)
    for line, row in enumerate(rows, 1):
        for place, (_, key) in enumerate(columns):
            value = key(row) if callable(key) else row.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(line, place, value)
                continue
            text = _text(value)
            sheet.write_string(line, place, text)
            widths[place] = max(widths[place], sum(2 if ord(c) > 255 else 1 for c in text))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(WIDEST, width + 2))
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return "、".join(str(one) for one in value)
    return str(value)
