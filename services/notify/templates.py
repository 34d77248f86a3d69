"""Notify: the sentences. One place per kind: title and body, in Chinese; `locale/` has the others.

What stands in braces is made of an event's facts by `sentences.py`. Fragments such as {because},
{due} or {with_lecturer} are a sentence of their own, or nothing.
"""

# ruff: noqa: E501 (a table reads better unwrapped)

from typing import NamedTuple


class Template(NamedTuple):
    title: str
    body: str


TEMPLATES: dict[str, Template] = {
    kind: Template(title, body)
    for kind, title, body in (
        # letters 邀请函
        ("order_submitted", "新邀请函待审：{school}", "{school}提交了邀请函{number}，共{lines}课次。{due}"),
        ("order_resubmitted", "补正后的邀请函待审：{school}", "{school}已补正并重新提交邀请函{number}。{due}"),
        ("order_returned", "邀请函{number}退回补正", "邀请函{number}需要补正后重新提交。{because}{due}"),
        ("order_rejected", "邀请函{number}被驳回", "邀请函{number}未获受理。{because}"),
        ("order_approved", "邀请函{number}已受理", "邀请函{number}已受理，共{lines}课次，开始排课。{returned}{due}"),
        ("order_lines_amended", "退回的课次已补正：{school}", "{school}已补正邀请函{number}中退回的课次，请审核。"),
        ("order_lines_reviewed", "补正的课次已审核：{number}", "邀请函{number}补正的课次已审核。{returned}{due}"),
        ("order_withdrawn", "邀请函{number}已撤回", "{school}撤回了邀请函{number}。{because}"),
        ("order_draft_expired", "邀请函草稿已过期", "一份邀请函草稿久未提交或所选日期已过，已自动关闭。"),
        ("order_expired", "邀请函{number}已过期", "{school}的邀请函{number}已过期。{because}"),
        ("order_review_overdue", "邀请函{number}超时未审", "{school}的邀请函{number}已超过审核时限。"),
        ("order_urged", "催办：{school}", "{school}催办邀请函{number}，请尽快处理。{because}"),
        ("order_cancelled", "邀请函{number}已取消", "{school}的邀请函{number}已取消。{because}"),
        ("order_closed", "邀请函{number}已办结", "{school}的邀请函{number}所有课次均已了结，已办结。"),
        ("order_reopened", "邀请函{number}重新打开", "{school}已办结的邀请函{number}被重新打开。{because}"),
        # plans 排课方案, and what is told of many things at once
        ("plan_ready", "排课草案已排好", "{first_on}至{last_on}的排课草案已排好：共{lessons}课次，排上{served}课次。{left_out}请查看后发布或调整。"),
        ("plan_failed", "排课没有成功", "{first_on}至{last_on}的排课没有成功，没有任何改动。{because}可以重试。"),
        ("plan_published", "排课方案已发布", "{first_on}至{last_on}的排课方案已发布：排定{placed}课次，并已派单。{skipped_some}"),
        ("lessons_placed", "{count}个课次已排定，待讲师接单", "以下课次已排定时间地点，正在联系讲师："),
        ("offers_received", "您有{count}个新的授课邀请", "请逐一答复以下派课单："),
        # accounts 账号
        ("password_reset", "重设密码", "有人申请重设您的密码。如果不是您本人，请不必理会，密码不会改变。"),
        # lessons 课次
        ("lesson_refused", "课次未获受理", "{school}邀请函{number}中的{lesson}未获受理。{because}"),
        ("lesson_line_lapsed", "课次逾期未补正", "{school}邀请函{number}中的{lesson}逾期未补正，已取消。"),
        ("lesson_placed", "课次已排定，待讲师接单", "{lesson}已排定时间地点，正在联系讲师。"),
        ("lesson_parked", "课次转入候补", "《{course}》暂无合适的时间或场地，已转入候补，有空位即继续排课。"),
        ("lesson_capacity_found", "候补课次可以排课了", "{school}的《{course}》有了空位，请重新排课。"),
        ("lesson_window_passed", "课次未能在期望时间内排定", "{school}的{lesson}期望的时间已过，已取消。"),
        ("lesson_cancelled", "课次已取消", "{school}的{lesson}已取消。{because}"),
        ("lesson_confirmed", "课次已确认", "{lesson}已确认。{with_lecturer}"),
        ("lesson_candidates_exhausted", "无讲师可派", "{school}的{lesson}已无讲师可派，需要重新排课。"),
        ("lesson_rescue_exhausted", "救场无人可派", "{school}的{lesson}告急，符合条件的讲师均未接单。{excluded}"),
        ("lesson_downgrade_asked", "请确认替代讲师", "{lesson}找到了替代讲师，但不符合：{waived}。请答复是否同意。"),
        ("lesson_unplaced", "课次退回重排", "{lesson}的安排已撤销，将重新排课。"),
        ("lesson_suspended", "课次暂缓", "{school}的{lesson}暂缓。{because}"),
        ("lesson_unfilled", "课次到时无讲师", "{school}的{lesson}到开课时仍无讲师，未能授课。"),
        ("lesson_seat_lost", "课次需要另派讲师", "{school}的{lesson}原讲师已退出，正在另派。"),
        ("lesson_at_risk", "告急：课次缺讲师", "{school}的{lesson}告急，正在紧急寻找讲师。"),
        ("lesson_not_delivered", "课次未能授课", "{school}的{lesson}未能授课。{because}{due}"),
        ("lesson_rescued", "课次已落实替代讲师", "{school}的{lesson}已落实讲师，照常进行。{with_lecturer}"),
        ("lesson_downgrade_agreed", "学校同意替代讲师", "{school}同意了{lesson}的替代讲师。"),
        ("lesson_resumed", "课次恢复", "{school}的{lesson}恢复，照原安排进行。"),
        ("lesson_rescheduled", "课次恢复，重新落实讲师", "{lesson}恢复，正在落实讲师。"),
        ("lesson_hold_lapsed", "暂缓的课次退回重排", "{school}的{lesson}暂缓期满，时间地点已释放，需要重新排课。"),
        ("lesson_delivered", "请评单：课次已授课", "{lesson}已授课，请核对并确认。{due}"),
        ("lesson_partly_delivered", "课次只上了一部分", "{school}的{lesson}中途结束，请决定是否补课。{due}"),
        ("lesson_handed_over", "课次换人续讲", "{lesson}由另一位讲师续讲。{with_lecturer}"),
        ("lesson_accepted_as_is", "学校认可部分授课", "{school}认可{lesson}的部分授课，不再补课。"),
        ("lesson_makeup", "课次安排补课", "{lesson}将安排补课。"),
        ("lesson_closed_unmet", "课次核销", "{lesson}未能授课，已核销。{because}"),
        ("lesson_decision_overdue", "课次超时未处理", "{school}的{lesson}如何善后，已超过决定时限。"),
        ("lesson_verified", "课次已核实", "{school}的{lesson}已核实。{verified}"),
        ("lesson_attest_overdue", "课次超时未评单", "{school}的{lesson}已超过评单时限。"),
        ("lesson_disputed", "课次有异议", "{school}对{lesson}提出异议。{because}{due}"),
        ("lesson_dispute_settled", "异议已处理：核实", "{school}的{lesson}异议已处理，课次核实。{verified}"),
        ("lesson_dispute_upheld", "异议成立：核销", "{school}的{lesson}异议成立，课次核销。{because}"),
        ("lesson_dispute_overdue", "异议超时未处理", "{school}的{lesson}的异议已超过处理时限。"),
        ("lesson_reopened", "课次重新核查", "{school}的{lesson}已核实后重新核查。{because}"),
        # changes 改期单
        ("change_proposed", "改期待答复：{course}", "{lesson}提议由{other_when}改为此时。{because}{due}"),
        ("change_countered", "改期另有提议：{course}", "《{course}》改期（第{round}轮）另提{when}，{where}。{because}{due}"),
        ("change_agreed", "改期已同意：{course}", "《{course}》双方同意由{other_when}改为{when}，{where}，正在征求讲师意见或生效。"),
        ("change_rejected", "改期未同意：{course}", "《{course}》改为{when}的提议未获同意，原时间{other_when}不变。{because}"),
        ("change_not_possible", "改期未能生效：{course}", "《{course}》改为{when}未能落实，原时间{other_when}不变。{because}"),
        ("change_withdrawn", "改期已撤回：{course}", "《{course}》改为{when}的提议已撤回，原时间{other_when}不变。"),
        ("change_expired", "改期逾期未答复：{course}", "《{course}》改为{when}的提议逾期未答复，原时间{other_when}不变。"),
        ("change_applied", "课次已改期：{course}", "{school}的《{course}》由{other_when}改为{when}，{where}。"),
        # groupings 拼班 送教路线
        ("merge_proposed", "拼班待答复：{course}", "区委党校建议{school}与{host}的《{course}》合班：{when}，{where}，共{people}人，相距{km}公里。请在“拼班与送教”里答复。{because_note}{due}"),
        ("route_proposed", "送教路线待答复：{course}", "区委党校建议把{school}的《{course}》改到{when}，讲师当天还到{host}授课，两地相距{km}公里，少跑一趟。请在“拼班与送教”里答复。{because_note}{due}"),
        ("merge_applied", "拼班已落实：{course}", "{school}与{host}的《{course}》合班：{when}，{where}，共{people}人。接下来由讲师接单。"),
        ("grouping_declined", "拼班或送教路线未获同意：{course}", "{school}与{host}的《{course}》（{when}）没有合在一起，各自照原安排。{because}"),
        ("grouping_withdrawn", "拼班或送教路线已撤回：{course}", "{school}与{host}的《{course}》（{when}）的提议已撤回，各自照原安排。{because}"),
        ("grouping_expired", "拼班或送教路线逾期未答复：{course}", "{school}与{host}的《{course}》（{when}）的提议逾期未答复，各自照原安排。"),
        ("grouping_lapsed", "拼班或送教路线作罢：{course}", "{school}与{host}的《{course}》（{when}）未能落实，各自照原安排。{because}"),
        ("lesson_follows_host", "拼班课次改期：{course}", "{school}参加的合班课《{course}》改为{when}，{where}。"),
        ("lesson_parted", "已退出拼班：{course}", "{school}的《{course}》不再与他校合班，回到待排，照原来的期望时间另行安排。"),
        # seasons 季度征集
        ("season_opened", "季度征集开始：{season}", "{season}开始征集{first_on}至{last_on}的课次，{closes_at}截止，之后统一分配。请在截止前提交邀请函。"),
        ("season_extended", "征集截止时间有变：{season}", "{season}改为{closes_at}截止。"),
        ("season_closing_soon", "征集即将截止：{season}", "{season}将于{closes_at}截止，还没有提交邀请函的请尽快提交。"),
        ("season_closed", "征集已截止：{season}", "{season}已截止，共收集{lessons}课次，可以统一分配。"),
        ("season_reopened", "征集重新开放：{season}", "{season}重新开放，{closes_at}截止。"),
        ("season_allocated", "征集结果：{season}", "{season}已统一分配：共{lessons}课次，排定{placed}课次。本校的结果和没有排上的原因，请在“季度征集”里查看。"),
        ("season_cancelled", "征集取消：{season}", "{season}已取消，收集的课次照常逐个排课。{because}"),
        # offers 派课单
        ("offer_received", "派课单待接：{course}", "{school}邀请您讲授{lesson}，{attendees}人。{due}"),
        ("offer_retime", "改期征求意见：{course}", "{school}与区委党校商定将您已承诺的《{course}》改为{when}，{where}。不同意则照原时间。{due}"),
        ("offer_reminder", "派课单即将到期：{course}", "{school}的{lesson}还在等您答复。{due}"),
        ("offer_accepted", "讲师接单：{course}", "{lecturer}已接单：{school}的{lesson}。"),
        ("offer_declined", "讲师婉拒：{course}", "{lecturer}婉拒：{school}的{lesson}。{because}"),
        ("offer_countered", "讲师另提时间：{course}", "{lecturer}对{school}的{lesson}另提{other_when}。{because}"),
        ("offer_counter_refused", "另提时间未采纳：{course}", "您为{lesson}另提的时间未采纳，派课单仍待您答复。{due}"),
        ("offer_counter_withdrawn", "讲师撤回另提的时间：{course}", "{lecturer}撤回了为{school}的{lesson}另提的时间。"),
        ("offer_expired", "派课单已过期：{course}", "{school}的{lesson}派课单已过答复时限。"),
        ("offer_unanswered", "讲师逾期未答：{course}", "{lecturer}逾期未答：{school}的{lesson}。"),
        ("offer_revoked", "派课单已撤回：{course}", "{school}的{lesson}派课单已撤回，无需再答复。{because}"),
        ("offer_superseded", "派课单已由他人接单：{course}", "{school}的{lesson}已有讲师接单，谢谢您。"),
        ("offer_invalidated", "派课单已失效：{course}", "{school}的{lesson}派课单已失效，无需再答复。{because}"),
        # assignments 授课承诺
        ("assignment_committed", "授课已确定：{course}", "您已承诺讲授{lesson}，{school}，{attendees}人。{contact}"),
        ("assignment_retimed", "授课改期：{course}", "您承诺的{lesson}已改到此时间地点，{school}。{contact}"),
        ("assignment_reconfirm_missed", "请再次确认授课：{course}", "{school}的{lesson}即将开始，请尽快再次确认。"),
        ("assignment_not_reconfirmed", "讲师未再次确认：{course}", "{lecturer}尚未再次确认{school}的{lesson}，请联系。"),
        ("assignment_check_in_missing", "请尽快签到：{course}", "{school}的{lesson}已到时间，还没有您的签到。"),
        ("assignment_not_checked_in", "讲师尚未签到：{course}", "{lecturer}尚未签到：{school}的{lesson}，请联系。"),
        ("assignment_released", "已退出授课：{course}", "您已不再承担{school}的{lesson}。{because}"),
        ("assignment_lost", "讲师退出：{course}", "{lecturer}退出{school}的{lesson}。{because}"),
        ("assignment_release_requested", "讲师申请退出：{course}", "{lecturer}申请退出{school}的{lesson}，请答复。{because}"),
        ("assignment_release_refused", "退出未获同意：{course}", "您仍承担{school}的{lesson}。{because}"),
        ("assignment_release_withdrawn", "讲师撤回退出申请：{course}", "{lecturer}撤回退出申请，仍承担{school}的{lesson}。"),
        ("assignment_replaced", "授课已改派：{course}", "{school}的{lesson}已改派其他讲师，您无需前往。{because}"),
        ("assignment_voided", "授课已取消：{course}", "您承诺的{school}的{lesson}不再进行或已变更，无需前往。{because}"),
        ("assignment_checked_in", "讲师已签到：{course}", "{lecturer}已到达，{lesson}。"),
        ("assignment_checkout_missed", "未签退：{course}", "您未签退{school}的{lesson}，已按计划时间结束，如有出入请联系区委党校。"),
        ("assignment_no_show", "讲师未到：{course}", "{lecturer}未按时到达{school}的{lesson}。如有误，可向督导申诉。"),
        ("assignment_appeal_upheld", "申诉成立：{course}", "{lecturer}关于{school}的{lesson}“未到”的申诉成立。"),
        ("recorded_on_behalf", "已代您登记：{act}", "{lesson}，{school}：{act}。"),
        ("objection_raised", "讲师对代为登记有异议：{course}", "{lecturer}表示，由{recorded_by}通过{channel}登记的“{act}”不属实：{school}的{lesson}。异议：{text}"),
        # letters of appointment 聘任书, the menu 菜单
        ("appointment_changed", "聘任书{appointment}", "{lecturer}的聘任书{appointment}，任期{starts_on}至{ends_on}。"),
        ("appointment_expiring", "聘任书即将到期：{lecturer}", "{lecturer}的聘任书{appointment}将于{ends_on}到期，还有{days_left}天。"),
        ("appointment_lapsed", "聘任书已到期：{lecturer}", "{lecturer}的聘任书{appointment}已于{ends_on}到期，续聘前不能派课。"),
        ("course_published", "菜单新课：{course}", "《{course}》（{code}）已上菜单，可以点单。"),
        ("course_retired", "课程下架：{course}", "《{course}》（{code}）已下架，不能再点单。"),
        ("site_changed", "现场教学点变动：{site}", "{site}现为{site_state}，开放时间{open_rule}。"),
        ("site_closed", "现场教学点关闭：{site}", "{site}已关闭，请检查安排在此的课次。"),
        ("lecturer_changed", "讲师资料变动：{act}", "您的讲师资料有变动：{act}。{because}"),
        ("lecturer_leave", "讲师请假：{lecturer}", "{lecturer}请假：{when}。{because}"),
        ("lecturer_leave_undone", "讲师销假：{lecturer}", "{lecturer}销假：{when}。"),
    )
}  # fmt: skip

