"""Why a message was not taken, as code and data: what a page needs to say it in its reader's language."""

from typing import Any

from yijian.foundation.inbox.values import Fate
from yijian.kit.errors import Problem

__all__ = ["RefusedMessage", "refusal"]

MOST_FAULTS = 50


class RefusedMessage(Problem):
    """A refusal that names its place in the message and has its sentence in both languages."""

    def __init__(self, code: str, text: str, *, place: str, zh: str, en: str) -> None:
        super().__init__(code, text)
        self.data = {"place": place, "zh": zh, "en": en}


def refusal(problem: Problem) -> Fate:
    """Return the fate of a message that is refused; the text says field by field what to do."""
    text = " ".join([problem.detail, *(f"{error.path}: {error.message}" for error in problem.errors)])
    if isinstance(problem, RefusedMessage):
        return Fate("refused", problem.code, text, problem.data)
    data: dict[str, Any] = {}
    if problem.errors:
        data["faults"] = [[error.path, error.message] for error in problem.errors[:MOST_FAULTS]]
    return Fate("refused", problem.code, text, data)
