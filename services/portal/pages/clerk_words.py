"""Portal: what the clerk's pages say of problems, of half-days, and of things to do."""

from collections.abc import Mapping
from typing import Any

from services.portal.pages import refusals
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import Words

# What stands against a half-day, in a cell of a calendar.
SHORT: dict[str, str] = {
    "date_blocked": "不排课",
    "public_holiday": "假日",
    "not_a_teaching_day": "休息",
    "saturday_not_permitted": "周六不开",
    "evening_not_permitted": "晚上不开",
    "lead_time_too_short": "太近",
    "in_the_past": "已过",
    "site_closed": "教学点停",
    "site_closed_on": "教学点休",
    "outside_open_rule": "教学点关",
    "site_advance_too_short": "太近",
    "course_not_valid": "课程失效",
    "outside_half_days": "放不下",
    "slot_too_short": "放不下",
}
FIELDS: dict[str, str] = {
    "title": "标题",
    "contact_name": "联络员",
    "contact_phone": "联系电话",
    "notes": "备注",
    "urgent": "加急",
    "urgent_reason": "加急原因",
    "lines": "课次",
    "course_id": "课程",
    "delivery": "形式",
    "wishes": "期望时间",
    "venue_id": "地点",
    "site_id": "地点",
    "address": "地点",
    "lat": "地点",
    "lon": "地点",
    "audience": "对象",
    "expected_attendees": "人数",
    "preferred_lecturers": "点名讲师",
}
TODO: dict[str, str] = {
    "answer_change": "区里提议改期，请答复",
    "answer_grouping": "区里提议拼班或送教，请答复",
    "agree_substitute": "替代讲师请确认",
    "mend_letter": "邀请函退回，请补正",
    "mend_line": "课次退回，请补正",
    "decide": "只上了一部分，请决定",
    "attest": "请评单",
    "receive": "今天上课，请签到",
    "draft": "草稿待提交",
}
EQUIPMENT = {"projector": "投影", "audio": "音响", "video_conference": "视频会议"}
WORDS["equipment"] = EQUIPMENT
WORDS["holiday"] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-Sweeping Day": "清明节",
    "Tomb-sweeping Day": "清明节",
    "Mid-autumn Festival": "中秋节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
}
# What a history says of each move of a letter, a lesson and a change.
WORDS["happened"] = {
    "order.submit": "提交",
    "order.resubmit": "补正后重新提交",
    "order.discard": "删除草稿",
    "order.stale_or_dates_past": "草稿过期",
    "order.return_for_fix": "退回补正",
    "order.reject": "驳回",
    "order.approve": "审单通过",
    "order.withdraw": "撤回",
    "order.review_sla": "审单超时",
    "order.all_dates_past": "期望时间已过",
    "order.fix_deadline": "逾期未补正",
    "order.amend_lines": "补正退回的课次",
    "order.review_lines": "复审补正的课次",
    "order.cancel_order": "学校取消整单",
    "order.cancel_order_by_district": "区里取消整单",
    "order.all_lessons_settled_some_verified": "办结",
    "order.all_lessons_settled_none_verified": "没有课次上成，结束",
    "order.reopen": "重新打开",
    "order.urge": "催办",
    "lesson.requested": "点单",
    "lesson.resubmitted": "随邀请函重新提交",
    "lesson.amended": "补正",
    "lesson.line_returned": "退回补正",
    "lesson.line_approved": "审单通过，待排课",
    "lesson.line_refused_or_order_dead": "未获受理",
    "lesson.line_fix_deadline": "逾期未补正，取消",
    "lesson.place": "排定时间地点，派单",
    "lesson.park": "转候补",
    "lesson.capacity_found": "有了空位，重新排课",
    "lesson.window_passed": "期望时间已过，取消",
    "lesson.cancel": "学校取消",
    "lesson.cancel_by_district": "区里取消",
    "lesson.order_dead": "随邀请函结束",
    "lesson.all_seats_filled": "讲师接单，确认",
    "lesson.candidates_exhausted": "无讲师可派，重新排课",
    "lesson.unplace": "撤销安排",
    "lesson.suspend": "暂缓",
    "lesson.start_reached_unfilled": "到时仍无讲师",
    "lesson.seat_lost_early": "讲师退出，另派",
    "lesson.seat_lost_late": "讲师临近退出，告急",
    "lesson.retime_applied": "改期生效，重新落实讲师",
    "lesson.retime_kept": "改期生效，讲师同意",
    "lesson.retime_asked": "征求讲师改期意见",
    "lesson.retime_dropped": "讲师未同意改期",
    "lesson.join": "与他校合班",
    "lesson.follow_host": "随主场学校改期",
    "lesson.part": "退出合班，重新排课",
    "lesson.host_delivered": "合班授课完毕",
    "lesson.host_cut_short": "合班授课中途结束",
    "lesson.host_not_delivered": "合班未能授课",
    "lesson.guests_changed": "来听课的人数有变",
    "grouping.propose_together": "提议拼班或送教",
    "grouping.agree": "一方同意",
    "grouping.all_agreed": "各方同意",
    "grouping.put_together": "已落实",
    "grouping.no_longer": "未能落实，作罢",
    "grouping.decline": "未同意",
    "grouping.withdraw": "撤回提议",
    "grouping.answer_deadline": "逾期未答复",
    "lesson.checkin": "讲师签到，开课",
    "lesson.no_show_rescue_possible": "讲师未到，救场",
    "lesson.no_show_no_rescue": "讲师未到，未能授课",
    "lesson.substitute_committed": "替代讲师落实",
    "lesson.downgrade_agreed": "学校同意替代讲师",
    "lesson.rescue_failed": "救场未成",
    "lesson.resume_intact": "恢复，照原安排",
    "lesson.resume_broken": "恢复，重新落实讲师",
    "lesson.new_slot": "恢复，另定时间",
    "lesson.hold_ttl": "暂缓期满，重新排课",
    "lesson.complete": "授课完毕",
    "lesson.no_checkout": "授课完毕（未签退）",
    "lesson.abort_some": "中途结束",
    "lesson.abort_none": "未能授课",
    "lesson.handover": "换人续讲",
    "lesson.accept_as_is": "学校按现状认可",
    "lesson.schedule_makeup": "安排补课",
    "lesson.close_unmet": "核销",
    "lesson.decision_sla": "善后超时",
    "lesson.attest_ok": "学校评单",
    "lesson.attest_by_district": "区里代为评单",
    "lesson.attest_sla": "评单超时",
    "lesson.dispute": "学校提出异议",
    "lesson.resolve_verified": "督导裁定核实",
    "lesson.resolve_written_off": "督导裁定核销",
    "lesson.dispute_sla": "异议超时",
    "lesson.reopen": "督导重新核查",
    "change.propose": "提议改期",
    "change.propose_wished": "按期望时间改期",
    "change.counter": "另提时间",
    "change.accept": "同意改期",
    "change.reject": "不同意改期",
    "change.withdraw": "撤回改期",
    "change.deadline": "改期逾期未答复",
    "change.lesson_dead": "课次已结束，改期作罢",
    "change.apply_ok": "改期生效",
    "change.apply_conflict": "改期未能生效",
}
# Why something ended, where nobody wrote a reason.
WORDS["ended"] = {
    "cancelled_by_school": "学校取消",
    "cancelled_by_district": "区委党校取消",
    "discarded": "删除草稿",
    "withdrawn": "学校撤回",
    "rejected": "未获受理",
    "line_refused": "未获受理",
    "line_not_mended": "逾期未补正",
    "not_mended": "逾期未补正",
    "window_passed": "期望时间已过",
    "dates_past": "期望时间已过",
    "draft_stale": "草稿久未提交",
    "order_dead": "邀请函已结束",
    "no_lecturer": "无讲师",
    "no_show": "讲师未到",
    "no_substitute": "未找到替代讲师",
    "no_lesson_held": "没有课次上成",
    "nothing_taught": "未能授课",
    "cut_short": "中途结束",
    "unmet": "未能满足",
    "dispute_upheld": "异议成立",
    "delivered": "已授课",
}


def problem(found: Mapping[str, Any], words: Words) -> str:
    """A problem or a warning of a letter as a sentence."""
    code = str(found.get("code"))
    if code in refusals.FIELD_SENTENCES:
        return words(refusals.FIELD_SENTENCES[code])
    known = {**found}
    if "missing" in known:
        known["missing"] = [words.word("equipment", one) for one in known["missing"]]
    return refusals.of_code(code, known, words)


def short(found: Mapping[str, Any], words: Words) -> str:
    """The same in a few characters, for a cell of a calendar."""
    return words(SHORT.get(str(found.get("code")), "不可选"))


def field(name: str, words: Words) -> str:
    """`lines.3.wishes` as 第 4 课次 · 期望时间; lines are counted from 0 there."""
    parts = name.split(".")
    said = [words(FIELDS[part]) for part in parts if part in FIELDS and part != "lines"]
    if parts[0] == "lines" and len(parts) > 1:
        said.insert(0, words("第 %(n)s 课次", n=int(parts[1]) + 1))
    return " · ".join(said) or words(FIELDS.get(parts[0], name))
