"""A reason to decline under its legal situation (Measures 2022), with the region's own codes. Pure."""

from msgspec import structs

from yijian.domains.recognition import errors
from yijian.domains.recognition.values import DeclineReason
from yijian.domains.sharing.values import RegionOptions

__all__ = ["lawful"]


def lawful(reason: DeclineReason, options: RegionOptions, path: str) -> DeclineReason:
    """Return the reason under one of the six situations; raise `Problem` where it has none.

    A regional code says its situation; a technical sub-reason alone belongs to situation 6, which otherwise
    needs a text.
    """
    code = reason.code
    if reason.regional:
        situation = _situation_of(reason.regional, options, path)
        if code not in (None, situation):
            raise errors.reason_contradicts(f"{path}.reason.code", situation)
        return structs.replace(reason, code=situation)
    if code is None and reason.technical:
        return structs.replace(reason, code="6")
    if code is None:
        raise errors.reason_missing(f"{path}.reason.code")
    if code == "6" and not (reason.technical or (reason.text or "").strip()):
        raise errors.reason_missing(f"{path}.reason.text")
    return reason


def _situation_of(regional: str, options: RegionOptions, path: str) -> str:
    situations = {each.code: each.situation for each in options.decline_reasons}
    if regional not in situations:
        raise errors.reason_unknown(f"{path}.reason.regional", tuple(situations))
    return situations[regional]
