"""Chinese full text: the same answers on both databases, complete and nearly exact."""

import csv
import random
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, col, select

from services.catalog import courses, reference, search
from services.catalog.models import CourseVersion
from services.catalog.queries import Wish, menu
from services.kit.db import Database, insert_many
from services.kit.ids import reference_id, uuid7
from tests.catalog.conftest import CLERK, FOLDER, NOON, SCHEDULER, a_course
from tests.conftest import BACKENDS, Templates

GENERATED = 2_000
SUBJECTS = (
    "党建引领 乡村振兴 基层治理 网格管理 主题党日 党费收缴 三会一课 枫桥经验 红色物业".split()  # noqa: SIM905
)
MANNERS = "实务 导读 案例 方法 要点 漫谈 观摩 微党课 与创新 一刻钟 工作法 怎么办".split()  # noqa: SIM905
TAILS = ["", "（示例）", "：2026版", " ABC", "𠮷野家", "😀", "①②", "ＡＢＣ", "“千万工程”"]


def title(chance: random.Random) -> str:
    parts = [chance.choice(SUBJECTS), chance.choice(MANNERS), chance.choice(SUBJECTS)]
    chance.shuffle(parts)
    return "".join(parts) + chance.choice(TAILS)


@pytest.fixture(scope="module")
def both(templates: Templates, postgres_url: str) -> Iterator[list[Session]]:
    """The reference menu and two thousand generated courses, on each database."""
    chance = random.Random(20260601)
    texts = [(UUID(int=number + 1), title(chance)) for number in range(GENERATED)]
    with ExitStack() as stack:
        sessions = []
        for backend in BACKENDS:
            url = templates.copy("catalog", backend)
            stack.callback(templates.drop, url)
            database = Database("catalog", url)
            stack.callback(database.dispose)
            with database.transaction() as session:
                reference.load(session, FOLDER, district="xiqing", shift_years=0)
                model = session.exec(select(CourseVersion)).first()
                assert model is not None
                rows = [
                    {**model.model_dump(), "id": id, "title": words, "label": str(id)}
                    | {"number": number + 2, "state": "retired"}
                    for number, (id, words) in enumerate(texts)
                ]
                insert_many(session, CourseVersion, rows)
                search.put(session, texts)
                session.execute(text("ANALYZE"))
            sessions.append(stack.enter_context(database.snapshot()))
        yield sessions


def found(session: Session, question: str) -> set[UUID]:
    matches = search.finds(session, col(CourseVersion.id), question)
    return set(session.exec(select(CourseVersion.id).where(matches)))


def questions() -> list[str]:
    chance = random.Random(7)
    with (FOLDER / "courses.csv").open(encoding="utf-8", newline="") as file:
        titles = [row["title"] for row in csv.DictReader(file)]
    made = [title(chance) for _ in range(100)]
    cuts = []
    for words in titles + made:
        start = chance.randrange(len(words))
        cuts.append(words[start : start + chance.randrange(1, 7)])
    signs = ["", " ", "？", "'", '"', "*", "a OR b", "NEAR(", "党 AND 建", "-党", "u515a", "&|!:()"]
    return [
        *SUBJECTS,
        *titles,
        *cuts,
        *signs,
        "abc",
        "ABC",
        "ａｂｃ",
        "2026",
        "12",
        "😀",
        "𠮷",
        "党",
    ]


def test_both_databases_give_the_same_answers(both: list[Session]) -> None:
    on_sqlite, on_postgresql = both
    answered = 0

    for question in questions():
        first = found(on_sqlite, question)
        assert first == found(on_postgresql, question), question
        answered += bool(first)

    assert answered > 150


def test_a_word_of_a_title_finds_the_title_and_little_else(both: list[Session]) -> None:
    session = both[0]
    titles = {v.id: v.title for v in session.exec(select(CourseVersion))}
    hits = wanted = right = 0

    for word in [*SUBJECTS, "党日", "物业", "枫桥", "经验", "实务", "千万工程", "基层", "支部"]:
        expected = {id for id, words in titles.items() if word in words}
        answer = found(session, word)
        hits += len(answer)
        wanted += len(expected)
        right += len(answer & expected)

    assert right == wanted  # recall 1.000
    assert right / hits > 0.95  # precision


def test_words_may_stand_in_another_order(both: list[Session]) -> None:
    for session in both:
        assert found(session, "经验 枫桥") == found(session, "枫桥经验") != set()


def test_a_two_character_word_is_found_inside_another(both: list[Session]) -> None:
    [version] = [
        v for v in both[0].exec(select(CourseVersion)) if v.title == "党支部工作条例（试行）导读"
    ]
    for session in both:
        for question in ("条例", "试行", "支部", "党", "工作条例导读"):
            assert version.id in found(session, question), question


def test_the_index_changes_with_the_course_or_not_at_all(catalog: Session) -> None:
    course = a_course(catalog, title="原来的题目")
    [version] = found(catalog, "原来的题目")

    attempt = catalog.begin_nested()
    a_course(catalog, id=course.id, title="暂时的名称")
    assert found(catalog, "暂时的名称") == {version}
    attempt.rollback()
    catalog.expire_all()

    assert found(catalog, "暂时的名称") == set()
    assert found(catalog, "原来的题目") == {version}
    a_course(catalog, id=course.id, title="最后的名称", summary="兼讲消防演练")
    assert found(catalog, "原来的题目") == set()
    assert found(catalog, "消防演练") == {version}


def test_a_question_is_answered_from_the_menu_only(catalog: Session) -> None:
    course = a_course(catalog, title="量子党课")
    wish = Wish(q="量子党课")

    before, _ = menu(catalog, wish, cursor=None, limit=10, by=CLERK, at=NOON)
    courses.approve(catalog, course.id, by=SCHEDULER, at=NOON)
    courses.publish(catalog, course.id, by=SCHEDULER, at=NOON)
    after, _ = menu(catalog, wish, cursor=None, limit=10, by=CLERK, at=NOON)

    assert ([v.title for v in before], [v.title for v in after]) == ([], ["量子党课"])


def test_a_question_uses_the_index(both: list[Session]) -> None:
    plans = []
    for session, explain in zip(both, ("EXPLAIN QUERY PLAN", "EXPLAIN"), strict=True):
        statements: list[tuple[str, object]] = []

        def remember(_c: object, _k: object, sql: str, given: object, *_: object) -> None:
            statements.append((sql, given))  # noqa: B023

        event.listen(session.get_bind(), "before_cursor_execute", remember)
        found(session, "流动党员")
        event.remove(session.get_bind(), "before_cursor_execute", remember)
        [(sql, given)] = [said for said in statements if search.INDEX in said[0]]
        rows = session.connection().exec_driver_sql(f"{explain} {sql}", given).all()  # type: ignore[call-overload]
        plans.append(" ".join(str(row) for row in rows))

    assert "VIRTUAL TABLE INDEX" in plans[0]
    assert "course_text_grams" in plans[1]


def test_ids_make_different_rows() -> None:
    ids = [uuid7() for _ in range(10_000)] + [reference_id("xiqing", str(n)) for n in range(1000)]

    assert len({search._row_of(id) for id in ids}) == len(ids)
