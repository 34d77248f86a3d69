"""Portal: the administrator's accounts: who may come in, and as what."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit import clock
from services.kit.auth import PEOPLE, Role
from services.kit.ids import uuid7
from services.portal import totp
from services.portal.pages.frame import Page, pages

router = pages("/admin/accounts", Role.ADMINISTRATOR)
ROLES = [role for role in Role if role in PEOPLE]
SHEET = 100  # rows of one answer; a sheet asks on
MOST_SHEETS = 20


@router.get("")
async def accounts(
    page: Page,
    q: str = "",
    role: str = "",
    school_id: str = "",
    active: str = "",
    cursor: str | None = None,
    format: str = "",
) -> Response:
    chosen: dict[str, Any] = {
        "q": q.strip()[:100],
        "role": role if role in ROLES else None,
        "school_id": uuid(school_id),
        "active": {"yes": True, "no": False}.get(active),
    }
    if format == "xlsx":
        return await _sheet(page, chosen)
    found, schools = await page.gather(
        page.get("portal", "/accounts", **chosen, cursor=cursor, limit=50),
        page.get_or({"items": []}, "booking", "/schools"),
    )
    return await page.show(
        "admin/accounts.html", found=found, schools=named(schools), chosen=chosen, roles=ROLES
    )


async def _sheet(page: Page, chosen: dict[str, Any]) -> Response:
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    for _ in range(MOST_SHEETS):
        found = await page.get("portal", "/accounts", **chosen, cursor=cursor, limit=SHEET)
        rows += found["items"]
        cursor = found["next"]
        if not cursor:
            break
    words = page._
    columns: list[Any] = [
        (words("账号"), "login"),
        (words("姓名"), "name"),
        (words("角色"), lambda row: [words.word("role", role) for role in row["roles"]]),
        (words("邮箱"), "email"),
        (words("状态"), lambda row: words("启用") if row["active"] else words("已停用")),
    ]
    return page.excel(words("账号"), columns, rows)


@router.get("/new")
async def new(page: Page, school_id: str = "") -> Response:
    """`school_id`: for the clerk of this school."""
    return await _form(page, None, for_school=uuid(school_id))


@router.get("/{id}")
async def edit(page: Page, id: UUID) -> Response:
    return await _form(page, await page.get("portal", f"/accounts/{id}"))


async def _form(page: Page, account: dict[str, Any] | None, **more: Any) -> Response:
    schools, lecturers = await page.gather(
        page.get_or({"items": []}, "booking", "/schools"),
        page.get_or(None, "lecturer", f"/lecturers/{account['lecturer_id']}")
        if account and account["lecturer_id"]
        else _nobody(),
    )
    two_steps = False
    if account:
        id = UUID(account["id"])
        two_steps = await page.read(lambda s: totp.is_on(s, id))
    known: dict[str, Any] = {"password": None, "for_school": None, **more}
    return await page.show(
        "admin/account.html",
        account=account,
        id=account["id"] if account else str(uuid7()),
        school_pairs=[(school["id"], school["name"]) for school in schools["items"]],
        lecturer=lecturers,
        roles=ROLES,
        two_steps=two_steps,
        **known,
    )


async def _nobody() -> None:
    return None


@router.get("/pick/lecturers")
async def lecturers(page: Page, lecturer_q: str = "") -> Response:
    """Who the name or code typed may mean."""
    found: dict[str, Any] = {"items": []}
    if lecturer_q.strip():
        found = await page.get("lecturer", "/lecturers", q=lecturer_q.strip()[:50], limit=10)
    return page.fragment("admin/pick_lecturer.html", lecturers=found["items"])


@router.post("/{id}")
async def save(page: Page, id: UUID) -> Response:
    form = page.form
    roles = page.lists("roles")
    body = {
        "login": form["login"].casefold(),
        "name": form["name"],
        "roles": roles,
        "email": form.get("email") or None,
        "language": form.get("language", "zh"),
        "school_id": form.get("school_id") or None if Role.TOWNSHIP in roles else None,
        "lecturer_id": form.get("lecturer_id") or None if Role.LECTURER in roles else None,
    }
    made = await page.put("portal", f"/accounts/{id}", body, if_match=form.version or None)
    done = page._("账号 %(login)s 已保存。", login=made["login"])
    if not form.version:
        done = page._("账号已建立。请生成一次性密码并交给本人。")
    return await page.go(f"/admin/accounts/{id}", done=done)


@router.post("/{id}/disable")
async def disable(page: Page, id: UUID) -> Response:
    await page.post("portal", f"/accounts/{id}/disable")
    undo: tuple[str, dict[str, Any]] = (f"/admin/accounts/{id}/enable", {})
    return await page.go(
        f"/admin/accounts/{id}", done=page._("账号已停用，已登录的设备全部退出。"), undo=undo
    )


@router.post("/{id}/enable")
async def enable(page: Page, id: UUID) -> Response:
    await page.post("portal", f"/accounts/{id}/enable")
    return await page.go(f"/admin/accounts/{id}", done=page._("账号已启用。"))


@router.post("/{id}/reset")
async def reset(page: Page, id: UUID) -> Response:
    """The password is shown on the page that follows, this once."""
    made = await page.post("portal", f"/accounts/{id}/reset_password")
    account = await page.get("portal", f"/accounts/{id}")
    return await _form(page, account, password=made["password"])


@router.post("/{id}/two-steps")
async def remove_two_steps(page: Page, id: UUID) -> Response:
    by, at = page.visitor.caller, clock.now()
    await page.write(lambda s: totp.remove(s, id, by=by, at=at))
    return await page.go(f"/admin/accounts/{id}", done=page._("两步验证已关闭。"))


def uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def named(schools: dict[str, Any]) -> dict[str, str]:
    return {school["id"]: school["name"] for school in schools["items"]}
