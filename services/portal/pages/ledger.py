"""Portal: the ledger of fairness (公平账), lecturers and schools, in figures and sentences."""

from typing import Any

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages.desk_lists import number, wants_sheet
from services.portal.pages.frame import Page, pages

router = pages("/ledger", Role.SCHEDULER, Role.SUPERVISOR)

# What is counted, and from which difference on one says so.
CARRIED = {
    "lessons": ("课次", 1.0),
    "class_hours": ("学时", 4.0),
    "evenings": ("晚上", 1.0),
    "far": ("远途", 1.0),
    "short_notice": ("临时", 1.0),
}
SORTS = tuple(CARRIED)
FIRST = 30  # rows; the rest when asked for


@router.get("")
async def lecturers(page: Page) -> Response:
    """Most first, by the column the address names."""
    query = page.request.query_params
    year, pool, sort = asked_year(page), query.get("pool", ""), query.get("sort", "")
    by = sort if sort in SORTS else SORTS[0]
    found = await page.get("lecturer", "/ledger", year=year)
    averages = {one["pool"]: one for one in found["averages"]}
    rows = [
        {**one, "sentence": sentence(page, one, averages[one["pool"]])}
        for one in found["items"]
        if not pool or one["pool"] == pool
    ]
    rows.sort(key=lambda one: -one[by])
    if wants_sheet(page):
        return page.excel(page._("公平账"), sheet(page), rows)
    return await page.show(
        "ledger/lecturers.html",
        rows=rows if query.get("all") else rows[:FIRST],
        hidden=0 if query.get("all") else max(0, len(rows) - FIRST),
        averages=found["averages"],
        most={name: max([one[name] for one in rows], default=0) for name in SORTS},
        columns=[(name, page._(word)) for name, (word, _) in CARRIED.items()],
        sort=by,
        year=year,
        years=years(page),
        facts=found,
    )


@router.get("/schools")
async def schools(page: Page) -> Response:
    """The least served first."""
    year = asked_year(page)
    found = await page.get("booking", "/ledger", year=year)
    rows = [{**one, "share": share(one)} for one in found["items"]]
    rows.sort(key=lambda one: (one["share"] is None, one["share"] or 0, -one["asked"]))
    if wants_sheet(page):
        return page.excel(page._("公平账"), school_sheet(page), rows)
    return await page.show(
        "ledger/schools.html", rows=rows, average=found["average"], year=year, years=years(page)
    )


def asked_year(page: Page) -> int:
    wanted = number(page.request.query_params.get("year"))
    return wanted if isinstance(wanted, int) and 2000 <= wanted < 2200 else page.year


def years(page: Page) -> list[tuple[int, str]]:
    return [(year, str(year)) for year in range(page.year - 2, page.year + 2)]


def share(row: dict[str, Any]) -> int | None:
    """Of a hundred lessons asked for, how many are served; None when nothing was asked for."""
    return round(100 * row["served"] / row["asked"]) if row["asked"] else None


def sentence(page: Page, one: dict[str, Any], average: dict[str, Any]) -> str:
    """Where somebody stands beside the others of his pool."""
    parts = []
    for name, (word, least) in CARRIED.items():
        more = round(one[name] - average[name], 1)
        if abs(more) < least:
            continue
        text = page._("%(what)s多 %(n)s") if more > 0 else page._("%(what)s少 %(n)s")
        parts.append(text % {"what": page._(word), "n": f"{abs(more):g}"})
    if not parts:
        return page._("与本库平均相当")
    return page._("比本库平均：") + page._("，").join(parts)


def sheet(page: Page) -> list[Any]:
    return [
        (page._("编号"), "code"),
        (page._("讲师"), "name"),
        (page._("师资类别"), lambda row: page._.word("pool", row["pool"])),
        *((page._(word), name) for name, (word, _) in CARRIED.items()),
        (page._("说明"), "sentence"),
    ]


def school_sheet(page: Page) -> list[Any]:
    return [
        (page._("学校"), "school_name"),
        (page._("申请课次"), "asked"),
        (page._("已落实"), "served"),
        (page._("落实率（%）"), "share"),
        (page._("首选时间"), "first_choice"),
        (page._("平均等待（天）"), "waited_days"),
    ]
