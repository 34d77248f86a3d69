"""How a service ends."""

import asyncio

from services.kit.app import end


async def test_a_task_that_lost_its_first_cancellation_is_ended_all_the_same() -> None:
    lost = 0

    async def connects_for_ever() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    task = asyncio.create_task(connects_for_ever())
    await asyncio.sleep(0)

    await asyncio.wait_for(end([task]), timeout=10)

    assert (task.cancelled(), lost) == (True, 3)
