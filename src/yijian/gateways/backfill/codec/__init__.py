"""Files of the past into entries: each a document of contract §5, or what is wrong with it. Pure.

survey(stream, form)          encoding, delimiter, columns, lines, and what is scattered
read_entries(stream, …)       the entries from a position on
"""

from .entry import Entry, Kind
from .reading import read_entries
from .surveying import CannotRead, Form, Survey, survey

__all__ = ["CannotRead", "Entry", "Form", "Kind", "Survey", "read_entries", "survey"]
