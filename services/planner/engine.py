"""Planner: HiGHS, the one way to it. Always one thread, and its status always checked."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from services.planner.model import Floats, Matrix

# Costs are whole numbers: less than one apart is equal.
GAP = 0.9
# Best and bound so far; the values, when they are better than those before.
Heard = Callable[[float, float, Floats | None], None]


@dataclass(frozen=True)
class Answer:
    """`values` is None when nothing was found; `closed`: nothing better exists."""

    values: Floats | None
    bound: float
    closed: bool
    impossible: bool = False


def solve(
    matrix: Matrix,
    cost: Floats,
    *,
    until: float,
    start: Floats | None = None,
    seed: int = 0,
    heard: Heard | None = None,
    relaxed: bool = False,
    options: dict[str, Any] | None = None,
) -> Answer:
    """The cheapest solution found before `until` (of time.monotonic)."""
    left = until - time.monotonic()
    if left <= 0:
        return Answer(None, -math.inf, False)
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": seed,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": GAP,
        "time_limit": left,
        "mip_min_logging_interval": 0.5,
        **(options or {}),
    }.items():
        highs.setOptionValue(name, value)
    highs.passModel(_lp(matrix, cost, relaxed))
    if start is not None and not relaxed:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    if heard is not None and not relaxed:
        _listen(highs, heard)
    highs.run()
    return _answer(highs, relaxed)


def _listen(highs: Any, heard: Heard) -> None:
    def look(event: Any) -> None:
        heard(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound, None)

    def better(event: Any) -> None:
        out = event.data_out
        heard(out.mip_primal_bound, out.mip_dual_bound, np.array(out.mip_solution))

    highs.cbMipLogging.subscribe(look)
    highs.cbMipImprovingSolution.subscribe(better)


def _lp(matrix: Matrix, cost: Floats, relaxed: bool) -> Any:
    lp = highspy.HighsLp()
    columns, rows = len(cost), len(matrix.low)
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(columns), matrix.upper
    lp.row_lower_, lp.row_upper_ = matrix.low, matrix.high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = columns, rows
    lp.a_matrix_.start_ = matrix.starts.astype(np.int32)
    lp.a_matrix_.index_ = matrix.columns.astype(np.int32)
    lp.a_matrix_.value_ = matrix.values
    if not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[whole] for whole in matrix.whole.tolist()]
    return lp


def _answer(highs: Any, relaxed: bool) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    kinds = highspy.HighsModelStatus
    if status == kinds.kInfeasible:
        return Answer(None, math.inf, True, impossible=True)
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value) if found else None
    closed = status == kinds.kOptimal and found
    if relaxed:
        bound = info.objective_function_value if closed else -math.inf
    else:
        bound = info.mip_dual_bound
    return Answer(values, bound, closed)
