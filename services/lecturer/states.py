"""Lecturer: the lives of an offer and an assignment, as tables. Add a row here first."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class OfferState(StrEnum):
    PENDING = "pending"  # 待接单
    COUNTERED = "countered"  # 另提时间
    ACCEPTED = "accepted"  # 已接单
    DECLINED = "declined"  # 已婉拒
    EXPIRED = "expired"  # 逾期未答
    REVOKED = "revoked"  # 撤单
    SUPERSEDED = "superseded"  # 他人已接
    INVALIDATED = "invalidated"  # 失效


class AssignmentState(StrEnum):
    COMMITTED = "committed"  # 已承诺
    RELEASE_REQUESTED = "release_requested"  # 申请退出
    CHECKED_IN = "checked_in"  # 已签到
    FULFILLED = "fulfilled"  # 已履约
    PARTIAL = "partial"  # 部分履约
    RELEASED = "released"  # 已退出
    REPLACED = "replaced"  # 已改派
    VOIDED = "voided"  # 作废
    NO_SHOW = "no_show"  # 未到


P, A = OfferState, AssignmentState
LECTURER, SCHEDULER, SUPERVISOR = {Role.LECTURER}, {Role.SCHEDULER}, {Role.SUPERVISOR}
TIMER, SYSTEM = {Role.TIMER}, {Role.SYSTEM}
LIVE_OFFER = {P.PENDING, P.COUNTERED}
# What occupies a lecturer.
LIVE_ASSIGNMENT = {A.COMMITTED, A.RELEASE_REQUESTED, A.CHECKED_IN}

# fmt: off
OFFER = Machine("offer", [
    #    verb                     from          to             by         fact                 url
    Move("accept",                {P.PENDING},  P.ACCEPTED,    LECTURER,  "accepted",          "accept"),
    Move("accept_but_conflict",   {P.PENDING},  P.INVALIDATED, SYSTEM,    "invalidated"),
    Move("decline",               {P.PENDING},  P.DECLINED,    LECTURER,  "declined",          "decline"),
    Move("counter",               {P.PENDING},  P.COUNTERED,   LECTURER,  "countered",         "counter"),
    Move("deadline",              LIVE_OFFER,   P.EXPIRED,     TIMER,     "expired"),
    Move("revoke",                {P.PENDING},  P.REVOKED,     SCHEDULER, "revoked",           "revoke"),
    Move("seat_filled_by_other",  LIVE_OFFER,   P.SUPERSEDED,  SYSTEM,    "superseded"),
    Move("lesson_revised",        LIVE_OFFER,   P.INVALIDATED, SYSTEM,    "invalidated"),
    Move("lesson_cancelled_or_suspended", LIVE_OFFER, P.INVALIDATED, SYSTEM, "invalidated"),
    Move("lecturer_ineligible",   LIVE_OFFER,   P.INVALIDATED, SYSTEM,    "invalidated"),
    Move("adopt_counter",         {P.COUNTERED}, P.ACCEPTED,   SCHEDULER, "accepted",          "adopt_counter"),
    Move("refuse_counter",        {P.COUNTERED}, P.PENDING,    SCHEDULER, "counter_refused",   "refuse_counter"),
    Move("withdraw_counter",      {P.COUNTERED}, P.PENDING,    LECTURER,  "counter_withdrawn", "withdraw_counter"),
    Move("late_accept_seat_open", {P.EXPIRED},  P.ACCEPTED,    LECTURER,  "accepted",          "accept"),
])

HOLDING = {A.COMMITTED, A.RELEASE_REQUESTED}

ASSIGNMENT = Machine("assignment", [
    Move("reconfirm",            {A.COMMITTED},         A.COMMITTED,         LECTURER,  "reconfirmed",      "reconfirm"),
    Move("reconfirm_missed",     {A.COMMITTED},         A.COMMITTED,         TIMER,     "reconfirm_missed"),
    Move("release_early",        {A.COMMITTED},         A.RELEASED,          LECTURER,  "released",         "release"),
    Move("release_late_request", {A.COMMITTED},         A.RELEASE_REQUESTED, LECTURER,  "release_requested", "release"),
    Move("grant",                {A.RELEASE_REQUESTED}, A.RELEASED,          SCHEDULER, "released",         "grant"),
    Move("substitute_committed", {A.RELEASE_REQUESTED}, A.RELEASED,          SYSTEM,    "released"),
    Move("refuse",               {A.RELEASE_REQUESTED}, A.COMMITTED,         SCHEDULER, "release_refused",  "refuse"),
    Move("withdraw_request",     {A.RELEASE_REQUESTED}, A.COMMITTED,         LECTURER,  "release_withdrawn", "withdraw_request"),
    Move("checkin",              HOLDING,               A.CHECKED_IN,        LECTURER,  "checked_in",       "check_in"),
    Move("no_checkin",           HOLDING,               A.NO_SHOW,           TIMER,     "no_show"),
    Move("void",                 HOLDING,               A.VOIDED,            SYSTEM,    "voided"),
    Move("replace",              HOLDING,               A.REPLACED,          SCHEDULER, "replaced",         "replace"),
    Move("checkout",             {A.CHECKED_IN},        A.FULFILLED,         LECTURER,  "fulfilled",        "check_out"),
    Move("leave_or_handover",    {A.CHECKED_IN},        A.PARTIAL,           LECTURER,  "partial",          "abort"),
    Move("abort_nothing_taught", {A.CHECKED_IN},        A.VOIDED,            SYSTEM,    "voided"),
    Move("no_checkout",          {A.CHECKED_IN},        A.FULFILLED,         TIMER,     "fulfilled"),
    Move("appeal_upheld",        {A.NO_SHOW},           A.VOIDED,            SUPERVISOR, "appeal_upheld",   "appeal_upheld"),
])
# fmt: on
