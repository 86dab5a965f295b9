"""Request ids (contract section 1.4)."""

import uuid
from datetime import UTC, datetime

from turnwise.server.ids import uuid7


def test_an_id_is_a_uuid_of_version_7() -> None:
    parsed = uuid.UUID(uuid7())
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122


def test_an_id_begins_with_the_time() -> None:
    before = datetime.now(UTC).timestamp()
    milliseconds = uuid.UUID(uuid7()).int >> 80
    assert before - 1 <= milliseconds / 1000 <= datetime.now(UTC).timestamp() + 1


def test_no_two_ids_are_the_same() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000
