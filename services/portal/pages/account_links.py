"""Portal: the addresses that stand in messages, for whoever opens them."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from services.kit.auth import Role
from services.portal.pages import menu
from services.portal.pages.frame import Page, pages

router = pages("")

# Where each role looks at a thing of this kind; `{id}` is its own.
PLACES: dict[str, dict[Role, str]] = {
    "orders": {Role.TOWNSHIP: "/clerk/letters/{id}", Role.SCHEDULER: "/desk/review/{id}"},
    "lessons": {
        Role.TOWNSHIP: "/clerk/letters",
        Role.SCHEDULER: "/desk/lessons/{id}",
        Role.LECTURER: "/phone/agenda",
        Role.SUPERVISOR: "/supervisor/disputes",
    },
    "plans": {
        Role.TOWNSHIP: "/clerk/letters",
        Role.SCHEDULER: "/desk/plans/{id}",
        Role.LECTURER: "/phone",
    },
    "offers": {Role.LECTURER: "/phone/offers/{id}", Role.SCHEDULER: "/desk/offers"},
    "assignments": {
        Role.LECTURER: "/phone/lessons/{id}",
        Role.SCHEDULER: "/desk/promises",
        Role.TOWNSHIP: "/clerk/today",
        Role.SUPERVISOR: "/supervisor/appeals",
    },
    "changes": {
        Role.TOWNSHIP: "/clerk/letters",
        Role.SCHEDULER: "/desk",
        Role.LECTURER: "/phone/agenda",
    },
    "groupings": {
        Role.TOWNSHIP: "/clerk/groupings",
        Role.SCHEDULER: "/desk/groupings?show=sent",
        Role.SUPERVISOR: "/desk/groupings?show=sent",
    },
    "seasons": {
        Role.TOWNSHIP: "/clerk/seasons/{id}",
        Role.SCHEDULER: "/desk/seasons/{id}",
        Role.SUPERVISOR: "/desk/seasons/{id}",
    },
    "courses": {Role.TOWNSHIP: "/clerk/menu", Role.SCHEDULER: "/desk/courses"},
    "sites": {Role.SCHEDULER: "/desk/sites", Role.TOWNSHIP: "/clerk/menu"},
    "lecturers": {Role.SCHEDULER: "/desk/lecturers", Role.LECTURER: "/phone/me"},
}


def _leads(kind: str) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def place(page: Page, id: UUID) -> Response:
        """From the address in a message to the page of the reader's role."""
        url = next((url for role, url in PLACES[kind].items() if page.has(role)), None)
        return RedirectResponse(url.format(id=id) if url else menu.home(page.visitor.roles), 303)

    return place


for kind in PLACES:
    router.add_api_route(f"/{kind}/{{id}}", _leads(kind))
