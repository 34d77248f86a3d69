"""Portal: every page there is, who opens it, and by which addresses its cost is measured."""

from deploy.call import DISTRICT
from services.kit.ids import reference_id
from tests.portal.world import World
from tests.tour import SCHOOL

# Pages without a list of anything: of the door, of files, of the stream, and ways to other pages.
NOT_LISTS = {
    *("/", "/sign-in", "/sign-in/code", "/sign-in/provider", "/sign-in/provider/back"),
    *("/forgotten", "/reset/{token}", "/go/{token}", "/live", "/assets/{digest}/{name}"),
    "/desk/plans/{plan_id:uuid}/stream",
    *("/phone/manifest.webmanifest", "/admin/import/{what}/template"),
}


Routes = dict[str, list[str]]


def addresses(world: World, day: str) -> dict[str, Routes]:
    """Who asks: the page as its route is written, and the addresses it is asked by."""
    order, lesson, promise = world.order, world.lesson, world.assignment
    course, school = world.course, f"/clerk/lessons/{world.lesson}"
    where = f"course={course}&place=venue:{world.venue}&from={day}"
    board = f"/desk/board/%s?lesson={world.waiting}&lecturer={world.lecturer}&day={day}"
    seasons = [world.season, world.allocated]
    wished = f"&on={day}&half=am&at={day}T09:30:00%2B08:00"
    everybody = {
        "/account": ["/account"],
        "/account/password": ["/account/password"],
        "/help": ["/help"],
        "/messages": ["/messages", "/messages?unread=1"],
        "/messages/unread": ["/messages/unread"],
    }
    return {
        SCHOOL: everybody
        | {
            "/clerk": ["/clerk"],
            "/clerk/lessons/{id:uuid}/change": [f"{school}/change"],
            "/clerk/lessons/{id:uuid}/calendar": [f"{school}/calendar?{where}"],
            "/clerk/lessons/{id:uuid}/answer": [f"{school}/answer"],
            "/clerk/lessons/{id:uuid}/cancel": [f"{school}/cancel"],
            "/clerk/lessons/{id:uuid}/attest": [f"/clerk/lessons/{world.delivered}/attest"],
            "/clerk/lessons/{id:uuid}/dispute": [f"/clerk/lessons/{world.delivered}/dispute"],
            "/clerk/lessons/{id:uuid}/{verb}": [f"/clerk/lessons/{world.at_risk}/downgrade_agreed"],
            "/clerk/letters/new": ["/clerk/letters/new"],
            "/clerk/letters": ["/clerk/letters", "/clerk/letters?tab=going&q=a"],
            "/clerk/letters/{id:uuid}": [
                f"/clerk/letters/{id}" for id in (order, world.draft, world.submitted)
            ],
            "/clerk/letters/{id:uuid}/drawer": [f"/clerk/letters/{order}/drawer"],
            "/clerk/letters/{id:uuid}/mend": [f"/clerk/letters/{order}/mend"],
            "/clerk/letters/{id:uuid}/cancel_order": [f"/clerk/letters/{order}/cancel_order"],
            "/clerk/menu": ["/clerk/menu", f"/clerk/menu?q={world.title}"],
            "/clerk/menu/basket": [f"/clerk/menu/basket?course={course}"],
            "/clerk/menu/{id:uuid}": [f"/clerk/menu/{course}"],
            "/clerk/letters/courses": [f"/clerk/letters/courses?q={world.title}"],
            "/clerk/letters/lecturers": [f"/clerk/letters/lecturers?course={course}"],
            "/clerk/letters/heat": [f"/clerk/letters/heat?{where}"],
            "/clerk/school": ["/clerk/school"],
            "/clerk/groupings": ["/clerk/groupings"],
            "/clerk/seasons": ["/clerk/seasons"],
            "/clerk/seasons/{season_id:uuid}": [f"/clerk/seasons/{id}" for id in seasons],
            "/clerk/today": [f"/clerk/today?on={day}"],
            "/clerk/today/{verb}/{id:uuid}": [f"/clerk/today/check_in/{promise}"],
        },
        "scheduler": everybody
        | {
            "/desk": ["/desk"],
            "/desk/audit": [
                "/desk/audit",
                "/desk/audit?service=lecturer",
                f"/desk/audit?key={order}",
            ],
            "/desk/board": [
                f"/desk/board?day={day}",
                f"/desk/board?day={day}&lesson={world.waiting}",
                f"/desk/board?plan={world.plan}",
                f"/desk/board?plan={world.plan}&lesson={world.waiting}",
            ],
            "/desk/board/rows": [],  # of a cursor of the page before
            "/desk/board/colours": [board % "colours"],
            "/desk/board/why": [board % "why"],
            "/desk/board/nobody": [board % "nobody"],
            "/desk/board/drop": [board % "drop" + wished],
            "/desk/courses": ["/desk/courses", f"/desk/courses?q={world.title}"],
            "/desk/courses/new": ["/desk/courses/new"],
            "/desk/courses/{course_id}": [f"/desk/courses/{course}"],
            "/desk/courses/{course_id}/edit": [f"/desk/courses/{course}/edit"],
            "/desk/groupings": [
                f"/desk/groupings?show={show}" for show in ("merge", "route", "sent")
            ],
            "/groupings/{id}": [f"/groupings/{world.grouping}"],
            "/desk/impact": [
                f"/desk/impact?{what}"
                for what in (
                    *("", f"site_id={world.site}", f"course_id={course}", f"from={day}&to={day}"),
                    f"lecturer_id={world.lecturer}&starts_at={day}T00:00&ends_at={day}T23:00",
                )
            ],
            "/desk/lecturers/new": ["/desk/lecturers/new"],
            "/desk/lecturers/{lecturer_id}": [f"/desk/lecturers/{world.lecturer}"],
            "/desk/lecturers/{lecturer_id}/edit": [f"/desk/lecturers/{world.lecturer}/edit"],
            "/desk/lecturers": ["/desk/lecturers", f"/desk/lecturers?q={world.person}"],
            "/desk/letters": ["/desk/letters"],
            "/desk/lessons/{lesson_id}": [
                f"/desk/lessons/{lesson}",
                f"/desk/lessons/{world.waiting}",
            ],
            "/desk/lessons/{lesson_id}/free": [f"/desk/lessons/{world.waiting}/free"],
            "/desk/lessons/{lesson_id}/candidates": [f"/desk/lessons/{lesson}/candidates"],
            "/desk/lessons": ["/desk/lessons", "/desk/lessons?state=confirmed"],
            "/desk/changes": ["/desk/changes"],
            "/desk/offers": ["/desk/offers"],
            "/desk/promises": ["/desk/promises"],
            "/desk/offers/{offer_id}/answer": [f"/desk/offers/{world.own_offer}/answer"],
            "/desk/promises/{promise_id}/answer": [f"/desk/promises/{promise}/answer"],
            "/desk/rescue": ["/desk/rescue", f"/desk/rescue?lesson={world.at_risk}"],
            "/desk/review": ["/desk/review", "/desk/review?state=approved"],
            "/desk/review/{order_id}": [f"/desk/review/{id}" for id in (order, world.submitted)],
            "/desk/sites": ["/desk/sites"],
            "/desk/sites/new": ["/desk/sites/new"],
            "/desk/sites/{site_id}": [f"/desk/sites/{world.site}"],
            "/desk/plans": ["/desk/plans"],
            "/desk/plans/compare": [f"/desk/plans/compare?a={world.plan}&b={world.plan}"],
            "/desk/plans/{plan_id:uuid}": [f"/desk/plans/{world.plan}"],
            "/desk/plans/{plan_id:uuid}/lines/{lesson_id:uuid}": [
                f"/desk/plans/{world.plan}/lines/{world.waiting}"
            ],
            "/desk/seasons": ["/desk/seasons", "/desk/seasons?state=collecting"],
            "/desk/seasons/{season_id:uuid}": [f"/desk/seasons/{id}" for id in seasons],
            "/plans/{id}": [f"/plans/{world.plan}"],
            "/seasons/{id}": [f"/seasons/{world.season}"],
            "/desk/impact/repairs": ["/desk/impact/repairs"],
            "/desk/impact/repairs/{repair_id:uuid}": [f"/desk/impact/repairs/{world.repair}"],
            "/ledger": ["/ledger"],
            "/ledger/schools": ["/ledger/schools"],
            "/orders/{id}": [f"/orders/{order}"],
            "/lessons/{id}": [f"/lessons/{lesson}"],
            "/offers/{id}": [f"/offers/{world.offer}"],
            "/assignments/{id}": [f"/assignments/{promise}"],
            "/changes/{id}": [f"/changes/{world.school_change}"],
            "/courses/{id}": [f"/courses/{course}"],
            "/sites/{id}": [f"/sites/{world.site}"],
            "/lecturers/{id}": [f"/lecturers/{world.lecturer}"],
        },
        str(world.lecturer): everybody
        | {
            "/phone": ["/phone"],
            "/phone/cards": ["/phone/cards"],
            "/phone/offers/{id}": [f"/phone/offers/{world.own_offer}"],
            "/phone/agenda": [f"/phone/agenda?month={day[:7]}"],
            "/phone/away": ["/phone/away", f"/phone/away?start={day}"],
            "/phone/away/preview": [f"/phone/away/preview?first={day}&last={day}"],
            "/phone/lessons/{id}": [f"/phone/lessons/{promise}"],
            "/phone/lessons/{id}/card": [f"/phone/lessons/{promise}/card"],
            "/phone/lessons/{id}/calendar.ics": [f"/phone/lessons/{promise}/calendar.ics"],
            "/phone/me": ["/phone/me"],
        },
        "supervisor": everybody
        | {
            "/supervisor": ["/supervisor"],
            "/supervisor/appeals": [
                f"/supervisor/appeals?list={kind}" for kind in ("missed", "closed", "verified")
            ],
            "/supervisor/audit": ["/supervisor/audit"],
            "/desk/seasons": ["/desk/seasons", "/desk/seasons?state=collecting"],
            "/desk/seasons/{season_id:uuid}": [f"/desk/seasons/{id}" for id in seasons],
            "/supervisor/disputes": ["/supervisor/disputes"],
            "/supervisor/lessons/{lesson_id}": [f"/supervisor/lessons/{world.disputed}"],
        },
        "administrator": everybody
        | {
            "/admin/accounts": [f"/admin/accounts?q={world.account}"],
            "/admin/accounts/new": ["/admin/accounts/new"],
            "/admin/accounts/{id}": [],  # of an id from the list
            "/admin/accounts/pick/lecturers": [
                f"/admin/accounts/pick/lecturers?lecturer_q={world.person}"
            ],
            "/admin/audit": ["/admin/audit", "/admin/audit?service=portal"],
            "/admin/schools": ["/admin/schools"],
            "/admin/schools/new": ["/admin/schools/new"],
            "/admin/schools/{id}": [f"/admin/schools/{reference_id(DISTRICT, SCHOOL)}"],
            "/admin/numbers": ["/admin/numbers"],
            "/admin/import": ["/admin/import"],
        },
    }
