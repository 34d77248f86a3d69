"""Booking over HTTP: the calls of the clerk's pages, once each, and what is refused."""

from uuid import uuid4

from services.booking.states import LessonState as L
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
    assert page["lessons"] == rest["items"]
    assert [one["moves"] for one in page["changes"]] == [["accept", "counter", "reject"]]
    assert [one["step"] for one in page["lessons"]] == ["evaluate"]
    assert page["order"]["steps"][0]["step"] == "place_order"
    await house.get(STRANGER, f"/clerk/letters/{lesson.order_id}", expect=404)


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
