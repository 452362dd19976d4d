"""The sentence a physician puts into the medical record: what was recognised, from where, of when."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from yijian.kit.clock import CHINA

__all__ = ["citation_text"]


def citation_text(item: dict[str, Any]) -> str:
    """Return the citation of an answered item (contract §5)."""
    candidate = item["candidate"]
    source = candidate["institution"]["name"]
    if candidate["mark"]:
        source = f"{source} ({candidate['mark']})"
    lines = [
        gettext("互认引用：%(item)s") % {"item": item["item"]["name"]},
        gettext("来源：%(source)s") % {"source": source},
        gettext("采样/检查时间：%(examined)s；报告时间：%(reported)s")
        % {"examined": _minute(candidate["effective_at"]), "reported": _minute(candidate["reported_at"])},
    ]
    if candidate["specimen"]:
        lines.append(gettext("标本：%(specimen)s") % {"specimen": candidate["specimen"]})
    lines.extend(_printed(row) for row in candidate["results"] if row["value"])
    return "\n".join(lines)


def _printed(row: dict[str, Any]) -> str:
    parts = [f"{row['name']} {row['value']}"]
    if row["unit"]:
        parts.append(row["unit"])
    if row["flag"] and row["flag"] != "N":
        parts.append(f"[{row['flag']}]")
    if row["reference_range"]:
        parts.append(gettext("（参考 %(range)s）") % {"range": row["reference_range"]})
    return " ".join(parts)


def _minute(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
