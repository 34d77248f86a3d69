"""Portal: an identity provider's people: which role and school its claims give, by a list of rules.

The file (`YUEKE_OIDC`):

    name = "统一身份认证"                # on the button
    issuer = "https://id.example.cn"
    client_id = "yueke"
    client_secret_file = "/run/secrets/oidc"     # none for a public client: PKCE is always used
    scopes = ["openid", "profile", "email"]
    district = "xiqing"

    [[rule]]                             # the first that fits counts
    claim = "groups"                     # a list has to hold the value, a text has to be it
    is = "yueke-schedulers"
    role = "scheduler"

    [[rule]]
    claim = "department"
    is = "西青区精武镇党校"
    role = "township"
    school = "SCH-06"                    # code of the reference, or an id

    [[rule]]
    claim = "staff_type"
    is = "lecturer"
    role = "lecturer"
    lecturer_claim = "lecturer_code"     # where the claims name the lecturer

No rule gives the administrator: such a file is refused at the start.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from services.kit import config
from services.kit.auth import Role
from services.kit.ids import reference_id

GIVEN = {Role.TOWNSHIP, Role.SCHEDULER, Role.LECTURER, Role.SUPERVISOR}


class BadSettings(ValueError):
    """The file says something it must not; the service does not start with it."""


@dataclass(frozen=True)
class Given:
    """What the rules make of somebody; without a role he waits for the administrator."""

    role: Role | None = None
    school_id: UUID | None = None
    lecturer_id: UUID | None = None


@dataclass(frozen=True)
class Rule:
    claim: str
    value: str
    role: Role
    school: str | None = None
    lecturer_claim: str | None = None

    def fits(self, claims: Mapping[str, Any]) -> bool:
        found = claims.get(self.claim)
        return self.value in found if isinstance(found, list) else str(found) == self.value


@dataclass(frozen=True)
class Settings:
    name: str
    issuer: str
    client_id: str
    district: str
    client_secret: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    rules: tuple[Rule, ...] = field(default=())

    def given(self, claims: Mapping[str, Any]) -> Given:
        """By the first rule that fits and can be carried out."""
        for rule in self.rules:
            if rule.fits(claims) and (found := self._carried_out(rule, claims)):
                return found
        return Given()

    def _carried_out(self, rule: Rule, claims: Mapping[str, Any]) -> Given | None:
        if rule.role is Role.TOWNSHIP:
            return Given(rule.role, school_id=_id(self.district, rule.school or ""))
        if rule.role is Role.LECTURER:
            code = claims.get(rule.lecturer_claim or "")
            return Given(rule.role, lecturer_id=_id(self.district, code)) if code else None
        return Given(rule.role)


def settings() -> Settings | None:
    """Of this installation; None when nobody else signs people in."""
    path = config.oidc()
    return _read(path, path.stat().st_mtime_ns) if path else None


@lru_cache(maxsize=2)
def _read(path: Path, _: int) -> Settings:
    return parse(tomllib.loads(path.read_text(encoding="utf-8")), folder=path.parent)


def parse(said: Mapping[str, Any], *, folder: Path) -> Settings:
    """`BadSettings` names what is wrong."""
    try:
        file = said.get("client_secret_file")
        return Settings(
            name=str(said.get("name", "统一身份认证")),
            issuer=str(said["issuer"]),
            client_id=str(said["client_id"]),
            district=str(said["district"]),
            client_secret=(folder / file).read_text(encoding="utf-8").strip() if file else None,
            scopes=tuple(said.get("scopes", Settings.scopes)),
            rules=tuple(_rule(one) for one in said.get("rule", ())),
        )
    except KeyError as error:
        raise BadSettings(f"missing: {error.args[0]}") from error


def _rule(said: Mapping[str, Any]) -> Rule:
    role = said["role"]
    if role not in GIVEN:
        raise BadSettings(f"no rule may give the role {role!r}")
    if role == Role.TOWNSHIP and "school" not in said:
        raise BadSettings("a rule for a township names its school")
    if role == Role.LECTURER and "lecturer_claim" not in said:
        raise BadSettings("a rule for lecturers names the claim that holds the lecturer's code")
    return Rule(
        str(said["claim"]),
        str(said["is"]),
        Role(role),
        said.get("school"),
        said.get("lecturer_claim"),
    )


def _id(district: str, code: object) -> UUID:
    try:
        return UUID(str(code))
    except ValueError:
        return reference_id(district, str(code))
