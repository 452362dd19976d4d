"""The stories put to the running system: each must answer what the hand-over file promises."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from yijian.demo.doors import Doors, problem_of
from yijian.demo.history import MATCH
from yijian.demo.stories import Story, match_request
from yijian.domains.recognition.values import Outcome
from yijian.kit.clock import now

__all__ = ["Difference", "try_stories"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A story that does not end as it is told."""

    story: Story
    outcome: Outcome | None
    """None where the question was refused."""
    told: str

    def __str__(self) -> str:
        who, expected = self.story.resident.resident_id, self.story.trial.expect
        return f"{self.story.code} ({who}): {expected} expected, {self.outcome or 'refused'}: {self.told}"

    @property
    def as_it_is(self) -> Story:
        """The story with the outcome it really has."""
        trial = replace(self.story.trial, expect=self.outcome or self.story.trial.expect)
        return replace(self.story, trial=trial)


async def try_stories(doors: Doors, stories: Sequence[Story], *, hypothetical: bool) -> list[Difference]:
    """Return the stories that end otherwise than told; hypothetical questions leave no reminder behind."""
    return [
        difference
        for story in stories
        if (difference := await _try(doors, story, {"at": now(), "record": False} if hypothetical else {}))
    ]


async def _try(doors: Doors, story: Story, more: dict[str, Any]) -> Difference | None:
    request = match_request(story) | more
    response = await doors.call(story.trial.institution_code, MATCH, msgspec.json.encode(request))
    if response.status != 200:
        return Difference(story, None, problem_of(response))
    item = response.json()["items"][0]
    if item["outcome"] == story.trial.expect:
        return None
    reasons = ", ".join(reason["code"] for reason in item["reasons"])
    return Difference(story, Outcome(item["outcome"]), reasons)
