"""The region behind the pages."""

import pytest


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    from tests.service.region import make_region  # noqa: PLC0415 - after Django

    make_region()
