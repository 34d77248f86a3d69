"""Lecturer: where things are and how long it takes to get there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Any

EARTH_KM = 6371.0


@dataclass(frozen=True)
class Spot:
    """A place as travel sees it; without coordinates only the fixed part of a way is known."""

    resource_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    online: bool = False


@dataclass(frozen=True)
class Travel:
    """15 min + 2 min per km straight line, by the district's numbers."""

    fixed_minutes: int
    minutes_per_km: float

    def minutes(self, a: Spot, b: Spot) -> int:
        """From one place to the next; 0 when it is the same, or when one of them is online."""
        if a.online or b.online or same(a, b):
            return 0
        way = km(a, b)
        return self.fixed_minutes + ceil(self.minutes_per_km * (way or 0) - 1e-9)


def spot(place: Mapping[str, Any] | None) -> Spot:
    """A place of the contract; none named means: not known yet."""
    if place is None:
        return Spot()
    return Spot(place.get("resource_id"), place.get("lat"), place.get("lon"), _is_online(place))


def same(a: Spot, b: Spot) -> bool:
    if a.resource_id is not None and a.resource_id == b.resource_id:
        return True
    return a.lat is not None and a.lon is not None and (a.lat, a.lon) == (b.lat, b.lon)


def km(a: Spot, b: Spot) -> float | None:
    """Great-circle distance; None when one of them has no coordinates."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half = sin((lat_b - lat_a) / 2) ** 2
    half += cos(lat_a) * cos(lat_b) * sin(radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def _is_online(place: Mapping[str, Any]) -> bool:
    return place.get("kind") == "online"
