"""Who listens to which event: the one place where a lower domain's facts reach a higher one."""

from collections.abc import Mapping, Sequence

from yijian.foundation.outbox.delivery import Handler

__all__ = ["SUBSCRIPTIONS"]

SUBSCRIPTIONS: Mapping[str, Sequence[Handler]] = {}
