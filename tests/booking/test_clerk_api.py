"""Booking over HTTP: the calls of the clerk's pages, once each, and what is refused."""

from uuid import UUID, uuid4

from sqlalchemy import insert

from services.booking.models import Lesson, OrderLine
from services.booking.states import LessonState as L
from services.kit.ids import uuid7
from tests.booking.lesson_world import CLERK, COURSE, JING, SCHEDULER, STRANGER, YANG
from tests.booking.test_lessons_api import House
from tests.booking.test_lessons_api import house as house


async def test_the_desk_and_the_home_of_a_school(house: House) -> None:
    lesson = house.a_lesson(L.DELIVERED)

    desk = await house.get(CLERK, "/clerk")
    home = await house.get(CLERK, "/clerk/school")

    assert [todo["lesson_id"] for todo in desk["todo"]] == [str(lesson.id)]
    assert desk["todo"][0]["due_at"].endswith("+08:00")
    assert home["school"]["id"] == str(YANG)
    assert (await house.get(SCHEDULER, "/clerk", expect=403))["type"] == "role_required"


async def test_a_letter_with_all_its_page_needs(house: House) -> None:
    lesson = house.a_lesson(L.CONFIRMED)
    change = {"starts_at": "2026-12-03T08:30:00+08:00"}
    await house.post(SCHEDULER, f"/lessons/{lesson.id}/changes", change, expect=201)

    page = await house.get(CLERK, f"/clerk/letters/{lesson.order_id}")
    rest = await house.get(CLERK, f"/orders/{lesson.order_id}/lessons")

    assert (page["home"], page["next"]) == (None, None)
    assert (page["lessons"], page["line"]) == (rest["items"], 1)
    assert [one["moves"] for one in page["changes"]] == [["accept", "counter", "reject"]]
    assert [one["step"] for one in page["lessons"]] == ["evaluate"]
    assert page["order"]["steps"][0]["step"] == "place_order"
    await house.get(STRANGER, f"/clerk/letters/{lesson.order_id}", expect=404)


async def test_a_long_letter_is_shown_fifty_lines_at_a_time(house: House) -> None:
    lesson = house.a_lesson(L.CONFIRMED)
    last = more_lines(house, lesson.id, upto=101)
    path = f"/clerk/letters/{lesson.order_id}"

    change = {"starts_at": "2026-12-03T08:30:00+08:00"}
    await house.post(SCHEDULER, f"/lessons/{lesson.id}/changes", change, expect=201)
    pages = [await house.get(CLERK, f"{path}?line={line}") for line in (1, 51, 101)]
    there = await house.get(CLERK, f"{path}?lesson_id={last}")
    told = await house.get(CLERK, f"/orders/{lesson.order_id}/history?newest=true&limit=1")

    assert [(page["line"], page["next"]) for page in pages] == [(1, 51), (51, 101), (101, None)]
    shown = [one["line"] for page in pages for one in page["lessons"]]
    assert shown == [*range(1, 102)]
    assert there == pages[2]
    everything = await house.get(CLERK, f"/orders/{lesson.order_id}/history")
    assert len(everything["items"]) > 1
    assert (told["items"], told["next"] is None) == (everything["items"][-1:], False)


def more_lines(house: House, lesson_id: UUID, *, upto: int) -> UUID:
    """The same lesson on a line of its own, many times; the last of them."""
    with house.database.transaction() as session:
        lesson = session.get_one(Lesson, lesson_id)
        line = session.get_one(OrderLine, lesson.line_id)
        for position in range(2, upto + 1):
            known = {"id": uuid7(), "position": position}
            session.execute(insert(OrderLine), [{**line.model_dump(), **known}])
            mine = {"id": uuid7(), "line_id": known["id"], "position": position}
            session.execute(insert(Lesson), [{**lesson.model_dump(), **mine}])
    return mine["id"]


async def test_what_cancelling_means(house: House) -> None:
    lesson = house.a_lesson(L.CONFIRMED)

    one = await house.get(CLERK, f"/lessons/{lesson.id}/cancelling")
    whole = await house.get(CLERK, f"/orders/{lesson.order_id}/cancelling")

    assert (one["fault"], one["placed"], one["holders"]) == ("school", 1, ["示例讲师"])
    assert "cancel" in one["moves"]
    assert (whole["lessons"], whole["lesson"]) == (1, None)
    assert "cancel_order" in whole["moves"]
    await house.get(STRANGER, f"/lessons/{lesson.id}/cancelling", expect=404)


async def test_half_days_and_a_basket(house: House) -> None:
    asked = f"course_id={COURSE}&from=2026-12-01&to=2026-12-02"
    days = await house.get(CLERK, f"/clerk/half_days?{asked}")
    basket = await house.get(CLERK, f"/mix/preview?course_id={COURSE}&course_id={uuid4()}")

    assert [(day["on"], day["half"]) for day in days["items"]][:2] == [
        ("2026-12-01", "am"),
        ("2026-12-01", "pm"),
    ]
    assert days["items"][0]["starts_at"] == "2026-12-01T08:30:00+08:00"
    assert [dish["on_menu"] for dish in basket["courses"]] == [True, False]
    assert basket["letter"]["count"]["total"] == "1"
    wanted = f"/clerk/half_days?{asked}"
    assert (await house.get(SCHEDULER, wanted, expect=403))["type"] == "school_required"
    assert (await house.get(SCHEDULER, f"{wanted}&school_id={JING}"))["next"] is None


async def test_a_school_urges_and_writes_its_contacts(house: House) -> None:
    lesson = house.a_lesson(L.UNPLACED)

    urged = await house.post(CLERK, f"/orders/{lesson.order_id}/urge", {"reason": "急"})
    again = await house.post(CLERK, f"/orders/{lesson.order_id}/urge", expect=409)

    assert (urged["urgeable"], urged["urged_at"] is None) == (True, False)
    assert again["type"] == "urged_already"
    body = {"liaison": "示例", "contact_phone": "000"}
    refused = await house.call(CLERK, "PUT", f"/schools/{YANG}/contacts", body, expect=428)
    assert refused["type"] == "if_match_required"
