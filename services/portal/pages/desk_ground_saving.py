"""Portal: changes of the ground are saved where they belong: a leave and a letter with the lecturer
service, a site with the catalog, days without lessons with booking."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.portal.pages.desk_lists import given
from services.portal.pages.desk_sites import NUMBERS, TEXTS
from services.portal.pages.frame import Page
from services.portal.pages.upstream import Refused

LONGEST = 40  # days blocked at once
Substitutes = dict[str, str | None]


async def leave(
    page: Page, lecturer_id: str, id: UUID, said: dict[str, Any], first: Substitutes | None = None
) -> None:
    """`said`: starts_at, ends_at, reason, force. `first`: by lesson, who is asked first."""
    body = {**said, "substitutes": first or {}}
    await page.put("lecturer", f"/lecturers/{lecturer_id}/leave/{id}", body)


async def letter(page: Page, letter_id: str, said: dict[str, Any], first: Substitutes) -> None:
    """A letter is valid no more. Said again after it was saved, it is saved."""
    try:
        body = {**said, "force": True, "substitutes": first}
        await page.post("lecturer", f"/appointments/{letter_id}/revoke", body)
    except Refused as refused:
        if refused.code != "appointment_revoked":
            raise


async def site(page: Page, site_id: str, first: str, last: str, reason: str) -> None:
    """Closed on these days only, or for good until it opens again. Said again after it was saved,
    it is saved."""
    now = await page.get("catalog", f"/sites/{site_id}")
    if not (first and last):
        if now["state"] != "closed":
            await page.post("catalog", f"/sites/{site_id}/close", {"reason": reason})
        return
    body = {name: now[name] for name in (*TEXTS, *NUMBERS, "lat", "lon", "needs_guide")}
    body |= given(owner_school_id=now["owner_school_id"])
    body["closed_on"] = sorted({*now["closed_on"], *days(first, last)})
    await page.put("catalog", f"/sites/{site_id}", body, if_match=now["version"])


async def days_out(page: Page, school_id: str, first: str, last: str, reason: str) -> None:
    """No lessons on these days: at one school, or at every school of the district."""
    between = days(first, last)
    schools = [school_id] if school_id else []
    if not schools:
        found = await page.get("booking", "/schools")
        schools = [school["id"] for school in found["items"]]
    for school in schools:
        for on in between:
            path = f"/schools/{UUID(school)}/blocked/{on}"
            await page.put("booking", path, {"reason": reason})


def days(first: str, last: str) -> list[str]:
    """Every day from the first to the last; 422 when that is none or too many."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise Refused(422, "period_invalid", {"most_days": LONGEST}) from error
    if not timedelta() <= end - begin < timedelta(days=LONGEST):
        raise Refused(422, "period_invalid", {"most_days": LONGEST})
    return [(begin + timedelta(days=n)).isoformat() for n in range((end - begin).days + 1)]
