"""The portal: front door, accounts, tokens, pages."""

import asyncio
import importlib
import pkgutil

from fastapi import APIRouter, FastAPI

from services.kit import clock
from services.kit.app import make_app
from services.portal import api, oidc, pages, signing
from services.portal.pages import frame, live
from services.portal.pages.upstream import Upstream
from services.portal.queries import AUDITS


async def first_key(app: FastAPI, stopping: asyncio.Event) -> None:
    """The key that signs is made at the first start."""
    await app.state.database.write(lambda session: signing.ensure(session, at=clock.real()))
    await stopping.wait()


async def connections(app: FastAPI, stopping: asyncio.Event) -> None:
    """To the services, kept open between pages."""
    try:
        await stopping.wait()
    finally:
        await app.state.upstream.close()


def doors() -> list[APIRouter]:
    """Every router of every module of pages: a new page needs no second entry."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    modules = [importlib.import_module(f"{pages.__name__}.{name}") for name in names]
    return [value for m in modules for value in vars(m).values() if isinstance(value, APIRouter)]


def portal() -> FastAPI:
    """A file of the identity provider that cannot be right keeps the service from starting."""
    oidc.settings()
    made = make_app(
        "portal",
        [api.router],
        public=[api.root, *doors()],
        audits=AUDITS,
        background=[first_key, connections, live.listen],
    )
    made.state.upstream = Upstream()
    made.state.live = live.Hub()
    frame.install(made)
    return made


app = portal()
