"""The statements both planes append with."""

from yijian.kit.sql import read_sql

__all__ = ["CHAIN_END", "LOCK_CHAIN"]

PACKAGE = "yijian.foundation.audit"

LOCK_CHAIN = read_sql(PACKAGE, "lock_chain")
CHAIN_END = read_sql(PACKAGE, "chain_end")
