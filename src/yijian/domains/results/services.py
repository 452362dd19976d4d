"""Writes of reports: recorded as immutable versions, voided without deleting."""

from yijian.domains.results.moving import move_person, on_person_moved
from yijian.domains.results.ordering import record_orders
from yijian.domains.results.recording import Incoming, record_report, record_reports
from yijian.domains.results.remapping import on_code_mapped, remap
from yijian.domains.results.voiding import void_report

__all__ = [
    "Incoming",
    "move_person",
    "on_code_mapped",
    "on_person_moved",
    "record_orders",
    "record_report",
    "record_reports",
    "remap",
    "void_report",
]
