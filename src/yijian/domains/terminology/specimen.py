"""Specimens: the closed set of the catalogue, what senders call them, and which may stand for which.

Sender codes are HL7 table 0487 and the older 0070 (same meaning where both know a code).
"""

import unicodedata
from enum import StrEnum

__all__ = ["Specimen", "specimen_of", "specimen_satisfies"]


class Specimen(StrEnum):
    """What was taken. Each member carries its Chinese and its English name."""

    SERUM = "serum", "血清", "Serum"
    SERUM_PLASMA = "serum_plasma", "血清/血浆", "Serum or plasma"
    SERUM_PLASMA_EDTA = "serum_plasma_edta", "血清/血浆(含EDTA)", "Serum or plasma, EDTA accepted"
    PLASMA = "plasma", "血浆", "Plasma"
    PLASMA_HEPARIN = "plasma_heparin", "肝素血浆", "Heparin plasma"
    PLASMA_EDTA = "plasma_edta", "EDTA血浆", "EDTA plasma"
    PLASMA_CITRATE = "plasma_citrate", "枸橼酸钠血浆", "Citrate plasma"
    BLOOD = "blood", "全血", "Whole blood"
    ARTERIAL_BLOOD = "arterial_blood", "动脉血", "Arterial blood"
    CAPILLARY_BLOOD = "capillary_blood", "末梢血", "Capillary blood"
    CORD_BLOOD = "cord_blood", "脐带血", "Cord blood"
    DRIED_BLOOD_SPOT = "dried_blood_spot", "干血斑", "Dried blood spot"
    ANY_BLOOD = "any_blood", "全血/血清/血浆", "Whole blood, serum or plasma"
    URINE = "urine", "尿液", "Urine"
    URINE_24H = "urine_24h", "24小时尿", "24-hour urine"
    CSF = "csf", "脑脊液", "Cerebrospinal fluid"
    STOOL = "stool", "粪便", "Stool"
    SPUTUM = "sputum", "痰液", "Sputum"
    THROAT_SWAB = "throat_swab", "咽拭子", "Throat swab"
    NASAL_SWAB = "nasal_swab", "鼻拭子", "Nasal swab"
    CERVICAL_CELLS = "cervical_cells", "宫颈脱落细胞", "Cervical cells"
    GENITAL_SWAB = "genital_swab", "生殖道拭子", "Genital swab"
    PLEURAL_FLUID = "pleural_fluid", "胸腔积液", "Pleural fluid"
    PERITONEAL_FLUID = "peritoneal_fluid", "腹腔积液", "Peritoneal fluid"
    SYNOVIAL_FLUID = "synovial_fluid", "关节液", "Synovial fluid"
    AMNIOTIC_FLUID = "amniotic_fluid", "羊水", "Amniotic fluid"
    SEMEN = "semen", "精液", "Semen"
    BONE_MARROW = "bone_marrow", "骨髓", "Bone marrow"
    TISSUE = "tissue", "组织", "Tissue"

    name_zh: str
    name_en: str

    def __new__(cls, value: str, name_zh: str, name_en: str) -> "Specimen":
        member = str.__new__(cls, value)
        member._value_ = value
        member.name_zh, member.name_en = name_zh, name_en
        return member


