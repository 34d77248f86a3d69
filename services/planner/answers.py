"""Planner: plans, rankings and violations as values for JSON."""

from typing import Any

from services.planner.plans import Plan, Ranking, Reason, Violation


def write_plan(plan: Plan) -> dict[str, Any]:
    """The plan as a value for JSON. `score` and `bound` are [unserved weight, soft points]."""
    return {
        "assignments": [list(one) for one in plan.assignments],
        "unserved": [gone.lesson for gone in plan.unserved],
        "status": str(plan.status),
        "score": list(plan.score),
        "bound": list(plan.bound),
        "seconds": round(plan.seconds, 3),
        "terms": dict(plan.terms),
        "why": [
            {
                "lesson": gone.lesson,
                "headline": gone.headline,
                "counts": dict(gone.counts),
                "took": list(gone.took),
                "change": gone.change and {"kind": gone.change.kind, **gone.change.facts},
            }
            for gone in plan.unserved
        ],
        "violations": [write_violation(broken) for broken in plan.violations],
    }


def write_violation(broken: Violation) -> dict[str, Any]:
    return {"code": broken.code, "lessons": list(broken.lessons), **broken.facts}


def write_ranking(found: Ranking) -> dict[str, Any]:
    return {
        "lesson": found.lesson,
        "candidates": [
            {
                "lecturer": one.lecturer,
                "start": one.start,
                "points": one.points,
                "terms": dict(one.terms),
            }
            for one in found.candidates
        ],
        "excluded": [
            {
                "lecturer": one.lecturer,
                "always": [write_reason(reason) for reason in one.always],
                "at": [
                    {"start": start, "reasons": [write_reason(reason) for reason in reasons]}
                    for start, reasons in one.at.items()
                ],
            }
            for one in found.excluded
        ],
    }


def write_reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, **reason.facts}
