"""Portal: what a phone needs to keep the lecturer's pages as an application."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from services.portal.pages import assets

# Of the house, not of a person: a browser asks for it without a session.
router = APIRouter(include_in_schema=False)


@router.get("/phone/manifest.webmanifest")
async def manifest() -> JSONResponse:
    icon = {"src": assets.url("mark.svg"), "sizes": "any", "type": "image/svg+xml"}
    content = {
        "id": "/phone",
        "name": "约课 · 讲师",
        "short_name": "约课",
        "lang": "zh-Hans",
        "start_url": "/phone",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f4f6",
        "theme_color": "#b3261e",
        "icons": [{**icon, "purpose": "any"}, {**icon, "purpose": "maskable"}],
        "shortcuts": [
            {"name": "日程", "url": "/phone/agenda"},
            {"name": "不可用时间", "url": "/phone/away"},
        ],
    }
    return JSONResponse(content, media_type="application/manifest+json")
