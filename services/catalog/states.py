"""Catalog's moves: which verb takes a course version or a teaching site from where to where."""

from enum import StrEnum

from services.kit.auth import Role
from services.kit.states import Machine, Move


class VersionState(StrEnum):
    DRAFT = "draft"  # 草稿
    TRIAL = "trial"  # 试讲
    APPROVED = "approved"  # 审定
    PUBLISHED = "published"  # 上架
    RETIRED = "retired"  # 下架


class SiteState(StrEnum):
    OPEN = "open"  # 开放
    CLOSED = "closed"  # 暂停开放


V, S = VersionState, SiteState
DISTRICT = {Role.SCHEDULER, Role.ADMINISTRATOR}

# fmt: off
VERSION = Machine("course_version", [
    #    verb       from                                               to           by        fact       url
    Move("put",     {V.DRAFT, V.TRIAL},                                V.DRAFT,     DISTRICT, "changed"),
    Move("trial",   {V.DRAFT},                                         V.TRIAL,     DISTRICT, "changed", "trial"),
    Move("approve", {V.DRAFT, V.TRIAL},                                V.APPROVED,  DISTRICT, "changed", "approve"),
    Move("publish", {V.APPROVED},                                      V.PUBLISHED, DISTRICT, "changed", "publish"),
    Move("retire",  {V.DRAFT, V.TRIAL, V.APPROVED, V.PUBLISHED},       V.RETIRED,   DISTRICT, "changed", "retire"),
])

SITE = Machine("site", [
    Move("put",    {S.OPEN},   S.OPEN,   DISTRICT, "changed"),
    Move("put",    {S.CLOSED}, S.CLOSED, DISTRICT, "changed"),
    Move("close",  {S.OPEN},   S.CLOSED, DISTRICT, "changed", "close"),
    Move("reopen", {S.CLOSED}, S.OPEN,   DISTRICT, "changed", "reopen"),
])
# fmt: on