# Pieces the bodies are made of; a piece whose facts are missing is left out.
FRAGMENTS: dict[str, str] = {
    "lesson": "《{course}》（{when}，{where}）",
    "because": "原因：{reason}。",
    "due": "请于{due_at}前处理。",
    "because_note": "说明：{proposal_note}。",
    "returned": "其中{lines_returned}课次退回补正。",
    "with_lecturer": "讲师：{lecturer}。",
    "contact": "联系人：{contact_name} {contact_phone}。",
    "verified": "核实{verified_minutes}分钟。",
    "excluded": "未能派出的原因：{excluded_reasons}。",
    "recorded": "由{recorded_by}通过{channel}代您登记。{remark}如不属实，请在消息中提出异议。",
    "remark": "备注：{recorded_note}。",
    "left_out": "未排上{left}课次。",
    "skipped_some": "{skipped}课次没有排：{skipped_reasons}。",
}

# What a message about several things says of each of them.
ITEMS: dict[str, str] = {
    "lessons_placed": "{lesson}",
    "offers_received": "{school}：{lesson}，{attendees}人。{due}",
}

# The lines of a calendar entry; each is left out when its facts are missing.
DETAILS = (
    "邀请函：{number}",
    "学校：{school}",
    "讲师：{lecturer}",
    "人数：{attendees}",
    "联系人：{contact_name} {contact_phone}",
)

