"""Booking: its rows as the audit reads them."""

from services.booking.models import (
    Change,
    CourseCopy,
    Edition,
    Lesson,
    Order,
    OrderLine,
    PlaceHold,
    School,
    SiteCopy,
    StaffingCopy,
    Venue,
)
from services.booking.season_models import Season
from services.kit.audits import rows_of
from services.kit.house import Audits

AUDITS: Audits = {
    "school": rows_of(School, but={"contact_phone", "contact_email", "liaison"}),
    "venue": rows_of(Venue),
    "order_letter": rows_of(Order, but={"contact_name", "contact_phone"}),
    "order_line": rows_of(OrderLine),
    "lesson": rows_of(Lesson),
    "place_hold": rows_of(PlaceHold),
    "change": rows_of(Change),
    "season": rows_of(Season),
    "edition": rows_of(Edition),
    "course_copy": rows_of(CourseCopy),
    "site_copy": rows_of(SiteCopy),
    "staffing_copy": rows_of(StaffingCopy, id="lesson_id"),
}
