"""Deploy: free ports that stay ours. Two stacks on one machine never meet."""

import socket


class PortTaken(Exception):
    """Somebody else listens there."""


class Ports:
    """Bound but never listening: the kernel gives a reserved port to nobody else, and the child
    that is told to use it may still listen there (both sides set SO_REUSEADDR), again after a
    restart too."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def free(self) -> int:
        return self._bind(0)

    def origin(self, port: int) -> int:
        """The one port people know; `PortTaken` when it is in use."""
        try:
            # Caddy would share a port with another Caddy (SO_REUSEPORT) without a word, so stacks
            # that start in the same moment are told apart by a name only one of them can have.
            name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._held.append(name)
            name.bind(f"\0yueke-origin-{port}")
            return self._bind(port)
        except OSError as error:
            raise PortTaken(f"port {port} is in use (YUEKE_PORT moves it)") from error

    def _bind(self, port: int) -> int:
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._held.append(held)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        return int(held.getsockname()[1])