# What takes the place of a fact nobody knows.
UNKNOWN: dict[str, str] = {
    "when": "时间待定",
    "other_when": "原定时间",
    "where": "地点待定",
    "number": "（未编号）",
    "lecturer": "讲师",
    "school": "学校",
    "host": "邻近学校",
    "channel": "其他方式",
}

# Codes of every room, as people say them. A code without words is shown as it is.
CODES: dict[str, str] = {
    "phone": "电话",
    "wechat": "微信",
    "in_person": "当面",
    "letter": "来函",
    "online": "线上",
    "home": "入户",
    "open": "开放",
    "closed": "关闭",
    "offer.accepted": "接单",
    "offer.declined": "婉拒",
    "offer.countered": "另提时间",
    "offer.counter_withdrawn": "撤回另提的时间",
    "assignment.reconfirmed": "再次确认",
    "assignment.released": "退出",
    "assignment.committed": "接单",
    "assignment.retimed": "同意改期",
    "assignment.release_requested": "申请退出",
    "assignment.release_withdrawn": "撤回退出申请",
    "assignment.checked_in": "签到",
    "assignment.fulfilled": "签退",
    "assignment.partial": "提前结束或换人续讲",
    "lecturer.put": "基本资料",
    "lecturer.activate": "恢复派课",
    "lecturer.deactivate": "停止派课",
    "lecturer.raise_cap": "授课上限提高",
    "lecturer.reset_cap": "授课上限恢复",
    "lecturer.qualify": "可授课程",
    "lecturer.set_availability": "可授课时间",
    "time_conflict": "时间冲突",
    "leave": "请假",
    "topic_mismatch": "课题不符",
    "health": "身体原因",
    "duty": "公务",
    "other": "其他",
    "cancelled_by_school": "学校取消",
    "cancelled_by_district": "区委党校取消",
    "line_refused": "未获受理",
    "line_not_mended": "逾期未补正",
    "window_passed": "期望时间已过",
    "order_dead": "邀请函已终止",
    "no_lecturer": "无讲师",
    "no_show": "讲师未到",
    "no_substitute": "未找到替代讲师",
    "nothing_taught": "未能授课",
    "cut_short": "中途结束",
    "unmet": "未能满足",
    "dispute_upheld": "异议成立",
    "not_qualified": "未取得该课程授课资格",
    "wrong_pool": "不在该课程师资库",
    "not_the_requested_lecturer": "不是学校点名的讲师",
    "holder_refused": "讲师不同意改期",
    "holder_expired": "讲师逾期未答复",
    "seat_filled_by_other": "已由他人接单",
    "lesson_revised": "课次已变更",
    "lesson_cancelled_or_suspended": "课次已取消或暂缓",
    "lesson_cancelled": "课次取消",
    "lesson_suspended": "课次已暂缓",
    "lesson_unplaced": "课次重排",
    "lesson_not_delivered": "课次未授课",
    "lesson_written_off": "课次已核销",
    "lecturer_ineligible": "不再符合派课条件",
    "accept_but_conflict": "时间已被占用",
    "revised": "课次已变更",
    "substitute_committed": "已由替代讲师承担",
    "deadline": "逾期未答复",
    # Why a planned lesson was not placed, or a plan not made.
    "lesson_changed": "课次有了变化",
    "place_taken": "场地已被占用",
    "venue_closed": "场地停用",
    "site_closed": "教学点关闭",
    "site_closed_on": "教学点当天不开放",
    "outside_open_rule": "不在教学点开放时间内",
    "date_blocked": "学校当天不排课",
    "public_holiday": "法定节假日",
    "not_a_teaching_day": "当天不上课",
    "saturday_not_permitted": "学校周六不上课",
    "evening_not_permitted": "学校晚上不上课",
    "outside_half_days": "不在上课时段内",
    "in_the_past": "时间已过",
    "course_not_valid": "课程已不在有效期",
    "too_many_attendees": "人数超出场地或课程",
    "too_few_attendees": "人数不足",
    "equipment_missing": "场地设备不全",
    "delivery_not_offered": "课程不提供这种授课方式",
    "season_open": "征集尚未截止",
    "change_pending": "改期正在生效",
    "wrong_state": "课次状态已变",
    "plan_broken": "排课程序出错",
    "planner_lost": "排课程序没有答复",
    "plan_invalid": "排出的结果不合规则",
    "service_away": "有服务暂时没有答复",
    "interrupted": "排课中断",
}


def msgids() -> set[str]:
    """Every sentence there is, for whoever translates and for the test that nothing is missing."""
    told = {text for template in TEMPLATES.values() for text in template}
    pieces = (
        *FRAGMENTS.values(),
        *ITEMS.values(),
        *DETAILS,
        *UNKNOWN.values(),
        *CODES.values(),
        *PHRASES,
    )
    return told | set(pieces)


# Other words of the mails and calendars.
PHRASES = (
    "{district}约课",
    "打开：{url}",
    "设置新密码（30 分钟内有效，只能用一次）：{url}",
    "直接答复（无需登录，只能用一次）：{url}",
    "这封邮件由约课系统自动发出，请勿回复。",
    "约课日历",
    "、",
)
