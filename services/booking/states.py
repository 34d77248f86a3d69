"""Booking: the lives of a letter, a lesson and a change, as tables. Add a row here first."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class OrderState(StrEnum):
    DRAFT = "draft"  # 草稿
    SUBMITTED = "submitted"  # 待审
    RETURNED = "returned"  # 退回补正
    APPROVED = "approved"  # 已受理
    REJECTED = "rejected"  # 驳回
    WITHDRAWN = "withdrawn"  # 撤回
    EXPIRED = "expired"  # 过期
    CANCELLED = "cancelled"  # 取消
    CLOSED = "closed"  # 办结


class LessonState(StrEnum):
    REQUESTED = "requested"  # 待审
    UNPLACED = "unplaced"  # 待排
    WAITLISTED = "waitlisted"  # 候补
    TENTATIVE = "tentative"  # 已排待接单
    CONFIRMED = "confirmed"  # 已确认
    AT_RISK = "at_risk"  # 告急
    SUSPENDED = "suspended"  # 暂缓
    JOINED = "joined"  # 拼班
    IN_PROGRESS = "in_progress"  # 授课中
    DELIVERED = "delivered"  # 已授课
    PARTIALLY_DELIVERED = "partially_delivered"  # 部分授课
    NOT_DELIVERED = "not_delivered"  # 未授课
    VERIFIED = "verified"  # 已核实
    DISPUTED = "disputed"  # 有异议
    WRITTEN_OFF = "written_off"  # 核销
    CANCELLED = "cancelled"  # 取消


class ChangeState(StrEnum):
    PROPOSED = "proposed"  # 待答复
    AGREED = "agreed"  # 已同意，待生效
    APPLIED = "applied"  # 已生效
    REJECTED = "rejected"  # 未同意
    WITHDRAWN = "withdrawn"  # 撤回
    EXPIRED = "expired"  # 逾期


O, L, C = OrderState, LessonState, ChangeState  # noqa: E741
SCHOOL, SCHEDULER, SUPERVISOR = {Role.TOWNSHIP}, {Role.SCHEDULER}, {Role.SUPERVISOR}
TIMER, SYSTEM = {Role.TIMER}, {Role.SYSTEM}

# fmt: off
ORDER = Machine("order", [
    #    verb                        from           to           by          fact              url
    Move("submit",                   {O.DRAFT},     O.SUBMITTED, SCHOOL,     "submitted",      "submit"),
    Move("discard",                  {O.DRAFT},     O.WITHDRAWN, SCHOOL,     "withdrawn",      "discard"),
    Move("stale_or_dates_past",      {O.DRAFT},     O.EXPIRED,   TIMER,      "expired"),
    Move("return_for_fix",           {O.SUBMITTED}, O.RETURNED,  SCHEDULER,  "returned",       "return_for_fix"),
    Move("reject",                   {O.SUBMITTED}, O.REJECTED,  SCHEDULER,  "rejected",       "reject"),
    Move("approve",                  {O.SUBMITTED}, O.APPROVED,  SCHEDULER,  "approved",       "approve"),
    Move("withdraw",                 {O.SUBMITTED, O.RETURNED}, O.WITHDRAWN, SCHOOL, "withdrawn", "withdraw"),
    Move("review_sla",               {O.SUBMITTED}, O.SUBMITTED, TIMER,      "review_overdue"),
    Move("all_dates_past",           {O.SUBMITTED}, O.EXPIRED,   TIMER,      "expired"),
    Move("resubmit",                 {O.RETURNED},  O.SUBMITTED, SCHOOL,     "resubmitted",    "resubmit"),
    Move("fix_deadline",             {O.RETURNED},  O.EXPIRED,   TIMER,      "expired"),
    Move("amend_lines",              {O.APPROVED},  O.APPROVED,  SCHOOL,     "lines_amended",  "amend_lines"),
    Move("review_lines",             {O.APPROVED},  O.APPROVED,  SCHEDULER,  "lines_reviewed", "review_lines"),
    Move("cancel_order",             {O.APPROVED},  O.CANCELLED, SCHOOL,     "cancelled",      "cancel_order"),
    Move("cancel_order_by_district", {O.APPROVED},  O.CANCELLED, SCHEDULER,  "cancelled",      "cancel_order"),
    Move("all_lessons_settled_some_verified", {O.APPROVED}, O.CLOSED,    SYSTEM, "closed"),
    Move("all_lessons_settled_none_verified", {O.APPROVED}, O.CANCELLED, SYSTEM, "cancelled"),
    Move("reopen",                   {O.CLOSED},    O.APPROVED,  SUPERVISOR, "reopened",       "reopen"),
])

ALIVE = {
    *(L.UNPLACED, L.WAITLISTED, L.TENTATIVE, L.CONFIRMED, L.AT_RISK, L.SUSPENDED, L.JOINED),
}

LESSON = Machine("lesson", [
    #    verb                         from                      to                     by         fact       url
    Move("line_approved",             {L.REQUESTED},            L.UNPLACED,            SYSTEM,    "changed"),
    Move("line_refused_or_order_dead", {L.REQUESTED},           L.CANCELLED,           SYSTEM,    "changed"),
    Move("line_fix_deadline",         {L.REQUESTED},            L.CANCELLED,           TIMER,     "changed"),
    Move("place",                     {L.UNPLACED},             L.TENTATIVE,           SCHEDULER, "changed", "place"),
    Move("park",                      {L.UNPLACED},             L.WAITLISTED,          SCHEDULER, "changed", "park"),
    Move("capacity_found",            {L.WAITLISTED},           L.UNPLACED,            SYSTEM,    "changed"),
    Move("window_passed",             {L.UNPLACED, L.WAITLISTED}, L.CANCELLED,         TIMER,     "changed"),
    Move("cancel",                    ALIVE,                    L.CANCELLED,           SCHOOL,    "changed", "cancel"),
    Move("cancel_by_district",        ALIVE,                    L.CANCELLED,           SCHEDULER, "changed", "cancel"),
    Move("order_dead",                ALIVE,                    L.CANCELLED,           SYSTEM,    "changed"),
    Move("all_seats_filled",          {L.TENTATIVE},            L.CONFIRMED,           SYSTEM,    "changed"),
    Move("candidates_exhausted",      {L.TENTATIVE},            L.UNPLACED,            SYSTEM,    "changed"),
    Move("unplace",                   {L.TENTATIVE, L.JOINED},  L.UNPLACED,            SCHEDULER, "changed", "unplace"),
    Move("suspend",                   {L.TENTATIVE, L.CONFIRMED, L.AT_RISK}, L.SUSPENDED, SCHEDULER, "changed", "suspend"),
    Move("start_reached_unfilled",    {L.TENTATIVE},            L.NOT_DELIVERED,       TIMER,     "changed"),
    Move("seat_lost_early",           {L.CONFIRMED},            L.TENTATIVE,           SYSTEM,    "changed"),
    Move("seat_lost_late",            {L.CONFIRMED},            L.AT_RISK,             SYSTEM,    "changed"),
    Move("retime_applied",            {L.CONFIRMED, L.AT_RISK}, L.TENTATIVE,           SYSTEM,    "changed"),
    Move("retime_kept",               {L.CONFIRMED},            L.CONFIRMED,           SYSTEM,    "changed"),
    Move("checkin",                   {L.CONFIRMED},            L.IN_PROGRESS,         SYSTEM,    "changed"),
    Move("no_show_rescue_possible",   {L.CONFIRMED},            L.AT_RISK,             SYSTEM,    "changed"),
    Move("no_show_no_rescue",         {L.CONFIRMED},            L.NOT_DELIVERED,       SYSTEM,    "changed"),
    Move("substitute_committed",      {L.AT_RISK},              L.CONFIRMED,           SYSTEM,    "changed"),
    Move("downgrade_agreed",          {L.AT_RISK},              L.CONFIRMED,           SCHOOL,    "changed", "downgrade_agreed"),
    Move("rescue_failed",             {L.AT_RISK},              L.NOT_DELIVERED,       TIMER,     "changed"),
    Move("resume_intact",             {L.SUSPENDED},            L.CONFIRMED,           SCHEDULER, "changed", "resume"),
    Move("resume_broken",             {L.SUSPENDED},            L.TENTATIVE,           SCHEDULER, "changed", "resume"),
    Move("new_slot",                  {L.SUSPENDED},            L.TENTATIVE,           SCHEDULER, "changed", "resume"),
    Move("hold_ttl",                  {L.SUSPENDED},            L.UNPLACED,            TIMER,     "changed"),
    Move("join",                      {L.UNPLACED},             L.JOINED,              SYSTEM,    "changed"),
    Move("follow_host",               {L.JOINED},               L.JOINED,              SYSTEM,    "changed"),
    Move("part",                      {L.JOINED},               L.UNPLACED,            SYSTEM,    "changed"),
    Move("host_delivered",            {L.JOINED},               L.DELIVERED,           SYSTEM,    "changed"),
    Move("host_cut_short",            {L.JOINED},               L.PARTIALLY_DELIVERED, SYSTEM,    "changed"),
    Move("host_not_delivered",        {L.JOINED},               L.NOT_DELIVERED,       SYSTEM,    "changed"),
    Move("complete",                  {L.IN_PROGRESS},          L.DELIVERED,           SYSTEM,    "changed"),
    Move("no_checkout",               {L.IN_PROGRESS},          L.DELIVERED,           SYSTEM,    "changed"),
    Move("abort_some",                {L.IN_PROGRESS},          L.PARTIALLY_DELIVERED, SYSTEM,    "changed"),
    Move("abort_none",                {L.IN_PROGRESS},          L.NOT_DELIVERED,       SYSTEM,    "changed"),
    Move("handover",                  {L.IN_PROGRESS},          L.IN_PROGRESS,         SYSTEM,    "changed"),
    Move("accept_as_is",              {L.PARTIALLY_DELIVERED},  L.DELIVERED,           SCHOOL,    "changed", "accept_as_is"),
    Move("schedule_makeup",           {L.PARTIALLY_DELIVERED},  L.DELIVERED,           SCHEDULER, "changed", "schedule_makeup"),
    Move("schedule_makeup",           {L.NOT_DELIVERED},        L.WRITTEN_OFF,         SCHEDULER, "changed", "schedule_makeup"),
    Move("close_unmet",               {L.NOT_DELIVERED},        L.WRITTEN_OFF,         SCHEDULER, "changed", "close_unmet"),
    Move("decision_sla",              {L.PARTIALLY_DELIVERED},  L.PARTIALLY_DELIVERED, TIMER,     "changed"),
    Move("decision_sla",              {L.NOT_DELIVERED},        L.NOT_DELIVERED,       TIMER,     "changed"),
    Move("attest_ok",                 {L.DELIVERED},            L.VERIFIED,            SCHOOL,    "changed", "attest"),
    Move("attest_by_district",        {L.DELIVERED},            L.VERIFIED,            SCHEDULER, "changed", "attest"),
    Move("attest_sla",                {L.DELIVERED},            L.DELIVERED,           TIMER,     "changed"),
    Move("dispute",                   {L.DELIVERED},            L.DISPUTED,            SCHOOL,    "changed", "dispute"),
    Move("resolve_verified",          {L.DISPUTED},             L.VERIFIED,            SUPERVISOR, "changed", "resolve_verified"),
    Move("resolve_written_off",       {L.DISPUTED},             L.WRITTEN_OFF,         SUPERVISOR, "changed", "resolve_written_off"),
    Move("dispute_sla",               {L.DISPUTED},             L.DISPUTED,            TIMER,     "changed"),
    Move("reopen",                    {L.VERIFIED},             L.DISPUTED,            SUPERVISOR, "changed", "reopen"),
])

OTHER_SIDE, PROPOSER = {Role.OTHER_SIDE}, {Role.PROPOSER}

CHANGE = Machine("change", [
    Move("accept",         {C.PROPOSED}, C.AGREED,    OTHER_SIDE, "agreed",    "accept"),
    Move("reject",         {C.PROPOSED}, C.REJECTED,  OTHER_SIDE, "rejected",  "reject"),
    Move("counter",        {C.PROPOSED}, C.PROPOSED,  OTHER_SIDE, "countered", "counter"),
    Move("withdraw",       {C.PROPOSED}, C.WITHDRAWN, PROPOSER,   "withdrawn", "withdraw"),
    Move("deadline",       {C.PROPOSED}, C.EXPIRED,   TIMER,      "expired"),
    Move("lesson_dead",    {C.PROPOSED, C.AGREED}, C.WITHDRAWN, SYSTEM, "withdrawn"),
    Move("apply_ok",       {C.AGREED},   C.APPLIED,   SYSTEM,     "applied"),
    Move("apply_conflict", {C.AGREED},   C.REJECTED,  SYSTEM,     "rejected"),
])
# fmt: on

# What counts as the end of a lesson for its letter.
SETTLED = {L.VERIFIED, L.WRITTEN_OFF, L.CANCELLED}
UNDER_WAY = {
    L.IN_PROGRESS,
    L.DELIVERED,
    L.PARTIALLY_DELIVERED,
    L.NOT_DELIVERED,
    L.VERIFIED,
    L.DISPUTED,
    L.WRITTEN_OFF,
}
