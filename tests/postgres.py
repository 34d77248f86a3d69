"""Tests: a PostgreSQL server of this run's own, on loopback, gone afterwards."""

import atexit
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import psycopg

from deploy.child import die_with_parent

OLDEST = 15
START_PATIENCE = 60.0
STOP_PATIENCE = 20.0
# Debian starts a server of its own after installing one, unless it is told not to.
CREATECLUSTER = Path("/etc/postgresql-common/createcluster.conf")


class NotHad(Exception):
    """No PostgreSQL here, and why."""


@cache
def ensure() -> str | None:
    """The URL of a server that lives as long as this process, started once; None (and a loud
    message) when there is no way to get one. `YUEKE_TEST_POSTGRES` names a server to use instead.
    """
    if given := os.environ.get("YUEKE_TEST_POSTGRES"):
        return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", given)
    stack = ExitStack()
    try:
        url = stack.enter_context(server())
    except (NotHad, OSError, subprocess.SubprocessError) as error:
        print(f"\n*** no PostgreSQL for the tests: {error} ***", file=sys.stderr, flush=True)
        return None
    atexit.register(stack.close)
    return url


@contextmanager
def server() -> Iterator[str]:
    """A new, empty server; nothing of it is left behind."""
    binaries = find() or install()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="yueke-postgres-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        who = unprivileged()
        if who is not None:
            os.chown(folder, who.pw_uid, who.pw_gid)
        data = folder / "data"
        making = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        _run([*making, "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"], folder, who)
        port = _free_port()
        process = _start(binaries, data, port, who)
        stack.callback(_stop, process)
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        _wait(url, process, folder / "log")
        yield url.replace("postgresql://", "postgresql+psycopg://")


def find() -> Path | None:
    """The newest installed server that is new enough."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    if found := shutil.which("pg_config"):
        said = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(said.stdout.strip()))
    known = {folder: _version(folder) for folder in folders if (folder / "postgres").exists()}
    best = max(known, key=lambda folder: known[folder], default=None)
    return best if best is not None and known[best] >= OLDEST else None


def install() -> Path:
    """Debian's package, when we may."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotHad(f"not installed (>= {OLDEST}), and only root can `apt-get install postgresql`")
    if not CREATECLUSTER.exists():
        CREATECLUSTER.parent.mkdir(parents=True, exist_ok=True)
        CREATECLUSTER.write_text("create_main_cluster = false\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    keep = ["-o", "Dpkg::Options::=--force-confold"]
    for arguments in (["update", "-q"], ["install", "-q", "-y", *keep, "postgresql"]):
        subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=True,
            timeout=600,
        )
    if (binaries := find()) is None:
        raise NotHad(f"Debian's postgresql is older than {OLDEST}")
    return binaries


def unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _version(binaries: Path) -> int:
    said = subprocess.run([binaries / "postgres", "-V"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", said.stdout)
    return int(found[1]) if found else 0


def _run(argv: Sequence[str], folder: Path, who: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        argv,
        cwd=folder,
        user=who.pw_uid if who else None,
        group=who.pw_gid if who else None,
        extra_groups=[] if who else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise NotHad(f"{argv[0]}: {done.stderr.strip()[-500:]}")


def _start(
    binaries: Path, data: Path, port: int, who: pwd.struct_passwd | None
) -> "subprocess.Popen[bytes]":
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        # No test pulls the plug of the machine; copying a template per test is what takes time.
        "fsync": "off",
        "log_min_messages": "fatal",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    ours = os.getpid()
    with (data.parent / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            cwd=data.parent,
            user=who.pw_uid if who else None,
            group=who.pw_gid if who else None,
            extra_groups=[] if who else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # A run killed with -9 cannot stop it: SIGINT is its order to end at once.
            preexec_fn=lambda: die_with_parent(ours, signal.SIGINT),
        )


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotHad(f"it did not start: {log.read_text()[-500:]}") from error
            time.sleep(0.05)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
