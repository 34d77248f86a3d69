"""Portal: a lecturer's answer straight from a mail. The link is sealed for one person and one
offer and works once; opening it shows the card, a button on the card answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, select

from services.kit import clock, seals
from services.kit.auth import Role
from services.portal import secrecy, sessions, signing, tickets
from services.portal.models import Account, Ticket
from services.portal.pages import refusals, render
from services.portal.pages.forms import read_form
from services.portal.pages.frame import language_of
from services.portal.pages.upstream import Calls, Refused
from services.portal.pages.visit import check_origin
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import words

outside = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Link:
    """Whose answer to what; `token` is an access token of that person, used behind this page."""

    account: Account
    offer_id: UUID
    mark: str  # hash of the link: what is kept once it was used
    calls: Calls


@outside.get("/go/{token}")
async def card(request: Request, token: str) -> Response:
    """What, when, where; nothing changes."""
    link = await _opened(request, token)
    if link is None:
        return _dead(request)
    try:
        offer = await link.calls.ask("lecturer", "GET", f"/offers/{link.offer_id}")
    except Refused as refused:
        return _dead(request, refused)
    return _card(request, link, offer)


@outside.post("/go/{token}")
async def answer(request: Request, token: str) -> Response:
    """Accept or decline, once. The address is the secret, and the form comes from the card."""
    check_origin(request)
    fields = (await read_form(request, most_fields=20)).fields
    link = await _opened(request, token)
    if link is None:
        return _dead(request)
    act, reason = fields.get("act", ""), fields.get("reason", "")
    try:
        offer = await link.calls.ask("lecturer", "GET", f"/offers/{link.offer_id}")
    except Refused as refused:
        return _dead(request, refused)
    if act not in ("accept", "decline") or (act == "decline" and reason not in WORDS["decline"]):
        return _card(request, link, offer, Refused(422, "reason_required", {}))
    database, real = request.app.state.database, clock.real()
    if not await database.write(lambda s: _claim(s, link, real)):
        return _dead(request)
    body: dict[str, Any] = {"revision": offer["revision"]}
    if act == "decline":
        body = {"reason": reason}
    try:
        await link.calls.ask("lecturer", "POST", f"/offers/{link.offer_id}/{act}", body=body)
    except Refused as refused:
        # Nothing was answered, so the link is as good as before.
        await database.write(lambda s: _give_back(s, link))
        return _card(request, link, offer, refused)
    return _page(request, link, "account/offer_done.html", offer=offer, act=act)


async def _opened(request: Request, token: str) -> Link | None:
    ids = seals.read(tickets.OFFER, token, now=clock.now())
    if ids is None or len(ids) != 2:
        return None
    account_id, offer_id = ids
    mark, real = secrecy.hash_secret(token), clock.real()

    def whose(session: Session) -> tuple[Account, str] | None:
        account = session.get(Account, account_id)
        used = session.exec(select(Ticket.id).where(Ticket.secret_hash == mark)).first()
        if used or account is None or not account.active or account.lecturer_id is None:
            return None
        claims = sessions.claims_of(account, real) | {"roles": [str(Role.LECTURER)]}
        keys = signing.newest_keys(session)
        return (account, signing.sign(signing.current(keys, at=real), claims)) if keys else None

    found = await request.app.state.database.read(whose)
    if found is None:
        return None
    account, access = found
    return Link(account, offer_id, mark, Calls(request.app.state.upstream, access, mark))


def _claim(session: Session, link: Link, real: Any) -> bool:
    """The link is used from now on; False when somebody was faster."""
    known = select(Ticket.id).where(Ticket.secret_hash == link.mark)
    if session.exec(known).first():
        return False
    ticket, _ = tickets.issue(session, tickets.OFFER, account_id=link.account.id, real=real)
    ticket.secret_hash, ticket.used_at = link.mark, real
    session.flush()
    return True


def _give_back(session: Session, link: Link) -> None:
    for ticket in session.exec(select(Ticket).where(col(Ticket.secret_hash) == link.mark)):
        session.delete(ticket)


def _card(
    request: Request, link: Link, offer: dict[str, Any], refused: Refused | None = None
) -> Response:
    said = words(link.account.language)
    problem = refusals.sentence(refused, said) if refused else ""
    return _page(
        request,
        link,
        "account/offer_card.html",
        status=refused.status if refused else 200,
        offer=offer,
        moves=offer.get("moves", []),
        reasons=[(code, said.word("decline", code)) for code in WORDS["decline"]],
        problem=problem,
        now=clock.now(),
    )


def _dead(request: Request, refused: Refused | None = None) -> Response:
    if refused is not None and refused.status >= 500:
        raise refused
    html = render.outside("account/link_dead.html", language_of(request), again=False)
    return HTMLResponse(html, 404, headers={"Cache-Control": "no-store"})


def _page(
    request: Request, link: Link, template: str, *, status: int = 200, **context: Any
) -> Response:
    html = render.outside(template, link.account.language, who=link.account.name, **context)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return HTMLResponse(html, status, headers=headers)
