"""Abnormal flags as printed → HL7 table 0078. Pure."""

import unicodedata

__all__ = ["ALARMING", "flag_of"]

TABLE_0078 = frozenset(
    {
        *("L", "H", "LL", "HH", "<", ">", "N", "A", "AA", "U", "D", "B", "W", "S", "R", "I", "MS", "VS"),
        *("POS", "NEG", "IND", "DET", "ND", "NR", "RR", "WR", "AC", "TOX", "QCF", "EXP", "NS", "SDD"),
        *("HX", "LX", "HU", "LU"),
    }
)
ALARMING = frozenset({"HH", "LL", "AA"})
SPELLINGS = {
    spelling: flag
    for flag, spellings in {
        "H": "↑ 高 偏高 升高 增高 HIGH",
        "L": "↓ 低 偏低 降低 减低 LOW",
        "HH": "↑↑ 危急高 过高 H!",
        "LL": "↓↓ 危急低 过低 L!",
        "N": "正常 NORMAL",
        "A": "异常 ABNORMAL ABN *",
        "AA": "危急 危急值 ** CRITICAL",
        "POS": "阳性 + (+) POSITIVE",
        "NEG": "阴性 (-) NEGATIVE",
        "IND": "不确定 可疑 灰区 INDETERMINATE",
        "S": "敏感",
        "I": "中介",
        "R": "耐药",
        "NR": "无反应性 NON-REACTIVE",
        "RR": "反应性 REACTIVE",
    }.items()
    for spelling in spellings.split()
}


def flag_of(printed: str | None) -> str:
    """Return the code of table 0078 a printed flag stands for, '' where it stands for none."""
    text = "".join(unicodedata.normalize("NFKC", printed or "").upper().split())
    return text if text in TABLE_0078 else SPELLINGS.get(text, "")
