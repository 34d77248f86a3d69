"""Lecturer: its rows as the audit reads them, whole, with their versions."""

from services.kit.audits import rows_of
from services.kit.house import Audits
from services.lecturer.models import (
    Appointment,
    Assignment,
    Copied,
    CourseCopy,
    Lecturer,
    Offer,
    Seat,
    Staffing,
)

AUDITS: Audits = {
    "lecturer": rows_of(Lecturer, but=("phone", "email")),
    "appointment": rows_of(Appointment),
    "assignment": rows_of(Assignment),
    "copied": rows_of(Copied, id="key"),
    "course_copy": rows_of(CourseCopy),
    "offer": rows_of(Offer),
    "seat": rows_of(Seat, id="lesson_id"),
    "staffing": rows_of(Staffing, id="lesson_id"),
}
