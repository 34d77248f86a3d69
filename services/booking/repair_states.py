"""Booking: the life of a repair (补救方案), as a table."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class RepairState(StrEnum):
    RUNNING = "running"  # 计算中
    READY = "ready"  # 待采用
    FAILED = "failed"  # 未算成
    ADOPTED = "adopted"  # 已采用
    DISCARDED = "discarded"  # 未采用


R = RepairState
SCHEDULER, SYSTEM = {Role.SCHEDULER}, {Role.SYSTEM}

# fmt: off
REPAIR = Machine("repair", [
    #    verb       from                  to           by         fact         url
    Move("finish",  {R.RUNNING},          R.READY,     SYSTEM,    "ready"),
    Move("fail",    {R.RUNNING},          R.FAILED,    SYSTEM,    "failed"),
    Move("retry",   {R.FAILED, R.READY},  R.RUNNING,   SCHEDULER, "running",   "retry"),
    Move("adopt",   {R.READY},            R.ADOPTED,   SCHEDULER, "adopted",   "adopt"),
    Move("discard", {R.RUNNING, R.READY, R.FAILED}, R.DISCARDED, SCHEDULER, "discarded", "discard"),
])
# fmt: on
