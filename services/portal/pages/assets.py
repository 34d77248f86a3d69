"""Portal: files a browser needs, by name. Ours, and those of the pinned npm packages."""

import hashlib
import mimetypes
import re
from functools import cache, lru_cache
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

OWN = Path(__file__).parents[1] / "assets"
PACKAGES = Path(__file__).parents[3] / "node_modules"
OF_PACKAGES = {
    "bootstrap.css": "bootstrap/dist/css/bootstrap.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.min.js",
    "echarts.js": "echarts/dist/echarts.common.min.js",
}
FOREVER = "public, max-age=31536000, immutable"
ICON_NAME = re.compile(r"[a-z0-9-]+")

router = APIRouter(prefix="/assets", include_in_schema=False)


@router.get("/{digest}/{name}")
async def asset(digest: str, name: str) -> Response:
    """The digest in the address changes with the file, so that browsers may keep it for ever."""
    path = files().get(name)
    if path is None or digest != _digest(name):
        return Response(status_code=404)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers={"Cache-Control": FOREVER})


@lru_cache
def files() -> dict[str, Path]:
    own = {path.name: path for path in OWN.iterdir() if path.is_file()}
    return {**{name: PACKAGES / path for name, path in OF_PACKAGES.items()}, **own}


@cache
def url(name: str) -> str:
    """Address of a file; a name nobody has is a mistake in a template."""
    return f"/assets/{_digest(name)}/{name}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(files()[name].read_bytes()).hexdigest()[:12]


@cache
def icon(name: str) -> str:
    """A picture of bootstrap-icons as inline SVG, for eyes only."""
    if not ICON_NAME.fullmatch(name):
        raise ValueError(name)
    path = PACKAGES / "bootstrap-icons" / "icons" / f"{name}.svg"
    svg = path.read_text(encoding="utf-8").strip()
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
