"""Portal: calls to the services on behalf of the visitor, and what they refuse."""

import asyncio
import hashlib
import json
from collections import Counter
from typing import Any
from uuid import UUID

import httpx

from services.kit import config, log
from services.kit.ids import uuid7

PATIENCE = httpx.Timeout(20.0, connect=2.0)
# Idle connections are given up before the service does (after 5 s), or a call meets its end.
LIMITS = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=3)


class Refused(Exception):
    """A service said no: its status, its stable code and the facts of the case."""

    def __init__(self, status: int, code: str, facts: dict[str, Any]) -> None:
        super().__init__(code)
        self.status, self.code, self.facts = status, code, facts


class Upstream:
    """The services of one process, over kept connections."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=PATIENCE, limits=LIMITS, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        params: dict[str, Any] | None = None,
        body: Any = None,
    ) -> httpx.Response:
        """The answer when it is a good one; otherwise `Refused`, 503 `service_away` included."""
        url = f"{config.service_url(service)}/api/{service}{path}"
        content = None if body is None else json.dumps(body, default=_plain).encode()
        if content is not None:
            headers = {**headers, "content-type": "application/json"}
        try:
            answer = await self._client.request(
                method, url, params=_given(params), headers=headers, content=content
            )
        except httpx.HTTPError as error:
            log.get().warning("service away", service=service, error=repr(error))
            raise Refused(503, "service_away", {"service": service}) from error
        if answer.status_code >= 400:
            raise _refused(answer)
        return answer


class Calls:
    """The calls of one page: whose they are, and how many went to whom."""

    def __init__(self, upstream: Upstream, token: str, once: str | None) -> None:
        self._upstream, self._token = upstream, token
        self._once = once or str(uuid7())
        self.count: Counter[str] = Counter()

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        if_match: int | None = None,
    ) -> Any:
        """The JSON of the answer (None when it has none); an answer with an ETag and a JSON object
        is given its version as `etag`."""
        self.count[service] += 1
        headers = {"authorization": f"Bearer {self._token}"}
        if request_id := log.request_id():
            headers["x-request-id"] = request_id
        if method == "POST":
            # The same form sent twice is one order; a mended one is another.
            said = json.dumps([path, body], default=_plain, sort_keys=True)
            headers["idempotency-key"] = hashlib.sha256((self._once + said).encode()).hexdigest()
        if if_match is not None:
            headers["if-match"] = f'"{if_match}"'
        answer = await self._upstream.send(
            service, method, path, headers=headers, params=params, body=body
        )
        found = answer.json() if answer.content else None
        if isinstance(found, dict) and (etag := answer.headers.get("etag")):
            found.setdefault("etag", int(etag.strip('W/"')))
        return found


async def gather(*asked: Any) -> list[Any]:
    """All at once; the first refusal is raised when the others have ended too."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return list(answers)


def _given(params: dict[str, Any] | None) -> httpx.QueryParams:
    pairs: list[tuple[str, Any]] = []
    for name, value in (params or {}).items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None and one != "":
                pairs.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return httpx.QueryParams(pairs)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, UUID) else str(value.isoformat())


def _refused(answer: httpx.Response) -> Refused:
    try:
        facts = answer.json()
        code = str(facts.pop("type"))
    except (ValueError, KeyError, AttributeError):
        facts, code = {}, "service_away" if answer.status_code >= 500 else "refused"
    return Refused(answer.status_code, code, facts)
