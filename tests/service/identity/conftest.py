from uuid import UUID

import pytest


@pytest.fixture
def known_person(db: None) -> UUID:
    """Return a person known to institution A by resident number and local number."""
    from people import RESIDENT_ID, record  # noqa: PLC0415 - Django is set up after this file is read

    return record("A", resident_id=RESIDENT_ID, local="A1").person_id
