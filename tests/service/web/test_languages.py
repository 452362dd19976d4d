"""The pages of those who run the exchange speak both languages."""

import pytest

from tests.service.web.desk import page, signed_in_as
from yijian.foundation.accounts.models import Role

pytestmark = pytest.mark.django_db


def in_chinese(text: str) -> set[str]:
    main = text[text.index("<main") : text.index("</main>")]
    return {letter for letter in main if "\u4e00" <= letter <= "\u9fff"}


@pytest.mark.parametrize(
    "address",
    ["/supervision/", "/inbox/", "/work-items/", "/work-items/?kind=unmapped_unit", "/identity/reviews/"],
)
def test_pages_speak_english(address: str) -> None:
    administrator = signed_in_as(Role.ADMINISTRATOR, "")
    administrator.cookies["django_language"] = "en"

    assert in_chinese(page(administrator, address)) == set()
