"""Portal: the menus of the roles. A person with several roles sees them one after another."""

from dataclasses import dataclass

from services.kit.auth import Role


@dataclass(frozen=True)
class Item:
    """One place: its address, its name, its picture (a name of bootstrap-icons)."""

    url: str
    name: str
    icon: str


MENUS: dict[Role, tuple[Item, ...]] = {
    Role.TOWNSHIP: (
        Item("/clerk", "工作台", "house"),
        Item("/clerk/menu", "课程菜单", "book"),
        Item("/clerk/letters", "我的约课", "envelope-paper"),
        Item("/clerk/today", "上课当天", "calendar2-check"),
        Item("/clerk/school", "本校", "building"),
        Item("/clerk/seasons", "季度征集", "inboxes"),
        Item("/clerk/groupings", "拼班与送教", "people"),
    ),
    Role.SCHEDULER: (
        Item("/desk", "工作台", "house"),
        Item("/desk/review", "审单", "clipboard-check"),
        Item("/desk/board", "派单台", "grid-3x3"),
        Item("/desk/plans", "排课方案", "calendar2-range"),
        Item("/desk/seasons", "季度征集", "inboxes"),
        Item("/desk/groupings", "拼班与送教", "people"),
        Item("/desk/rescue", "告急台", "exclamation-triangle"),
        Item("/desk/lessons", "课次", "calendar3"),
        Item("/desk/offers", "派课单与代答", "telephone"),
        Item("/desk/lecturers", "师资库", "people"),
        Item("/desk/courses", "课程", "book"),
        Item("/desk/sites", "教学点", "geo-alt"),
        Item("/desk/impact", "变更", "arrow-left-right"),
        Item("/ledger", "公平账", "bar-chart-steps"),
        Item("/desk/audit", "审计", "journal-text"),
    ),
    Role.LECTURER: (
        Item("/phone", "待办", "inbox"),
        Item("/phone/agenda", "日程", "calendar3"),
        Item("/phone/away", "不可用时间", "calendar-x"),
        Item("/phone/me", "我的", "person"),
    ),
    Role.SUPERVISOR: (
        Item("/supervisor", "总览", "bar-chart"),
        Item("/desk/groupings", "拼班与送教", "people"),
        Item("/supervisor/disputes", "异议", "chat-square-text"),
        Item("/supervisor/appeals", "申诉与重开", "arrow-counterclockwise"),
        Item("/desk/plans", "排课方案", "calendar2-range"),
        Item("/desk/seasons", "季度征集", "inboxes"),
        Item("/ledger", "公平账", "bar-chart-steps"),
        Item("/supervisor/audit", "审计", "journal-text"),
    ),
    Role.ADMINISTRATOR: (
        Item("/admin/accounts", "账号", "person-gear"),
        Item("/admin/schools", "学校", "building"),
        Item("/admin/numbers", "区级参数", "sliders"),
        Item("/admin/import", "导入", "file-earmark-spreadsheet"),
        Item("/admin/audit", "审计", "journal-text"),
    ),
}


def home(roles: frozenset[Role]) -> str:
    """Where a person starts."""
    return next((MENUS[role][0].url for role in MENUS if role in roles), "/account")


def of(roles: frozenset[Role]) -> list[tuple[Role, tuple[Item, ...]]]:
    return [(role, items) for role, items in MENUS.items() if role in roles]
