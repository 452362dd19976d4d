"""Tokens that serve once are remembered until they are refused as expired."""

from datetime import timedelta

import pytest

from yijian.foundation.accounts.models import UsedToken
from yijian.foundation.accounts.used_tokens import forget_used_tokens
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db


def test_forgets_those_that_have_expired_and_no_others() -> None:
    at = now()
    for jti, seconds in (("over", -1), ("ends now", 0), ("lives", 1)):
        UsedToken.objects.create(issuer="his", jti=jti, expires_at=at + timedelta(seconds=seconds))
    assert forget_used_tokens(now=at) == 1
    assert {token.jti for token in UsedToken.objects.all()} == {"ends now", "lives"}
