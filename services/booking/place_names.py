"""Booking: places as people write them in a sheet: a room, a site, an address, or online."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.booking.models import School, SiteCopy, Venue
from services.contracts.catalog import CourseVersion
from services.kit.errors import Invalid

ONLINE = {"线上", "线上授课", "online"}
ELSEWHERE = ("on_site", "online")  # deliveries that are not held in a room or at an address


class Places:
    """The rooms of some schools and the sites of their district, read once."""

    def __init__(self, session: Session, district: str, school_ids: Sequence[UUID]) -> None:
        rooms = select(Venue).where(col(Venue.school_id).in_(school_ids))
        self._rooms: dict[UUID, dict[str, list[Venue]]] = {}
        for room in session.exec(rooms):
            _name(self._rooms.setdefault(room.school_id, {}), room)
        self._sites: dict[str, list[SiteCopy]] = {}
        for site in session.exec(select(SiteCopy).where(SiteCopy.district == district)):
            _name(self._sites, site)

    def find(
        self, school: School, version: CourseVersion, place: str | None, address: str | None
    ) -> dict[str, Any]:
        """Delivery and place of a line. Without a word about it: the site of the course, or
        online when it is held no other way. An address is taken to be where the school stands.
        422 `place_unknown`, `place_ambiguous`, `place_missing`, `one_place_only`."""
        said = (place or "").strip()
        if said and address:
            raise Invalid("one_place_only", column="address")
        if said.casefold() in ONLINE or (not said and version.deliveries == ["online"]):
            return _line("online")
        if said:
            return self._named(school, version, said)
        if address:
            at = {"address": address, "lat": school.lat, "lon": school.lon}
            return _line(_delivery(version, "mobile"), **at)
        if version.site_id and "on_site" in version.deliveries:
            return _line("on_site", site_id=version.site_id)
        raise Invalid("place_missing", column="place")

    def _named(self, school: School, version: CourseVersion, said: str) -> dict[str, Any]:
        rooms = self._rooms.get(school.id, {}).get(said, [])
        sites = self._sites.get(said, [])
        if not rooms and not sites:
            raise Invalid("place_unknown", column="place", given=said)
        if len(rooms) + len(sites) > 1:
            raise Invalid("place_ambiguous", column="place", given=said)
        if sites:
            return _line("on_site", site_id=sites[0].id)
        return _line(_delivery(version, "classroom"), venue_id=rooms[0].id)


def _name(names: dict[str, list[Any]], row: Venue | SiteCopy) -> None:
    for name in {row.name, row.code} - {None, ""}:
        names.setdefault(str(name), []).append(row)


def _line(delivery: str, **where: Any) -> dict[str, Any]:
    nowhere: dict[str, Any] = {"venue_id": None, "site_id": None, "address": ""}
    return {"delivery": delivery, **nowhere, "lat": None, "lon": None, **where}


def _delivery(version: CourseVersion, best: str) -> str:
    """The usual way for such a place, or another one the course offers there."""
    offered = [one for one in version.deliveries if one not in ELSEWHERE]
    return best if best in offered or not offered else offered[0]
