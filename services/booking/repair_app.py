"""Booking: repairs in the background. One process per database runs them: it asks the lecturer room
for the ground and the planner for the least disturbance, and writes down what could be done."""

import asyncio
import time
from contextlib import aclosing, suppress
from uuid import UUID

from fastapi import FastAPI

from services.booking import plan_app, repair_queries, repairs
from services.booking.plan_answer import Answer, Reading
from services.booking.repair_problem import Damaged, RepairDesk
from services.booking.repair_proposal_queries import lines_of
from services.kit import clock, log
from services.kit.bus import Bus
from services.kit.db import Database, Lease
from services.kit.errors import Refusal, Unavailable
from services.kit.talk import talk
from services.kit.waiting import wait

LOOK = 0.2  # seconds between two looks for something to do


async def run_repairs(app: FastAPI, stopping: asyncio.Event) -> None:
    """Until the service stops. What runs then has failed (`interrupted`) and may be run again."""
    await Runner(app.state.database, app.state.bus).run(stopping)


class Runner:
    def __init__(self, database: Database, bus: Bus) -> None:
        self.database, self.bus = database, bus
        self._lease = Lease(database, "repairs")
        self._runs: dict[UUID, asyncio.Task[None]] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        try:
            while not stopping.is_set():
                if await asyncio.to_thread(self._lease.held):
                    await self._look()
                await wait(stopping, LOOK)
        finally:
            for task in self._runs.values():
                task.cancel()
            await asyncio.gather(*self._runs.values(), return_exceptions=True)
            self._lease.release()

    async def _look(self) -> None:
        for id in [id for id, task in self._runs.items() if task.done()]:
            task = self._runs.pop(id)
            if not task.cancelled() and (error := task.exception()):
                log.get().error("repair stumbled", repair=str(id), error=repr(error))
        todo = await self.database.read(repairs.work)
        for id in todo.running:
            if id not in self._runs:
                await self._failed(id, Unavailable("interrupted"))
        for id in todo.to_run:
            if id not in self._runs:
                self._runs[id] = asyncio.create_task(self._run(id))

    async def _run(self, repair_id: UUID) -> None:
        began = time.monotonic()
        try:
            await self.database.write(
                lambda session: repairs.begin(session, repair_id, real=clock.real())
            )
            material = await self.database.read(
                lambda session: repair_queries.material(session, repair_id, at=clock.now())
            )
            answer = None
            if material.wanted is not None:
                answer = await self._answer(repair_id, material.wanted, material.district)
            lines = lines_of(material, answer)
            await self.database.write(
                lambda session: repairs.finish(
                    session,
                    repair_id,
                    lines,
                    status=answer.status if answer else None,
                    seconds=round(time.monotonic() - began, 3),
                    at=clock.now(),
                )
            )
        except Refusal as refusal:
            await self._failed(repair_id, refusal)
        except Exception:
            # A bug: seen in the log, and the repair does not stand there as if it ran.
            log.get().exception("repair failed", repair=str(repair_id))
            await self._failed(repair_id, Unavailable("plan_broken"))

    async def _answer(self, repair_id: UUID, wanted: Damaged, district: str) -> Answer:
        ground = await plan_app.ground(self.bus, wanted, district)
        desk = await asyncio.to_thread(RepairDesk, wanted, ground)
        question = await asyncio.to_thread(lambda: desk.question(repair_id).model_dump(mode="json"))
        async with aclosing(talk(self.bus, "repair", question)) as answers:
            async for said in answers:
                if said["kind"] == "done":
                    return Reading(desk).of(plan_app.valid(said["plan"]))
                if said["kind"] == "refused":
                    raise Unavailable(said["code"], where=said["where"], why=said["why"])
        raise Unavailable("planner_lost", service="planner")

    async def _failed(self, repair_id: UUID, refusal: Refusal) -> None:
        with suppress(Refusal):  # discarded meanwhile
            await self.database.write(
                lambda session: repairs.fail(
                    session, repair_id, code=refusal.code, facts=refusal.facts, at=clock.now()
                )
            )
