"""Portal: the four sheets an administrator imports: their columns, and who takes the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.portal.pages.admin_sheets import Column


@dataclass(frozen=True)
class Kind:
    """One sheet: whose service takes it under which path, and how it is explained."""

    key: str
    title: str
    service: str
    path: str
    most: int
    columns: Sequence[Column]
    says: Sequence[str]  # what to know before one fills it in
    sure: str  # asked before it is done


LECTURERS = Kind(
    "lecturers",
    "讲师名单",
    "lecturer",
    "/import",
    500,
    (
        Column("编号", "code", True, example="LEC-241", shown=True),
        Column("姓名", "name", True, example="示例讲师（请删除本行）", shown=True),
        Column("师资库", "pool", True, "word:pool", "backbone", True),
        Column("单位与身份", "identity", example="某镇党校", shown=True),
        Column("职称", "title", example="讲师"),
        Column("电话", "phone", example="000-0000-0000"),
        Column("邮箱", "email", example="name@example.cn"),
        Column("每周上限", "max_sessions_per_week", example=2),
        Column("可授课程编号", "courses", kind="codes", example="RV-T01 GG-T05", shown=True),
        Column("聘书编号", "appointment_no", example="聘字〔2026〕241号"),
        Column("聘期开始", "appointment_start", kind="day", example="2026-03-01"),
        Column("聘期结束", "appointment_end", kind="day", example="2028-02-29"),
    ),
    ("已有的讲师按编号更新，空白的格子不改。",),
    "确认后立即写入师资库。确定导入？",
)
COURSES = Kind(
    "courses",
    "课程目录",
    "catalog",
    "/import",
    200,
    (
        Column("编号", "code", True, example="GG-P90", shown=True),
        Column("课名", "title", example="示例课程（请删除本行）", shown=True),
        Column("版本号", "label", example="2026.1", shown=True),
        Column("上架", "state", kind="word:import_state", example="draft", shown=True),
        Column("简介", "summary", example="案例、演练、台账"),
        Column("模块", "module", kind="word:module", example="grassroots_governance"),
        Column("类别", "category", kind="word:category", example="grassroots_practice", shown=True),
        Column("课型", "format", kind="word:format", example="booster", shown=True),
        Column("分钟数", "minutes", example=180),
        Column("学时", "class_hours", example=4),
        Column(
            "对象", "audience", kind="words:audience", example=("branch_secretary", "party_worker")
        ),
        Column("授课方式", "deliveries", kind="words:delivery", example=("classroom", "mobile")),
        Column("可授师资库", "eligible_pools", kind="words:pool", example=("professional",)),
        Column("所需设备", "equipment", kind="words:equipment", example=("projector",)),
        Column("最少人数", "min_attendees", example=30),
        Column("最多人数", "max_attendees", example=120),
        Column("教学点编号", "site", example=""),
        Column("先修课编号", "prerequisite", example=""),
        Column("有效期起", "valid_from", kind="day", example="2026-09-01", shown=True),
        Column("有效期止", "valid_until", kind="day", example="2027-12-31"),
    ),
    (
        "“上架”一列写“草稿”或“上架”，不写就是草稿。",
        "已有的课程按编号更新，空白的格子不改；已审定的内容要换一个版本号才能改。",
        "分钟数和学时不写，按课型取。",
    ),
    "确认后立即写入课程库，写明上架的课程街镇马上能看到。确定导入？",
)
SCHOOLS = Kind(
    "schools",
    "学校与目标",
    "booking",
    "/schools/import",
    500,
    (
        Column("编号", "code", True, example="SCH-12", shown=True),
        Column("校名", "name", example="示例镇党校（请删除本行）", shown=True),
        Column("街镇", "township", example="示例镇", shown=True),
        Column("类别", "kind", kind="word:school_kind", example="town"),
        Column("地址", "address", example="天津市西青区示例镇"),
        Column("纬度", "lat", example=39.1),
        Column("经度", "lon", example=117.05),
        Column("联络员", "liaison", example="示例联络员", shown=True),
        Column("电话", "contact_phone", example="000-0000-0000"),
        Column("邮箱", "contact_email", example="name@example.cn"),
        Column("特色品牌", "brand", example=""),
        Column("晚上可上课", "evening_class", kind="yes_no", example=False),
        Column("周六可上课", "saturday_class", kind="yes_no", example=False),
        Column("年度", "year", example=2026, shown=True),
        Column("目标课次", "target_sessions", example=20, shown=True),
        Column("目标人次", "target_person_times", example=2000, shown=True),
    ),
    (
        "已有的学校按编号更新，空白的格子不改。",
        "“年度”不写就是今年；同一所学校写一行，其他年度的目标不变。",
    ),
    "确认后立即写入学校和目标。确定导入？",
)
BOOKINGS = Kind(
    "bookings",
    "已商定的课",
    "booking",
    "/import",
    200,
    (
        Column("学校编号", "school", True, example="SCH-06", shown=True),
        Column("课程编号", "course", True, example="RV-T01", shown=True),
        Column("日期", "on", True, "day", "2026-12-08", True),
        Column("开始时间", "start", True, "clock", "08:30", True),
        Column("地点", "place", example="VEN-06", shown=True),
        Column("自选地址", "address", example="", shown=True),
        Column("人数", "attendees", True, example=60, shown=True),
        Column("对象", "audience", kind="words:audience", example=("party_worker",)),
        Column("讲师编号", "lecturer_id", example="LEC-001", shown=True),
        Column("备注", "notes", example="示例（请删除本行）"),
    ),
    (
        "每所学校生成一份已批准的邀请函，每节课按写明的时间和地点排好。",
        "“地点”写本校场地或教学点的编号或名称，或写“线上”；不在其中的写在“自选地址”，路程按学校所在位置估算。",
        "写了讲师编号的，只要他当时有空、聘期有效，就先派给他，由他接单，也可由排课员电话代答；否则和没写的一样，按次序派单。",
        "同一所学校同一时间的同一门课只登记一次。",
    ),
    "确认后立即生成已批准的邀请函并派单，学校和讲师会收到通知。确定导入？",
)
KINDS = {kind.key: kind for kind in (LECTURERS, COURSES, SCHOOLS, BOOKINGS)}
