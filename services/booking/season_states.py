"""Booking: the life of a season window (季度征集), as a table."""

# ruff: noqa: E501 (a table reads better unwrapped)

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class SeasonState(StrEnum):
    COLLECTING = "collecting"  # 征集中
    CLOSED = "closed"  # 已截止
    ALLOCATING = "allocating"  # 分配中
    ALLOCATED = "allocated"  # 已分配
    CANCELLED = "cancelled"  # 已取消


S = SeasonState
SCHEDULER, TIMER, SYSTEM = {Role.SCHEDULER}, {Role.TIMER}, {Role.SYSTEM}

# fmt: off
SEASON = Machine("season", [
    #    verb               from                         to            by         fact            url
    Move("extend",          {S.COLLECTING},              S.COLLECTING, SCHEDULER, "extended",     "extend"),
    Move("last_day",        {S.COLLECTING},              S.COLLECTING, TIMER,     "closing_soon"),
    Move("close",           {S.COLLECTING},              S.CLOSED,     SCHEDULER, "closed",       "close"),
    Move("collecting_ends", {S.COLLECTING},              S.CLOSED,     TIMER,     "closed"),
    Move("reopen",          {S.CLOSED, S.ALLOCATING},    S.COLLECTING, SCHEDULER, "reopened",     "reopen"),
    Move("allocate",        {S.CLOSED, S.ALLOCATING},    S.ALLOCATING, SCHEDULER, "allocating",   "allocate"),
    Move("plan_published",  {S.ALLOCATING},              S.ALLOCATED,  SYSTEM,    "allocated"),
    Move("cancel", {S.COLLECTING, S.CLOSED, S.ALLOCATING}, S.CANCELLED, SCHEDULER, "cancelled",   "cancel"),
])
# fmt: on

# In these the lessons of its days are not placed one by one.
SHUT = (S.COLLECTING, S.CLOSED, S.ALLOCATING)
