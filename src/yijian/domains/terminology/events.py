"""Facts that terminology tells through the outbox."""

import msgspec

__all__ = ["CodeMapped"]


class CodeMapped(msgspec.Struct, frozen=True, kw_only=True):
    """An institution's own code has a confirmed meaning now; what waited for it can be understood."""

    institution_code: str
    local_code: str
