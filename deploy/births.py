"""Deploy: the supervisor's end of the nursery: services as processes like all others."""

import asyncio
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

from deploy.child import Process, program


@dataclass(eq=False)
class Service:
    """A process that is the nursery's child; for the supervisor it behaves like its own."""

    pid: int
    stdout: asyncio.StreamReader
    ended: "asyncio.Future[int]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)


class Births:
    """Starts the nursery, and services from it."""

    def __init__(self) -> None:
        self._wire: socket.socket | None = None
        self._open = asyncio.Event()
        self._asked: dict[str, asyncio.Future[int]] = {}
        self._living: dict[int, Service] = {}
        self._listening: asyncio.Task[None] | None = None

    async def nursery(self, env: dict[str, str]) -> Process:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = [sys.executable, "-m", "deploy.nursery", str(theirs.fileno())]
            process = await program(argv, env, pass_fds=(theirs.fileno(),))
        ours.setblocking(False)
        self._wire = ours
        self._listening = asyncio.create_task(self._listen(ours))
        self._open.set()
        return process

    async def service(self, name: str, port: int) -> Process:
        """`OSError` when the nursery ends before it has answered."""
        await self._open.wait()
        assert self._wire is not None
        reading, writing = os.pipe()
        stdout = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb", buffering=0)
        )
        asked = self._asked[name] = asyncio.get_running_loop().create_future()
        try:
            order = json.dumps({"name": name, "port": port}).encode()
            socket.send_fds(self._wire, [order], [writing])
        finally:
            os.close(writing)
        pid = await asked
        service = self._living[pid] = Service(pid, stdout)
        return service

    async def _listen(self, wire: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with wire:
            while packet := await self._packet(loop, wire):
                said: dict[str, Any] = json.loads(packet)
                if "status" in said:
                    self._end(said["pid"], said["status"])
                else:
                    self._asked.pop(said["name"]).set_result(said["pid"])
                    await asyncio.sleep(0)  # whoever asked takes it in before more is said
        self._open.clear()
        for asked in self._asked.values():
            asked.set_exception(ConnectionResetError("the nursery ended"))
        self._asked.clear()
        for pid in list(self._living):
            self._end(pid, -signal.SIGKILL)  # the kernel's doing: they die with their parent

    async def _packet(self, loop: asyncio.AbstractEventLoop, wire: socket.socket) -> bytes:
        try:
            return await loop.sock_recv(wire, 4096)
        except ConnectionError:
            return b""

    def _end(self, pid: int, status: int) -> None:
        service = self._living.pop(pid, None)
        if service is not None and not service.ended.done():
            service.ended.set_result(status)
