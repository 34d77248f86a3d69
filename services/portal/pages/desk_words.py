"""Portal: what the district's pages call numbers, deeds and fields."""

from typing import Any

from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import Words

# A number of the workbench: its name and what it means.
COUNTS: dict[str, tuple[str, str]] = {
    "review_overdue": ("审单逾期", "提交后超过审单时限的邀请函"),
    "overdue": ("处置逾期", "超过时限还没有确认、决定或裁定的课次"),
    "at_risk": ("告急", "临近开课而没有讲师的课次"),
    "conflicts": ("冲突", "场地或日期已经不能用的课次"),
    "not_checked_in": ("开课未签到", "已到开课时间，讲师还没有签到"),
    "answer_soon": ("快到时限未答", "4 小时内到期的派课单，可以打电话问"),
    "no_show": ("未到", "讲师没有到课的记录"),
    "unappointed": ("没有有效聘书", "在库而今天没有有效聘书的讲师"),
    "to_review": ("待审", "等待审单的邀请函"),
    "lines_mended": ("补正待复审", "学校已补正、等待复审的课次"),
    "unplaced": ("待排", "已受理、还没有排定时间地点的课次"),
    "waitlisted": ("候补", "等待场地或讲师空出来的课次"),
    "to_decide": ("待决定", "未授课或部分授课，要补课或结案"),
    "changes_to_answer": ("改期待答复", "学校提出改期，等区里答复"),
    "countered": ("讲师另提时间", "讲师想换个时间，等区里决定"),
    "release_requested": ("讲师申请退出", "临近开课，讲师申请退出"),
    "suspended": ("暂缓", "暂缓的课次"),
    "unanswered": ("待接单", "讲师还没有答复的派课单"),
    "not_reconfirmed": ("未再次确认", "一天内开课，讲师还没有再次确认"),
    "changes_waiting": ("改期等学校", "区里提出改期，等学校答复"),
    "delivered": ("待确认授课", "已授课，等学校确认"),
    "disputed": ("有异议", "学校提出异议，等督导裁定"),
    "letters_expiring": ("聘书将到期", "60 天内到期而没有续聘的聘书"),
    "today": ("今天的课", "今天开课的课次"),
}
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "逾期与告急",
        "alarm",
        (
            *("review_overdue", "overdue", "at_risk", "conflicts"),
            *("not_checked_in", "answer_soon", "no_show", "unappointed"),
        ),
    ),
    (
        "等区里办",
        "wait",
        (
            *("to_review", "lines_mended", "unplaced", "waitlisted", "to_decide"),
            *("changes_to_answer", "countered", "release_requested"),
        ),
    ),
    (
        "等别人答复与临近",
        "calm",
        (
            *("unanswered", "not_reconfirmed", "changes_waiting", "delivered"),
            *("disputed", "suspended", "letters_expiring", "today"),
        ),
    ),
)
DOORS = {
    "orders": "/desk/review",
    "lessons": "/desk/lessons",
    "changes": "/desk/changes",
    "offers": "/desk/offers",
    "assignments": "/desk/promises",
    "appointments": "/desk/letters",
    "lecturers": "/desk/lecturers",
}
# What was done, in the past; verbs of the tables and what is told beside them.
TOLD: dict[str, str] = {
    "submit": "提交了邀请函",
    "discard": "删除了草稿",
    "stale_or_dates_past": "草稿过期",
    "return_for_fix": "整单退回补正",
    "reject": "驳回了邀请函",
    "approve": "审单",
    "withdraw": "撤回",
    "review_sla": "审单超过时限",
    "all_dates_past": "所选日期都已过去",
    "resubmit": "补正后重新提交",
    "fix_deadline": "补正期限已过",
    "amend_lines": "补正了课次",
    "amended": "课次已补正",
    "review_lines": "复审了课次",
    "cancel_order": "取消了整单",
    "cancel_order_by_district": "区里取消了整单",
    "all_lessons_settled_some_verified": "全部课次了结，邀请函办结",
    "all_lessons_settled_none_verified": "没有课次授成，邀请函取消",
    "reopen": "重新打开",
    "urge": "学校催办",
    "requested": "提出约课",
    "line_approved": "审单通过",
    "line_returned": "退回补正",
    "line_refused_or_order_dead": "未获受理",
    "line_fix_deadline": "补正期限已过",
    "place": "排定时间地点",
    "park": "转入候补",
    "capacity_found": "有空位了，回到待排",
    "window_passed": "可选日期已过",
    "cancel": "学校取消",
    "cancel_by_district": "区里取消",
    "order_dead": "随邀请函一并取消",
    "all_seats_filled": "讲师接单，课次确认",
    "candidates_exhausted": "没有讲师可派，回到待排",
    "unplace": "取消排课",
    "suspend": "暂缓",
    "start_reached_unfilled": "到开课时间仍无讲师",
    "seat_lost_early": "讲师退出，重新派单",
    "seat_lost_late": "临近开课讲师退出，告急",
    "retime_applied": "改期生效，重新派单",
    "retime_kept": "改期生效，讲师不变",
    "retime_asked": "改期已同意，征求讲师意见",
    "retime_dropped": "改期未成，按原时间",
    "wishes_changed": "改了期望时间",
    "checkin": "讲师到场，开始授课",
    "no_show_rescue_possible": "讲师未到，紧急找人",
    "no_show_no_rescue": "讲师未到，未能授课",
    "substitute_committed": "替补讲师已到位",
    "downgrade_agreed": "学校同意了替补讲师",
    "rescue_failed": "没有找到替补讲师",
    "resume_intact": "恢复，一切照旧",
    "resume_broken": "恢复，重新派单",
    "new_slot": "换时间恢复",
    "hold_ttl": "暂缓到期，回到待排",
    "complete": "授课完成",
    "no_checkout": "没有签退，按计划结束",
    "abort_some": "中途中止",
    "abort_none": "没有授课",
    "handover": "中途换人",
    "accept_as_is": "学校按现状认可",
    "schedule_makeup": "安排补课",
    "close_unmet": "结案，未授课",
    "decision_sla": "超过时限未决定",
    "attest_ok": "学校确认授课",
    "attest_by_district": "区里代为确认授课",
    "attest_sla": "超过时限未确认",
    "dispute": "学校提出异议",
    "resolve_verified": "裁定：核实",
    "resolve_written_off": "裁定：核销",
    "dispute_sla": "超过时限未裁定",
    "propose": "提出改期",
    "propose_wished": "按期望时间改期",
    "accept": "同意",
    "counter": "另提时间",
    "deadline": "逾期未答复",
    "lesson_dead": "课次已不在，作罢",
    "apply_ok": "改期生效",
    "apply_conflict": "改期未能生效",
    "send": "发出派课单",
    "sent": "发出派课单",
    "accept_but_conflict": "接单时发现冲突",
    "decline": "婉拒",
    "revoke": "撤回派课单",
    "seat_filled_by_other": "他人已接",
    "lesson_revised": "课次有变，派课单失效",
    "lesson_cancelled_or_suspended": "课次取消或暂缓，派课单失效",
    "lecturer_ineligible": "讲师不再符合条件，派课单失效",
    "adopt_counter": "采纳讲师所提时间",
    "refuse_counter": "不采纳讲师所提时间",
    "withdraw_counter": "讲师撤回所提时间",
    "late_accept_seat_open": "逾期后接单",
    "remind": "提醒讲师答复",
    "commit": "承诺授课",
    "reconfirm": "再次确认会来",
    "reconfirm_missed": "没有再次确认",
    "release_early": "提前退出",
    "release_late_request": "申请退出",
    "grant": "同意退出",
    "refuse": "不同意",
    "withdraw_request": "撤回退出申请",
    "no_checkin": "未到",
    "void": "作废",
    "replace": "改派",
    "checkout": "签退",
    "leave_or_handover": "离场或交接",
    "abort_nothing_taught": "没有授课，作废",
    "appeal_upheld": "申诉成立，不计未到",
    "moved": "时间地点变更",
    "no_checkin_alarm": "开课未签到，已提醒",
    "retimed": "承诺改到新时间",
    "retime_accepted": "讲师同意改期",
    "retime_conflict": "新时间与讲师别的课冲突",
    "choose_language": "换了界面语言",
    "choose_password": "改了密码",
    "sign_in": "登录",
    "put": "登记或修改",
    "qualify": "调整可授课程",
    "activate": "重新启用",
    "deactivate": "停用",
    "raise_cap": "调高课量上限",
    "reset_cap": "恢复课量上限",
    "set_availability": "调整可用时间",
    "take_leave": "登记请假",
    "undo_leave": "撤销请假",
    "trial": "试讲",
    "publish": "上架",
    "retire": "下架",
    "close": "暂停开放",
}
ABOUT: dict[str, str] = {
    "booking.order": "邀请函",
    "booking.lesson": "课次",
    "booking.change": "改期单",
    "booking.plan": "排课方案",
    "booking.season": "季度征集",
    "booking.calendar": "工作日历",
    "booking.numbers": "区级参数",
    "booking.school": "学校",
    "lecturer.offer": "派课单",
    "lecturer.assignment": "授课承诺",
    "lecturer.staffing": "席位",
    "lecturer.lecturer": "讲师",
    "lecturer.appointment": "聘书",
    "catalog.course": "课程",
    "catalog.site": "教学点",
    "portal.account": "账号",
}
FACTS: dict[str, str] = {
    "changed": "变更",
    "expiring": "即将到期",
    "lapsed": "已到期",
    "reminded": "提醒答复",
    "sent": "发出派课单",
}
# What of a line, and of a letter, can be sent back for mending.
LINE_FIELDS: dict[str, str] = {
    "course_id": "课程",
    "delivery": "授课形式",
    "wishes": "期望时间",
    "venue_id": "场地",
    "site_id": "教学点",
    "address": "地址",
    "audience": "授课对象",
    "expected_attendees": "人数",
    "preferred_lecturers": "意向讲师",
    "notes": "备注",
}
LETTER_FIELDS: dict[str, str] = {
    "title": "标题",
    "contact_name": "联系人",
    "contact_phone": "联系电话",
    "notes": "备注",
    "urgent_reason": "加急原因",
    "lines": "各课次",
}
# Parts of a candidate's score.
TERMS: dict[str, str] = {
    "wish": "学校意向",
    "pool": "师资类别",
    "distance": "路程",
    "load_month": "本月课量",
    "load_year": "本年课量",
    "often_at_school": "常到该校",
    "evenings": "晚课轮流",
    "far": "远途轮流",
    "short_notice": "临时轮流",
    "experience": "讲过这门课",
}
CHANNELS: tuple[str, ...] = tuple(WORDS["channel"])


def told(words: Words, verb: str | None, fact: str = "") -> str:
    """What was done; the code itself when there is no word."""
    if verb and verb in TOLD:
        return words(TOLD[verb])
    if fact in FACTS and not verb:
        return words(FACTS[fact])
    found = WORDS["verb"].get(verb or "")
    return words(found) if found else verb or fact


def by(words: Words, actor: dict[str, Any]) -> str:
    """Who did it: a name, or what he is; and for whom by which channel."""
    role = words.word("role", actor.get("role"))
    who = f"{actor['name']}（{role}）" if actor.get("name") and role else role
    if actor.get("on_behalf_of"):
        channel = words.word("channel", actor.get("channel")) or str(actor.get("channel") or "")
        return words("%(who)s 代讲师答复（%(channel)s）", who=who, channel=channel)
    return str(who)
