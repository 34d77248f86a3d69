"""Kit: what the environment says. Read at start, never in the domain."""

import os
from pathlib import Path


def home() -> Path:
    """Where this stack keeps its files (databases, keys, clock)."""
    return Path(os.environ.get("YUEKE_HOME", "var")).absolute()


def database_url(service: str) -> str:
    template = os.environ.get("YUEKE_DATABASE_URL") or f"sqlite:///{home()}/{{service}}.db"
    return template.replace("{service}", service)


def nats_url() -> str:
    return os.environ.get("YUEKE_NATS_URL", "nats://127.0.0.1:4222")


def nats_seed(service: str) -> Path:
    return Path(os.environ.get("YUEKE_KEYS", home() / "keys")) / f"{service}.nk"


def link_key() -> Path:
    """What links in mails are sealed with: notify writes them, the portal reads them."""
    return Path(os.environ.get("YUEKE_KEYS", home() / "keys")) / "links.key"


def origin() -> str:
    """The one public address: issuer of tokens, base of links."""
    return os.environ.get("YUEKE_ORIGIN", "http://127.0.0.1:8080")


def jwks_url() -> str:
    return os.environ.get("YUEKE_JWKS_URL", f"{origin()}/.well-known/jwks.json")


def oidc() -> Path | None:
    """A TOML file that says which identity provider may sign people in, and as what."""
    path = os.environ.get("YUEKE_OIDC")
    return Path(path) if path else None


def smtp() -> tuple[str, int]:
    host, _, port = os.environ.get("YUEKE_SMTP", "127.0.0.1:2525").rpartition(":")
    return host, int(port)


def mail_from() -> str:
    """Whose address mails come from."""
    return os.environ.get("YUEKE_MAIL_FROM", "yueke@yueke.party-school.cn")


def service_url(name: str) -> str:
    """Where another service listens, for the portal's calls on behalf of a person."""
    address = os.environ.get(f"YUEKE_{name.upper()}")
    return f"http://{address}" if address else origin()
