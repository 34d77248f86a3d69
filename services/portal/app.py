"""The portal: front door, accounts, tokens."""

import asyncio

from fastapi import FastAPI

from services.kit import clock
from services.kit.app import make_app
from services.portal import api, signing
from services.portal.queries import AUDITS


async def first_key(app: FastAPI, stopping: asyncio.Event) -> None:
    """The key that signs is made at the first start."""
    await app.state.database.write(lambda session: signing.ensure(session, at=clock.real()))
    await stopping.wait()


app = make_app("portal", [api.router], public=[api.root], audits=AUDITS, background=[first_key])
