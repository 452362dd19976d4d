"""Body parts: the catalogue's codes (DICOM PS3.16 Annex L), what senders call them, which lies in which."""

import unicodedata

__all__ = ["body_part_of", "parts_differ"]

SPELLINGS: dict[str, str] = {
    "ABDOMEN": "腹部 腹 全腹 上腹 上腹部 下腹部 肝胆胰脾 abdomen",
    "ANKLE": "踝 踝关节 踝部 ankle",
    "AORTA": "主动脉 aorta",
    "BRAIN": "脑 颅脑 大脑 brain",
    "BREAST": "乳腺 乳房 双乳 breast",
    "CAROTID": "颈动脉 carotid",
    "CERVIX": "宫颈 子宫颈",
    "CHEST": "胸 胸部 胸腔 chest thorax",
    "COLON": "结肠 大肠 肠 colon",
    "CSPINE": "颈椎 cspine",
    "ELBOW": "肘 肘关节 elbow",
    "EXTREMITY": "四肢 肢体 关节 四肢关节 extremity",
    "FOOT": "足 足部 脚 foot",
    "HAND": "手 手部 hand",
    "HEAD": "头 头部 头颅 颅 head",
    "HEADNECK": "头颈 头颈部 headneck",
    "HEART": "心 心脏 冠状动脉 冠脉 heart",
    "HIP": "髋 髋关节 髋部 hip",
    "IAC": "颞骨 中耳 乳突 内听道 iac",
    "KIDNEY": "肾 肾脏 双肾 泌尿系 kidney",
    "KNEE": "膝 膝关节 膝部 knee",
    "LEG": "下肢 小腿 大腿 leg",
    "LIVER": "肝 肝脏 liver",
    "LSPINE": "腰椎 腰部 lspine",
    "LUNG": "肺 双肺 肺部 lung",
    "NECK": "颈 颈部 neck",
    "ORBIT": "眼眶 眼 orbit",
    "PELVIS": "盆腔 骨盆 子宫附件 pelvis",
    "PITUITARY": "垂体 鞍区 pituitary",
    "PROSTATE": "前列腺 prostate",
    "RIB": "肋骨 肋 rib",
    "SACRUM": "骶骨 骶尾椎 尾骨 骶尾部 sacrum",
    "SHOULDER": "肩 肩关节 肩部 shoulder",
    "SINUS": "鼻窦 副鼻窦 sinus",
    "SKULL": "颅骨 skull",
    "STOMACH": "胃 上消化道 stomach",
    "THYROID": "甲状腺 thyroid",
    "TSPINE": "胸椎 tspine",
    "WRIST": "腕 腕关节 腕部 wrist",
}
INSIDE: dict[str, str] = {
    "ABDOMEN": "LIVER KIDNEY STOMACH COLON AORTA",
    "CHEST": "LUNG HEART RIB AORTA BREAST TSPINE",
    "EXTREMITY": "ANKLE ELBOW FOOT HAND HIP KNEE LEG SHOULDER WRIST",
    "HEAD": "BRAIN SKULL SINUS IAC ORBIT PITUITARY",
    "HEADNECK": "HEAD BRAIN SKULL NECK CAROTID",
    "LEG": "ANKLE FOOT KNEE HIP",
    "NECK": "CAROTID THYROID CSPINE",
    "PELVIS": "HIP SACRUM PROSTATE CERVIX",
}
"""Parts that lie in, or are seen with, a larger one: a report may name either."""
SIDES = "左右双侧"


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


BY_SPELLING = {_fold(name): code for code, names in SPELLINGS.items() for name in (code, *names.split())}


def body_part_of(text: str) -> str | None:
    """Return the code of a part as a sender names it (`胸部`, `CHEST`, `左膝关节`); None = cannot be said."""
    folded = _fold(text)
    return BY_SPELLING.get(folded) or BY_SPELLING.get(folded.strip(SIDES))


def parts_differ(required: str, observed: str) -> bool:
    """Tell whether two parts are known to be different: both named, neither inside the other."""
    one, other = body_part_of(required), body_part_of(observed)
    if one is None or other is None or one == other:
        return False
    return other not in INSIDE.get(one, "").split() and one not in INSIDE.get(other, "").split()
