"""Kit: the doors every service has: health, metrics, audit, parked messages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlmodel import Session, col, func, select

from services.kit import clock, db, inbox, metrics, relay
from services.kit.auth import Role
from services.kit.errors import Conflict, Invalid, Malformed
from services.kit.guard import Guard
from services.kit.inbox import Inbox, Parked
from services.kit.numbers import Numbers
from services.kit.timers import Timer
from services.kit.web import Router, Tx, Who

# Rows of one kind for the audit: session, district, after which id, how many; sorted by id.
AuditRows = Callable[[Session, str, UUID | None, int], Sequence[dict[str, Any]]]
Audits = Mapping[str, AuditRows]

OLDEST_UNSENT = 60  # seconds; older than this the service is not ready
OVERDUE = timedelta(seconds=5)


class ParkedOut(BaseModel):
    """A message waiting for a person."""

    id: UUID
    stream: str
    stream_seq: int
    subject: str
    body: dict[str, Any] | None
    error: str
    parked_at: str
    settled_how: str | None


class ReasonIn(BaseModel):
    """Why."""

    reason: str = Field(min_length=1, max_length=500)


def health(guards: Sequence[Guard]) -> APIRouter:
    """For machines: `/livez`, `/readyz` (database, broker, guard, outbox age), `/metrics`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        state = request.app.state

        def look(session: Session) -> dict[str, bool]:
            waiting = relay.unsent(session)
            metrics.OUTBOX_AGE.set(relay.age(waiting))
            unsettled = (
                select(func.count()).select_from(Parked).where(col(Parked.settled_at).is_(None))
            )
            metrics.PARKED.set(session.exec(unsettled).one())
            return {"database": True, "outbox": relay.age(waiting) < OLDEST_UNSENT}

        def guarded(session: Session) -> dict[str, bool]:
            stands = all(guard.stands(session) for guard in guards)
            session.rollback()
            return {"guard": stands}

        found = {"database": False, "guard": False, "outbox": False}
        try:
            found |= await state.database.read(look)
            found |= await state.database.write(guarded)
        except Exception as error:
            found["database"] = False
            state.log.warning("not ready", error=repr(error))
        found["broker"] = state.bus.connected and not state.bus.denied
        ready = all(found.values())
        return JSONResponse({"ready": ready, **found}, 200 if ready else 503)

    @router.get("/metrics")
    async def numbers() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def doors(audits: Audits, inbox_of: Inbox) -> APIRouter:
    """`/audit` for a supervisor; `/parked` for an administrator."""
    router = Router(tags=["house"])
    kinds: dict[str, AuditRows] = {
        **audits,
        "overdue": _overdue,
        "parked": _parked,
        "setting": _settings,
    }

    @router.get("/audit")
    def audit(
        tx: Tx,
        who: Who,
        kind: str | None = None,
        after: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    ) -> dict[str, Any]:
        """Rows of one kind with their versions, sorted by id; without `kind`, the kinds."""
        who.needs(Role.SUPERVISOR)
        if kind is None:
            return {"kinds": sorted(kinds), "now": clock.now().isoformat()}
        if kind not in kinds:
            raise Malformed("kind_unknown", kinds=sorted(kinds))
        rows = kinds[kind](tx, who.district, after, limit)
        more = rows[-1]["id"] if len(rows) == limit else None
        return {"items": rows, "next": more, "now": clock.now().isoformat()}

    @router.get("/parked")
    def parked(tx: Tx, who: Who, settled: bool = False) -> dict[str, list[ParkedOut]]:
        """Messages that could not be acted on, oldest first."""
        who.needs(Role.ADMINISTRATOR)
        chosen = select(Parked).order_by("parked_at").limit(100)
        if not settled:
            chosen = chosen.where(col(Parked.settled_at).is_(None))
        return {"items": [_shown(row) for row in tx.exec(chosen)]}

    @router.post("/parked/{id}/replay")
    def replay(id: UUID, tx: Tx, who: Who) -> ParkedOut:
        """Act on it again, through the same inbox."""
        who.needs(Role.ADMINISTRATOR)
        row = _open(tx, id)
        if row.body is None:
            raise Invalid("not_readable")
        try:
            inbox.replay(tx, inbox_of, row, by=who.id)
        except inbox.Unreadable as error:
            raise Invalid("not_readable", error=str(error)) from error
        return _shown(row)

    @router.post("/parked/{id}/drop")
    def drop(id: UUID, body: ReasonIn, tx: Tx, who: Who) -> ParkedOut:
        """Close it unheard, with a reason."""
        who.needs(Role.ADMINISTRATOR)
        row = _open(tx, id)
        inbox.settle(tx, row, how=f"dropped: {body.reason}", by=who.id)
        return _shown(row)

    return router


def _open(session: Session, id: UUID) -> Parked:
    row = db.get(session, Parked, id, lock=True)
    if row.settled_at is not None:
        raise Conflict("already_settled", how=row.settled_how)
    return row


def _shown(row: Parked) -> ParkedOut:
    facts = row.model_dump(exclude={"raw", "settled_at", "settled_by", "parked_at"})
    return ParkedOut(**facts, parked_at=row.parked_at.isoformat())


def _overdue(
    session: Session, district: str, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    late = select(Timer).where(col(Timer.due_at) < clock.now() - OVERDUE).order_by("key", "verb")
    rows = session.exec(late.limit(limit)).all() if after is None else []
    return [
        {"id": str(r.key), "verb": r.verb, "due_at": r.due_at.isoformat(), "tries": r.tries}
        for r in rows
    ]


def _parked(
    session: Session, district: str, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    waiting = select(Parked).where(col(Parked.settled_at).is_(None)).order_by("id").limit(limit)
    rows = session.exec(waiting).all() if after is None else []
    return [{"id": str(r.id), "subject": r.subject, "error": r.error} for r in rows]


def _settings(
    session: Session, district: str, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    known = Numbers.of(session, district).all() if after is None else {}
    return [{"id": name, "value": value} for name, value in sorted(known.items())]
