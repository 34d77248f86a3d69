"""Deploy: the process all services of one machine are born from.

It imports what they have in common, once. Forked from here, services take half the memory of
programs started one by one and start in a fraction of the time; each is a uvicorn process of its
own, in its own group, exactly as `python -m uvicorn services.booking.app:app` would be.

Orders and answers are JSON, one a packet, over the socket it was started with: an order carries
the pipe the service is to print into; answers say {name, pid} and later {name, pid, status}.
"""

import gc
import json
import os
import selectors
import socket
import sys
import traceback
from typing import Any, NoReturn

import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl

import services.kit.app  # noqa: F401  (what every service is made of)
from deploy.child import die_with_parent, name_process

GRACE = 2  # seconds an open event stream may keep a service from ending


class Nursery:
    """Starts services on order and tells how they ended."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.events = selectors.DefaultSelector()
        self.events.register(wire, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self.events.select():
                if key.fileobj is not self.wire:
                    self._bury(key.fd, **key.data)
                elif not self._order():
                    return

    def _order(self) -> bool:
        packet, pipes, _, _ = socket.recv_fds(self.wire, 4096, 1)
        if not packet:
            return False  # the supervisor has gone
        order = json.loads(packet)
        pid = os.fork()
        if not pid:
            self._live(pipes[0], **order)
        os.close(pipes[0])
        who = {"name": order["name"], "pid": pid}
        self.events.register(os.pidfd_open(pid), selectors.EVENT_READ, who)
        self._say(**who)
        return True

    def _bury(self, pidfd: int, *, name: str, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        self.events.unregister(pidfd)
        os.close(pidfd)
        self._say(name=name, pid=pid, status=os.waitstatus_to_exitcode(status))

    def _say(self, **said: Any) -> None:
        self.wire.send(json.dumps(said).encode())

    def _live(self, pipe: int, *, name: str, port: int) -> NoReturn:
        """The service, in the child. Nothing of the nursery's own goes on below this line."""
        status = 1
        try:
            nursery = os.getppid()
            self.events.close()
            self.wire.close()
            os.setsid()
            die_with_parent(nursery)
            name_process(name)
            os.dup2(pipe, 1)
            os.dup2(pipe, 2)
            os.close(pipe)
            uvicorn.run(
                f"services.{name}.app:app",
                host="127.0.0.1",
                port=port,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def main() -> None:
    # What lives now lives for good: the collector of a child need not touch (and so copy) it.
    gc.collect()
    gc.freeze()
    Nursery(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
