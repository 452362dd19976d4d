"""What the worker does every so often."""

from collections.abc import Sequence

from django.conf import settings

from yijian.domains.results.api import watch_awaited
from yijian.foundation.accounts.brake import forget_tries
from yijian.foundation.accounts.used_tokens import forget_used_tokens
from yijian.foundation.database.periodic import Job
from yijian.foundation.inbox.replays import advance_replays
from yijian.foundation.inbox.retention import archive_messages, erase_archives
from yijian.foundation.inbox.senders import watch_senders
from yijian.kit.clock import now

__all__ = ["JOBS"]

MINUTE = 60.0
MOST_ARCHIVED = 10_000
"""At a time, so that the other jobs are not kept waiting."""

JOBS: Sequence[Job] = (
    Job("replays", 1.0, lambda: advance_replays(now=now())),
    Job("sign-in tries", 10 * MINUTE, lambda: forget_tries(now=now())),
    Job("used tokens", 10 * MINUTE, lambda: forget_used_tokens(now=now())),
    Job("senders", MINUTE, lambda: watch_senders(now=now())),
    Job("awaited", MINUTE, lambda: watch_awaited(now=now())),
    Job(
        "archive",
        10 * MINUTE,
        lambda: archive_messages(now=now(), days=settings.ENVIRONMENT.inbox_days, limit=MOST_ARCHIVED),
    ),
    Job(
        "erase",
        24 * 60 * MINUTE,
        lambda: erase_archives(now=now(), years=settings.ENVIRONMENT.inbox_years),
    ),
)
