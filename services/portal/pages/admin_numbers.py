"""Portal: what each number of the district means, its unit, and which values make sense."""

from dataclasses import dataclass

from services.portal.pages.upstream import Refused


@dataclass(frozen=True)
class Number:
    """`least` and `most` bound a plain number; without them any value of its shape."""

    title: str
    unit: str = ""
    least: float | None = None
    most: float | None = None


HOURS, MINUTES, DAYS, WORKING_DAYS = "小时", "分钟", "天", "个工作日"
GROUPS: dict[str, dict[str, Number]] = {
    "上课时段": {
        "half_day_am": Number("上午时段", "时:分-时:分"),
        "half_day_pm": Number("下午时段", "时:分-时:分"),
        "half_day_eve": Number("晚上时段", "时:分-时:分"),
    },
    "课程结构": {
        "mix_political_theory_percent": Number("政治理论类占比目标", "%", 0, 100),
        "mix_grassroots_practice_percent": Number("基层实践类占比目标", "%", 0, 100),
        "mix_exemplary_model_percent": Number("先进典型类占比目标", "%", 0, 100),
        "mix_tolerance_points": Number("占比允许偏差", "百分点", 0, 50),
    },
    "点单与审单": {
        "lead_working_days_micro_lesson": Number("微党课至少提前", WORKING_DAYS, 0, 60),
        "lead_working_days_booster": Number("加油包至少提前", WORKING_DAYS, 0, 60),
        "lead_working_days_camp": Number("集中培训班至少提前", WORKING_DAYS, 0, 90),
        "review_working_days": Number("审单时限", WORKING_DAYS, 1, 30),
        "fix_days": Number("补正期限", DAYS, 1, 60),
        "draft_stale_days": Number("草稿保留", DAYS, 7, 365),
    },
    "派单与接单": {
        "answer_hours_lead_14_days": Number("答复时限：提前 14 天以上", HOURS, 1, 240),
        "answer_hours_lead_7_days": Number("答复时限：提前 7–14 天", HOURS, 1, 168),
        "answer_hours_lead_2_days": Number("答复时限：提前 2–7 天", HOURS, 1, 48),
        "answer_hours_lead_1_day": Number("答复时限：提前 24–48 小时", HOURS, 1, 24),
        "answer_minutes_same_day": Number("答复时限：当天", MINUTES, 5, 240),
        "answer_clock": Number("答复计时时段（假日不计）", "时:分-时:分"),
        "remind_at_percent": Number("提醒时点（答复时限的百分比）", "%，用 | 分开"),
        "offer_counter_rounds": Number("讲师可另提时间", "次", 0, 10),
        "lecturer_day_cap": Number("讲师每天上限", "节", 1, 6),
        "lecturer_month_cap": Number("讲师每月上限", "节", 1, 60),
        "lecturer_max_travel_minutes": Number("讲师单程路程上限", MINUTES, 15, 480),
        "travel_fixed_minutes": Number("路程固定时间", MINUTES, 0, 120),
        "travel_minutes_per_km": Number("每公里路程时间", MINUTES, 0.5, 20),
    },
    "改期与变更": {
        "change_answer_hours": Number("改期答复时限", HOURS, 1, 240),
        "change_answer_hours_near": Number("改期答复时限：临近上课", HOURS, 1, 48),
        "change_rounds": Number("改期往返次数", "次", 1, 10),
        "grouping_km": Number("拼班与送教路线的最远距离", "公里", 1, 100),
        "suspend_hold_days": Number("暂缓保留场地", DAYS, 1, 90),
        "notice_early_hours": Number("提前通知界限", HOURS, 24, 240),
        "notice_same_day_hours": Number("当日界限", HOURS, 1, 48),
    },
    "上课与评单": {
        "check_in_opens_minutes_before": Number("可提前签到", MINUTES, 0, 240),
        "no_check_in_alarm_minutes": Number("未签到提醒：开课后", MINUTES, 0, 120),
        "no_show_minutes": Number("认定未到：开课后", MINUTES, 1, 240),
        "no_check_out_minutes": Number("自动签退：下课后", MINUTES, 5, 480),
        "reconfirm_hours": Number("课前再次确认", HOURS, 1, 168),
        "attest_days": Number("学校确认授课期限", DAYS, 1, 60),
        "dispute_days": Number("异议裁定期限", DAYS, 1, 90),
        "decision_days": Number("未授课处理期限", DAYS, 1, 60),
    },
    "学时与聘任": {
        "minutes_per_class_hour": Number("每学时", MINUTES, 15, 90),
        "class_hours_micro_lesson": Number("微党课折合", "学时", 0, 8),
        "class_hours_half_day_max": Number("半天最多", "学时", 1, 8),
        "class_hours_day_max": Number("每天最多", "学时", 1, 12),
        "class_hours_member_year": Number("党员年度学时", "学时", 0, 500),
        "class_hours_secretary_year": Number("书记年度学时", "学时", 0, 500),
        "appointment_months": Number("聘期", "个月", 1, 120),
        "appointment_notice_days": Number("聘任到期提醒", "天，用 | 分开"),
    },
    "通知与留存": {
        "quiet_hours": Number("夜间免打扰", "时:分-时:分"),
        "log_keep_months": Number("日志留存", "个月", 6, 120),
    },
}
NUMBERS = {name: number for group in GROUPS.values() for name, number in group.items()}


def check(name: str, value: str) -> None:
    """422 `number_out_of_range`: a typing mistake would otherwise rule the whole district. What
    shape a number has is the service's own rule."""
    number = NUMBERS.get(name)
    if number is None or number.least is None or number.most is None:
        return
    try:
        given = float(value)
    except ValueError:
        return
    if not number.least <= given <= number.most:
        facts = {"least": f"{number.least:g}", "most": f"{number.most:g}"}
        raise Refused(422, "number_out_of_range", facts)
