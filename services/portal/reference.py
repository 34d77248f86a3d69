"""Portal's first rows: the people of the reference district, or one administrator."""

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.kit import clock, outbox
from services.kit.auth import Role, system
from services.kit.db import insert_many
from services.kit.ids import reference_id
from services.portal import accounts, secrecy
from services.portal.models import Account, ApiKey

OFFICE = {
    Role.ADMINISTRATOR: "示例管理员（虚构）",
    Role.SCHEDULER: "示例排课员（虚构）",
    Role.SUPERVISOR: "示例督导（虚构）",
}
KEY_NAME = "first key"
HASHERS = 4  # argon2 lets go of the interpreter; more threads than cores only cost memory


def load(
    session: Session, folder: Path, *, district: str, shift_years: int
) -> list[dict[str, Any]]:
    """One account with a password and a key for each person of the reference district, told.

    Answers what only they may know, for the demo's file of credentials. Accounts have no dates,
    so `shift_years` moves nothing here.
    """
    people = [*_office(district), *_clerks(folder, district), *_lecturers(folder, district)]
    passwords = [secrecy.new_password() for _ in people]
    with ThreadPoolExecutor(HASHERS) as pool:
        hashes = list(pool.map(secrecy.hash_password, passwords))
    rows = [{**person, "password_hash": hash} for person, hash in zip(people, hashes, strict=True)]
    return _admit(session, rows, passwords, at=clock.now())


def first_administrator(session: Session, *, district: str) -> dict[str, Any]:
    """For a real installation: one account, its key and a password that must be changed."""
    password = secrecy.new_password()
    row = {
        **next(_office(district)),
        "name": "管理员",
        "email": None,
        "must_change_password": True,
        "password_hash": secrecy.hash_password(password),
    }
    return _admit(session, [row], [password], at=clock.now())[0]


def _admit(
    session: Session, rows: list[dict[str, Any]], passwords: list[str], *, at: datetime
) -> list[dict[str, Any]]:
    admitted = [Account(**row) for row in rows]
    keys = [accounts.new_key(account.id, KEY_NAME, at) for account in admitted]
    insert_many(session, Account, [account.model_dump() for account in admitted])
    insert_many(session, ApiKey, [key.model_dump() for key, _ in keys])
    by = system(admitted[0].district)
    outbox.tell(session, *(accounts.said(account, "put", by, at) for account in admitted))
    return [
        {
            "role": account.roles[0],
            "login": account.login,
            "name": account.name,
            "client_id": str(key.client_id),
            "client_secret": secret,
            "password": password,
            "school_id": account.school_id and str(account.school_id),
            "lecturer_id": account.lecturer_id and str(account.lecturer_id),
        }
        for account, (key, secret), password in zip(admitted, keys, passwords, strict=True)
    ]


def _office(district: str) -> Iterator[dict[str, Any]]:
    for role, name in OFFICE.items():
        email = f"{role}@{district}.example"
        yield _person(district, role, code=str(role), login=str(role), name=name, email=email)


def _clerks(folder: Path, district: str) -> Iterator[dict[str, Any]]:
    for row in _rows(folder / "schools.csv"):
        yield _person(
            district,
            Role.TOWNSHIP,
            code=row["school_id"],
            login=row["slug"],
            name=f"{row['name']} {row['liaison']}".strip(),
            email=row["contact_email"],
            school_id=reference_id(district, row["school_id"]),
        )


def _lecturers(folder: Path, district: str) -> Iterator[dict[str, Any]]:
    for row in _rows(folder / "lecturers.csv"):
        yield _person(
            district,
            Role.LECTURER,
            code=row["lecturer_id"],
            login=row["lecturer_id"].lower(),
            name=row["name"],
            email=row["email"],
            lecturer_id=reference_id(district, row["lecturer_id"]),
        )


def _person(
    district: str,
    role: Role,
    *,
    code: str,
    login: str,
    name: str,
    email: str,
    school_id: UUID | None = None,
    lecturer_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "id": reference_id(district, f"account/{code}"),
        "district": district,
        "login": login,
        "name": name,
        "roles": [str(role)],
        "administers": role is Role.ADMINISTRATOR,
        "email": email or None,
        "school_id": school_id,
        "lecturer_id": lecturer_id,
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
