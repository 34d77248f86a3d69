"""The parts of a stack alone: clock, ports, lines, mail, proxy, reference."""

import json
import os
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from sqlmodel import Session

from deploy import clock, home, prepare, smtp_sink
from deploy.ports import Ports, PortTaken
from services.kit.db import Database
from services.kit.numbers import Setting
from tests.conftest import NewDatabase

BIN = Path(sys.executable).parent


def test_a_clock_begins_once(tmp_path: Path) -> None:
    assert clock.begin(tmp_path, "2026-11-23T09:00+08:00")
    assert not clock.begin(tmp_path, "2030-01-01T09:00+08:00")

    gone = clock.now(tmp_path) - datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert timedelta() <= gone < timedelta(seconds=5)


def test_a_clock_moves_forward_only(tmp_path: Path) -> None:
    clock.begin(tmp_path, "2026-11-23T09:00+08:00")

    moved = clock.move(tmp_path, add=clock.duration("1d12h30m"))
    to = clock.move(tmp_path, to=clock.instant("2026-12-01T08:00+08:00"))

    assert clock.show(moved)[:16] == "2026-11-24T21:30"
    assert clock.show(to)[:16] == "2026-12-01T08:00"
    with pytest.raises(clock.ClockError, match="only moves forward"):
        clock.move(tmp_path, to=clock.instant("2026-11-30T08:00+08:00"))
    assert clock.show(clock.now(tmp_path))[:16] == "2026-12-01T08:00"


@pytest.mark.parametrize("text", ["", "2", "-2d", "2w", "d", "2d 3h", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(clock.ClockError, match="not a duration"):
        clock.duration(text)


def test_the_clock_command_is_for_demos_only(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "deploy.clock", "--add", "2d"]
    environment = {**os.environ, "YUEKE_HOME": str(tmp_path)}

    refused = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    (tmp_path / "demo-credentials.json").write_text("[]")
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    assert (refused.returncode, "no demo" in refused.stderr) == (1, True)
    assert done.returncode == 0
    ahead = datetime.fromisoformat(done.stdout.strip()) - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < ahead < timedelta(days=2, minutes=1)


def test_a_port_is_reserved_for_whoever_is_told_it() -> None:
    ours, others = Ports(), Ports()
    held = [ours.free() for _ in range(50)]

    with socket.create_server(("127.0.0.1", held[0])) as child:
        assert child.getsockname()[1] == held[0]
    assert len(set(held)) == 50
    assert not set(held) & {others.free() for _ in range(50)}


def test_two_stacks_cannot_take_the_same_origin() -> None:
    ours, others = Ports(), Ports()
    port = Ports().free()
    ours.origin(port)

    with pytest.raises(PortTaken, match=f"port {port} is in use"):
        others.origin(port)


def test_a_reader_who_stops_reading_does_not_stop_the_stack() -> None:
    program = (
        "import asyncio\n"
        "from deploy.lines import Lines\n"
        "async def main():\n"
        "    lines = Lines()\n"
        "    for n in range(30_000):\n"
        "        lines.say('booking', f'{n} ' + 'x' * 200)\n"
        "    open('/proc/self/fd/2', 'w').write('done')\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.read() == b"done"  # though nobody has read its lines
        first = process.stdout.readline()
        assert first == b"booking  | 0 " + b"x" * 200 + b"\n"
        process.stdout.read()


async def test_every_mail_becomes_a_file(tmp_path: Path) -> None:
    port = Ports().free()
    server = await smtp_sink.serve(tmp_path / "outbox", port)
    for number in range(3):
        mail = EmailMessage()
        mail["From"], mail["To"] = "yueke@xiqing.example", "lec-001@xiqing.example"
        mail["Subject"] = f"派课单 {number} 🎓"
        mail["Message-ID"] = f"<../{number}/evil id@xiqing.example>"
        mail.set_content("请于规定时间内答复。")
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)
    server.close()

    files = sorted((tmp_path / "outbox").iterdir())
    assert [path.name.split("-", 1)[1] for path in files] == [
        f".._{n}_evil_id@xiqing.example.eml" for n in range(3)
    ]
    assert all("Message-ID" in path.read_text() for path in files)


def test_a_written_file_is_whole_and_as_closed_as_wanted(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    home.write(path, "old", mode=0o600)
    home.write(path, "new", mode=0o600)

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["secret.json"]


@pytest.mark.parametrize("site", ["http://:8080", "https://yueke.example"])
def test_the_proxy_understands_its_file_here_and_in_production(site: str) -> None:
    environment = {f"YUEKE_{name.upper()}": "127.0.0.1:1" for name in home.PROCESSES}
    config = home.ROOT / "deploy" / "Caddyfile"

    adapted = subprocess.run(
        [BIN / "caddy", "adapt", "--config", config, "--adapter", "caddyfile", "--validate"],
        env={**os.environ, **environment, "YUEKE_SITE": site, "YUEKE_BIND": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=True,
    )

    said = json.loads(adapted.stdout)
    assert said["admin"] == {"disabled": True, "config": {"persist": False}}
    assert all(
        address.startswith("127.0.0.1:")
        for server in said["apps"]["http"]["servers"].values()
        for address in server["listen"]
    )


@pytest.mark.parametrize(
    ("now", "years"), [("2026-11-23T09:00+08:00", 0), ("2028-01-01T00:30+08:00", 2)]
)
def test_the_reference_year_is_the_year_of_the_district_clock(
    tmp_path: Path, now: str, years: int
) -> None:
    clock.begin(tmp_path, now)

    assert prepare.shift_years(tmp_path) == years


def test_a_real_installation_gets_no_invented_people() -> None:
    with prepare.reference(demo=False) as folder:
        lecturers = (folder / "lecturers.csv").read_text(encoding="utf-8").splitlines()
        schools = (folder / "schools.csv").read_text(encoding="utf-8")
        courses = (folder / "courses.csv").read_bytes()

    assert len(lecturers) == 1
    assert "杨柳青镇" in schools
    assert "示例联络员" not in schools
    assert courses.count(b"\n") == (home.REFERENCE / "courses.csv").read_bytes().count(b"\n")


def test_a_database_that_holds_any_row_is_left_alone(new_database: NewDatabase) -> None:
    database: Database = new_database("portal")

    def held() -> bool:
        with database.transaction() as session:
            return not prepare.is_empty(session)

    assert not held()
    with database.transaction() as session:
        _remember_a_number(session)
    assert held()


def _remember_a_number(session: Session) -> None:
    session.add(Setting(district="xiqing", name="fix_days", value="10"))
