"""Booking: the life of a draft plan (排课方案), as a table."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class PlanState(StrEnum):
    RUNNING = "running"  # 排课中
    READY = "ready"  # 草案
    FAILED = "failed"  # 未成
    PUBLISHING = "publishing"  # 发布中
    PUBLISHED = "published"  # 已发布
    DISCARDED = "discarded"  # 已弃用


P = PlanState
SCHEDULER, SYSTEM = {Role.SCHEDULER}, {Role.SYSTEM}

# fmt: off
PLAN = Machine("plan", [
    #    verb       from              to            by         fact          url
    Move("finish",  {P.RUNNING},      P.READY,      SYSTEM,    "ready"),
    Move("fail",    {P.RUNNING},      P.FAILED,     SYSTEM,    "failed"),
    Move("retry",   {P.FAILED},       P.RUNNING,    SCHEDULER, "started",    "retry"),
    Move("pin",     {P.READY},        P.READY,      SCHEDULER, "edited",     "pin"),
    Move("replan",  {P.READY},        P.READY,      SCHEDULER, "replanned",  "replan"),
    Move("publish", {P.READY},        P.PUBLISHING, SCHEDULER, "publishing", "publish"),
    Move("finish",  {P.PUBLISHING},   P.PUBLISHED,  SYSTEM,    "published"),
    Move("discard", {P.RUNNING, P.READY, P.FAILED}, P.DISCARDED, SCHEDULER, "discarded", "discard"),
])
# fmt: on
