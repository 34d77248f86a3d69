"""Deploy: one nkey per service. Seeds stay in 0600 files, nats.conf carries public keys only."""

import argparse
import os
import secrets
from pathlib import Path

import nkeys

from deploy.home import PROCESSES, ROOT, home, write

ADMIN = "admin"  # the deploy job: it makes streams and durables, services never do
NAMES = (ADMIN, *PROCESSES)
LINKS = "links.key"  # seals the links in mails: notify writes them, the portal reads them
TEMPLATE = ROOT / "deploy" / "nats.conf"


def ensure(folder: Path) -> dict[str, str]:
    """The public key of every name; a missing seed is made, an existing one is kept."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (links := folder / LINKS).exists():
        write(links, secrets.token_urlsafe(32), mode=0o600)
    return {name: _public(folder / f"{name}.nk") for name in NAMES}


def render(folder: Path, *, port: int, http_port: int) -> Path:
    """`nats.conf` for this home, these ports and these keys."""
    public = ensure(folder / "keys")
    text = TEMPLATE.read_text(encoding="utf-8")
    blanks = {"PORT": str(port), "HTTP_PORT": str(http_port), "STORE": str(folder)}
    blanks |= {f"{name.upper()}_KEY": key for name, key in public.items()}
    for blank, value in blanks.items():
        text = text.replace(f"@{blank}@", value)
    path = folder / "nats.conf"
    write(path, text)
    return path


def _public(path: Path) -> str:
    if not path.exists():
        seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode()
        write(path, seed, mode=0o600)
    pair = nkeys.from_seed(bytearray(path.read_bytes().strip()))
    return str(pair.public_key.decode())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--http-port", type=int, required=True)
    chosen = options.parse_args()
    render(home(), port=chosen.port, http_port=chosen.http_port)


if __name__ == "__main__":
    main()
