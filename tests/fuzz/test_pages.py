"""Whatever stands in an address or a form: a page, a redirect or a refusal, never our failure."""

from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.urls import get_resolver
from django.urls.resolvers import URLPattern
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.order_check.conftest import World
from tests.fuzz.mangling import TEXTS, fuzzing
from yijian.foundation.accounts.models import Role, User

NAMES = st.sampled_from(
    [
        *(
            "q",
            "page",
            "before",
            "after",
            "state",
            "reason",
            "reason_code",
            "institution",
            "facility",
            "kind",
        ),
        *("from", "to", "since", "until", "month", "at", "item", "items", "person", "person_id", "number"),
        *(
            "next",
            "sort",
            "table",
            "protocol",
            "query",
            "id",
            "subject",
            "status",
            "name",
            "username",
            "code",
        ),
    ]
)
FORM = st.dictionaries(NAMES, TEXTS, max_size=5)


def pages() -> list[str]:
    """Return every address of ours that needs no argument."""
    found = [
        str(p.pattern) for p in get_resolver("yijian.web.urls").url_patterns if isinstance(p, URLPattern)
    ]
    return [f"/{address}" for address in found if "<" not in address]


def test_there_are_pages() -> None:
    assert len(pages()) > 10


@pytest.mark.parametrize("role", Role.values)
def test_pages_bear_any_parameters(world: World, role: str) -> None:
    user, _ = User.objects.get_or_create(
        username=f"fuzz-{role}", defaults={"role": role, "institution_code": "COUNTY"}
    )
    browser = Browser()
    browser.force_login(user)
    addresses = st.sampled_from([page for page in pages() if page != "/sign-out"])

    @fuzzing(30)
    @given(addresses, FORM, st.booleans())
    def ask(address: str, form: dict[str, str], post: bool) -> None:
        said = {name: text.encode("utf-8", "replace").decode() for name, text in form.items()}
        answer = browser.post(address, said) if post else browser.get(f"{address}?{urlencode(said)}")
        assert answer.status_code < 500

    ask()


@fuzzing(5)
@given(username=TEXTS, password=TEXTS, further=FORM)
def test_sign_in_bears_anything(world: World, username: str, password: str, further: dict[str, str]) -> None:
    form = further | {"username": username, "password": password}
    said = {name: text.encode("utf-8", "replace").decode() for name, text in form.items()}
    answer = Browser().post("/sign-in", said)
    assert answer.status_code < 500
    assert "_auth_user_id" not in answer.client.session
