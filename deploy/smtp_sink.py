"""Deploy: the mail server of demos and tests. It delivers every mail into a folder, as a file."""

import argparse
import asyncio
import re
import time
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.home import home

_unsafe = re.compile(r"[^A-Za-z0-9._@+-]+")


class Folder:
    """aiosmtpd handler. Names sort by arrival and show the Message-ID; a mail that is sent again
    (at least once is the promise) is a second file with the same Message-ID."""

    def __init__(self, outbox: Path) -> None:
        self.outbox = outbox
        self._last = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message_id = BytesHeaderParser().parsebytes(content).get("Message-ID", "none")
        safe = _unsafe.sub("_", str(message_id).strip().strip("<>"))[:120]
        self._last = max(time.time_ns(), self._last + 1)
        path = self.outbox / f"{self._last:020d}-{safe}.eml"
        half = path.with_name(f".{path.name}")
        half.write_bytes(content)
        half.replace(path)
        return "250 OK"


async def serve(outbox: Path, port: int) -> asyncio.Server:
    """Listen on loopback."""
    outbox.mkdir(parents=True, exist_ok=True)
    folder = Folder(outbox)
    loop = asyncio.get_running_loop()

    def mailbox() -> SMTP:
        return SMTP(folder, hostname="localhost", ident="yueke", enable_SMTPUTF8=True, loop=loop)

    return await loop.create_server(mailbox, "127.0.0.1", port)


async def _alone(outbox: Path, port: int) -> None:
    server = await serve(outbox, port)
    print(f"mail for everybody on 127.0.0.1:{port}, files in {outbox}", flush=True)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=2525)
    options.add_argument("--outbox", type=Path, default=home() / "outbox")
    chosen = options.parse_args()
    asyncio.run(_alone(chosen.outbox, chosen.port))


if __name__ == "__main__":
    main()
