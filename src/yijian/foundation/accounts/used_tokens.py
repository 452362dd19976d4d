"""Tokens that serve once and have served."""

from datetime import datetime

from yijian.foundation.accounts.models import UsedToken

__all__ = ["forget_used_tokens"]


def forget_used_tokens(*, now: datetime) -> int:
    """Delete those that have expired, for they are refused as that; return how many."""
    return UsedToken.objects.filter(expires_at__lt=now).delete()[0]