S = Specimen
SPELLINGS: dict[Specimen, str] = {
    S.SERUM: "SER 血清标本 静脉血清",
    S.SERUM_PLASMA: "血清或血浆 血浆/血清",
    S.PLASMA: "PLAS PLB PPP PRP",
    S.PLASMA_HEPARIN: "肝素锂血浆 肝素抗凝血浆 heparinplasma",
    S.PLASMA_EDTA: "EDTA抗凝血浆 血浆(EDTA)",
    S.PLASMA_CITRATE: "枸橼酸血浆 枸橼酸钠抗凝血浆 柠檬酸钠血浆 血浆(枸橼酸钠)",
    S.BLOOD: "BLD BLDV WB 血 血液 静脉血 静脉全血 外周血 抗凝血 抗凝全血 EDTA全血 EDTA抗凝血 EDTA抗凝全血"
    " 全血(EDTA) 全血(枸橼酸钠) 枸橼酸钠抗凝全血 肝素抗凝全血 venousblood blood",
    S.ARTERIAL_BLOOD: "BLDA 动脉全血",
    S.CAPILLARY_BLOOD: "BLDC 毛细血管血 指血 指尖血 足跟血",
    S.CORD_BLOOD: "BLDCO 脐血",
    S.DRIED_BLOOD_SPOT: "滤纸干血片 干血片",
    S.URINE: "UR URN URC URT 尿 随机尿 晨尿 中段尿 清洁中段尿 首次晨尿 尿液标本 randomurine",
    S.URINE_24H: "24H尿 24小时尿液 24h尿液",
    S.CSF: "脑脊液标本",
    S.STOOL: "STL 大便 便 粪 粪便标本 faeces feces",
    S.SPUTUM: "SPT 痰 痰标本",
    S.THROAT_SWAB: "THRT 口咽拭子 咽喉拭子",
    S.NASAL_SWAB: "NOS NOSE 鼻咽拭子",
    S.CERVICAL_CELLS: "CVX 宫颈拭子 宫颈分泌物 宫颈细胞",
    S.GENITAL_SWAB: "GEN VAG 阴道分泌物 阴道拭子 白带 尿道分泌物",
    S.PLEURAL_FLUID: "PLR 胸水 胸腔积水 胸腔穿刺液",
    S.PERITONEAL_FLUID: "PRT 腹水 腹腔积水 腹腔穿刺液 ascites",
    S.SYNOVIAL_FLUID: "SNV 滑膜液 关节腔积液 关节腔液",
    S.AMNIOTIC_FLUID: "AMN 羊水标本",
    S.SEMEN: "SMN 精浆",
    S.BONE_MARROW: "MAR 骨髓液 骨髓血",
    S.TISSUE: "TISS 组织标本 活检组织",
}
"""Further names of each specimen, by blanks; its own value and both names count anyway."""

UNSTATED_FRACTION = frozenset({S.BLOOD})
"""Laboratory systems often print the draw (静脉血) where the fraction was measured."""
HEPARIN_OR_SERUM = frozenset({S.SERUM, S.SERUM_PLASMA, S.PLASMA, S.PLASMA_HEPARIN}) | UNSTATED_FRACTION
SATISFIED_BY: dict[Specimen, frozenset[Specimen]] = {
    S.SERUM: frozenset({S.SERUM, S.SERUM_PLASMA}) | UNSTATED_FRACTION,
    S.SERUM_PLASMA: HEPARIN_OR_SERUM,
    S.SERUM_PLASMA_EDTA: HEPARIN_OR_SERUM | {S.SERUM_PLASMA_EDTA, S.PLASMA_EDTA},
    S.PLASMA: frozenset({S.PLASMA, S.PLASMA_HEPARIN, S.PLASMA_EDTA, S.SERUM_PLASMA}) | UNSTATED_FRACTION,
    S.PLASMA_HEPARIN: frozenset({S.PLASMA_HEPARIN, S.PLASMA}) | UNSTATED_FRACTION,
    S.PLASMA_EDTA: frozenset({S.PLASMA_EDTA, S.PLASMA}) | UNSTATED_FRACTION,
    S.PLASMA_CITRATE: frozenset({S.PLASMA_CITRATE, S.PLASMA}) | UNSTATED_FRACTION,
    S.ANY_BLOOD: HEPARIN_OR_SERUM | {S.ANY_BLOOD, S.SERUM_PLASMA_EDTA, S.PLASMA_EDTA, S.CAPILLARY_BLOOD},
}
"""Requirements that accept more than themselves.

`serum_plasma` means serum or heparin plasma: EDTA and citrate bind calcium and carry potassium or sodium.
Capillary blood does not stand for a venous count, nor a 24-hour collection for a spot urine.
"""


def fold(text: str) -> str:
    """Return a spelling's comparison form: width, case and blanks do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def spellings() -> dict[str, Specimen]:
    """Return every known spelling, folded; a spelling claimed twice is a fault of the tables above."""
    known: dict[str, Specimen] = {}
    for specimen in Specimen:
        names = [specimen.value, specimen.name_zh, specimen.name_en, *SPELLINGS.get(specimen, "").split()]
        for name in {fold(name) for name in names}:
            if name in known:
                raise ValueError(f"{name} names both {known[name]} and {specimen}")
            known[name] = specimen
    return known


BY_SPELLING = spellings()


def specimen_of(code: str | None, name: str | None) -> Specimen | None:
    """Return what a sender's specimen code, or else its name, stands for; None = cannot be said."""
    for text in (code, name):
        if text and (specimen := BY_SPELLING.get(fold(text))):
            return specimen
    return None


def specimen_satisfies(required: Specimen | None, observed: Specimen | None) -> bool:
    """Tell whether a result from `observed` answers an item that asks for `required`.

    An unknown specimen satisfies: it cannot be said to differ. So does any, where nothing is required.
    """
    if required is None or observed is None:
        return True
    return observed in SATISFIED_BY.get(required, frozenset({required}))
