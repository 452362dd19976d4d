"""Two people at the same version at the same moment: one of them comes first, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection

from tests.service.region import make_region
from tests.service.sharing.signing import OPTIONS
from yijian.domains.sharing import api
from yijian.kit.clock import now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db(transaction=True)
TOGETHER = 4


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def at_once(act: Callable[[str], object]) -> list[str]:
    """Return what each of some people was told: '' where it was done, else the code of the refusal."""
    barrier = Barrier(TOGETHER)

    def do(person: str) -> str:
        barrier.wait()
        try:
            act(person)
        except Problem as refused:
            return refused.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(TOGETHER) as pool:
        return sorted(pool.map(do, [f"第{number}人" for number in range(TOGETHER)]))


@pytest.mark.parametrize("known", [False, True])
def test_one_of_many_drafts_is_kept_and_the_others_are_told(*, known: bool) -> None:
    if known:
        api.withdraw_draft(api.draft_version(OPTIONS, author="张某", at=now()), by="张某", at=now())
    told = at_once(lambda person: api.draft_version(OPTIONS, author=person, at=now()))
    assert told == ["", *["version.open"] * (TOGETHER - 1)]


def test_one_of_many_signers_signs() -> None:
    key = api.draft_version(replace(OPTIONS, break_glass=False), author="张某", at=now())
    api.submit_version(key, {"matches": 0}, by="张某", at=now())
    told = at_once(lambda person: api.sign_version(key, by=person, at=now()))
    assert told == ["", *["version.state"] * (TOGETHER - 1)]
    assert api.get_version(key).signed_by.startswith("第")
