import pytest


@pytest.fixture(autouse=True)
def catalogue(db: None) -> None:
    """Let every test find the shipped catalogue."""
    from yijian.domains.terminology.api import load_catalogue  # noqa: PLC0415 - Django is set up after this file

    load_catalogue()
