"""Kit: identifiers. Rows get UUIDv7; reference rows get one every service can work out alone."""

from uuid import NAMESPACE_DNS, UUID, uuid5

import uuid_utils.compat

REFERENCE = uuid5(NAMESPACE_DNS, "reference.yueke.party-school.cn")


def uuid7() -> UUID:
    """A time-ordered identifier: new rows land at the end of an index."""
    return uuid_utils.compat.uuid7()


def reference_id(district: str, code: str) -> UUID:
    """The id of a reference row: the same in every service, whoever loads it first."""
    return uuid5(REFERENCE, f"{district}/{code}")
