"""HL7 times (TS, DTM): `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`, and the ISO spelling some senders use.

Without a zone a time is China's (UTC+8); a coarse one is taken at its beginning, which never makes a
result younger than it is.
"""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from yijian.kit.clock import CHINA

from .refusal import absurd

__all__ = ["read_date", "read_instant"]

ISO = re.compile(r"\d{4}([-/])\d{2}\1\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?")
TIME = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})"
    r"(?:(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6})\d*)?)?)?)?)?)?(?P<zone>[+-]\d{4})?"
)
LONGEST = 40
"""Characters of a time with every part and more of its fraction than anybody measures."""
EARLIEST_YEAR = 1900
FUTURE = timedelta(days=1)


def read_instant(text: str, location: str, now: datetime) -> datetime | None:
    """Return the instant, None where nothing was sent; refuse what cannot be a time of care."""
    if not text:
        return None
    try:
        at = instant_of(text) if len(text) <= LONGEST else None
    except ValueError:
        raise absurd(location, "不是日历上的时间", "is no time of the calendar") from None
    if at is None:
        raise absurd(location, "不是 HL7 时间（YYYYMMDDHHMMSS）", "is not an HL7 time (YYYYMMDDHHMMSS)")
    check_plausible(at.year, at > now + FUTURE, location)
    return at


@lru_cache(maxsize=4096)
def instant_of(text: str) -> datetime | None:
    """Return the instant, None where the text has not its form; ValueError where the calendar lacks it.

    The rows of a report say the same instants over and over.
    """
    found = TIME.fullmatch(basic_form(text))
    return found and datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        int(found["second"] or 0),
        int((found["fraction"] or "0").ljust(6, "0")),
        tzinfo=zone_of(found["zone"]),
    )


def read_date(text: str, location: str, now: datetime) -> date | None:
    """Return the calendar date as written, None where nothing or less than a day was sent."""
    found = TIME.fullmatch(basic_form(text)) if text else None
    if text and found is None:
        raise absurd(location, "不是 HL7 日期（YYYYMMDD）", "is not an HL7 date (YYYYMMDD)")
    if found is None or found["day"] is None:
        return None
    try:
        on = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        raise absurd(location, "不是日历上的日期", "is no date of the calendar") from None
    check_plausible(on.year, on > (now + FUTURE).astimezone(CHINA).date(), location)
    return on


def basic_form(text: str) -> str:
    """Return the text without the separators of the ISO spelling."""
    if not ISO.fullmatch(text):
        return text
    zone = re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", text[10:])
    body = text[: 10 + zone.start()] if zone else text
    tail = zone[0].replace("Z", "+0000").replace(":", "") if zone else ""
    return re.sub(r"[-/ T:]", "", body) + tail


def zone_of(text: str | None) -> timezone:
    """Return the zone of `±HHMM`, China's where none was sent."""
    if text is None:
        return CHINA
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def check_plausible(year: int, is_future: bool, location: str) -> None:
    if year < EARLIEST_YEAR:
        raise absurd(location, f"早于 {EARLIEST_YEAR} 年", f"lies before {EARLIEST_YEAR}")
    if is_future:
        raise absurd(location, "晚于当前时间一天以上", "lies more than a day in the future")
