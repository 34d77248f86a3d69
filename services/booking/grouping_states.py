"""Booking: the life of a proposal to teach together (拼班) or on one way (送教路线), as a table."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class GroupingState(StrEnum):
    PROPOSED = "proposed"  # 待各方同意
    AGREED = "agreed"  # 已同意，待落实
    APPLIED = "applied"  # 已落实
    DECLINED = "declined"  # 未同意
    WITHDRAWN = "withdrawn"  # 撤回
    EXPIRED = "expired"  # 逾期
    LAPSED = "lapsed"  # 作罢


G = GroupingState
SIDE, SCHEDULER = {Role.OTHER_SIDE}, {Role.SCHEDULER}
TIMER, SYSTEM = {Role.TIMER}, {Role.SYSTEM}

# fmt: off
GROUPING = Machine("grouping", [
    #    verb               from          to           by         fact           url
    Move("agree",           {G.PROPOSED}, G.PROPOSED,  SIDE,      "side_agreed", "agree"),
    Move("all_agreed",      {G.PROPOSED}, G.AGREED,    SYSTEM,    "agreed"),
    Move("decline",         {G.PROPOSED}, G.DECLINED,  SIDE,      "declined",    "decline"),
    Move("withdraw",        {G.PROPOSED}, G.WITHDRAWN, SCHEDULER, "withdrawn",   "withdraw"),
    Move("answer_deadline", {G.PROPOSED}, G.EXPIRED,   TIMER,     "expired"),
    Move("no_longer", {G.PROPOSED, G.AGREED}, G.LAPSED, SYSTEM,   "lapsed"),
    Move("put_together",    {G.AGREED},   G.APPLIED,   SYSTEM,    "applied"),
])
# fmt: on

LIVE = (G.PROPOSED, G.AGREED)
