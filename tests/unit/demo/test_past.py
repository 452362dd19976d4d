"""A past brought along is everything from before joining, once, in its order."""

from pathlib import Path
from random import Random

import msgspec

from yijian.demo.calendar import Calendar
from yijian.demo.events import Sent
from yijian.demo.past import brings_past, split_past, write_past
from yijian.demo.people import make_residents
from yijian.demo.reports import make_year
from yijian.domains.results.values import UploadedReport
from yijian.kit.clock import now
from yijian.kit.json_body import decode

CALENDAR = Calendar(now().replace(microsecond=0))


def test_a_past_and_what_follows_are_all_there_is(tmp_path: Path) -> None:
    residents = make_residents(CALENDAR.today, 60, Random(3))  # noqa: S311
    year = make_year(CALENDAR, residents, Random(3))  # noqa: S311
    events = [event for event in year.events if brings_past(event.institution)]
    past, own = split_past(events, CALENDAR.joined_at)

    assert past
    assert own
    assert {id(event) for event in events} == {id(event) for event in (*past, *own)}
    assert all(event.at < CALENDAR.joined_at for event in past)
    assert not any(isinstance(event, Sent) and event.at < CALENDAR.joined_at for event in own)

    write_past(tmp_path / "past.ndjson", past)
    lines = (tmp_path / "past.ndjson").read_bytes().splitlines()
    assert [decode(line, UploadedReport) for line in lines] == [
        msgspec.convert(msgspec.to_builtins(event.report), UploadedReport) for event in past
    ]
