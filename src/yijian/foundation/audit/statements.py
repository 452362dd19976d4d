"""The statements both planes append with."""

from yijian.kit.sql import read_sql

__all__ = ["CHAIN_END", "HOLD_END"]

PACKAGE = "yijian.foundation.audit"

CHAIN_END = read_sql(PACKAGE, "chain_end")
HOLD_END = read_sql(PACKAGE, "hold_end")
