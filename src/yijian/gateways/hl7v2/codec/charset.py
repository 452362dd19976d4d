"""Bytes to text by MSH-18 (HL7 Table 0211), before anything is split.

A GB18030 character may carry `|`, `^`, `\\`, or `~` as its second byte, so separators mean
nothing until the bytes are characters.
"""

import re
from dataclasses import dataclass

from .names import HAN
from .notes import Notes
from .refusal import ErrorCode, refuse

__all__ = ["ASCII", "GB18030", "UTF_8", "Charset", "Decoded", "decode", "decode_leniently", "find_charset"]

BOM = b"\xef\xbb\xbf"
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
WIDE_HEADS = (*WIDE_MARKS, b"M\0S\0H\0", b"\0M\0S\0H")
"""How a message in UTF-16 begins, with its mark or without."""
ASCII_BLANKS = b" \t\r\n"
CHARSET_FIELD = 18
WESTERN = frozenset({"8859/1", "8859/15"})
"""What engines declare by default. Every byte is a character there, but no word has four above ASCII."""
HIGH_RUN = re.compile(rb"[\x80-\xff]{4}")


@dataclass(frozen=True, slots=True)
class Charset:
    """`label` for people, `codec` for Python, `spelling` for MSH-18."""

    label: str
    codec: str
    spelling: str

    @property
    def is_chinese(self) -> bool:
        """Tell whether pairs of bytes are its characters, as bytes of Chinese in UTF-8 are by chance."""
        return self in (GB18030, BIG5)


UTF_8 = Charset("UTF-8", "utf-8", "UNICODE UTF-8")
GB18030 = Charset("GB18030", "gb18030", "GB 18030-2000")
ASCII = Charset("ASCII", "ascii", "ASCII")
BIG5 = Charset("Big5", "big5hkscs", "BIG-5")

# fmt: off
SPELLINGS = {
    "UTF8": UTF_8, "UNICODEUTF8": UTF_8, "UNICODE": UTF_8, "ISO10646UTF8": UTF_8,
    "GB18030": GB18030, "GB180302000": GB18030, "GB180302005": GB18030, "GB180302022": GB18030,
    "GBK": GB18030, "CP936": GB18030, "MS936": GB18030,
    "GB2312": GB18030, "GB231280": GB18030, "GB23121980": GB18030, "EUCCN": GB18030,
    "ASCII": ASCII, "USASCII": ASCII, "ISOIR6": ASCII,
    "BIG5": BIG5, "CP950": BIG5,
} | {
    f"8859{part}": Charset(f"ISO-8859-{part}", f"iso8859-{part}", f"8859/{part}")
    for part in (*range(1, 12), 13, 14, 15)
}
# fmt: on


def find_charset(spelling: str | None) -> Charset | None:
    """Return the character set behind any spelling of Table 0211 met in China, or None for a strange one.

    GBK and GB2312 are read as GB18030, which contains both.
    """
    plain = re.sub(r"[^A-Z0-9]", "", (spelling or "").upper())
    return SPELLINGS.get(plain.removeprefix("ISO") if plain.startswith("ISO8859") else plain)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, how it was read, and whether that was a guess a person should confirm."""

    text: str
    charset: Charset
    guessed: bool = False


def decode(raw: bytes, sender_encoding: str | None, notes: Notes) -> Decoded:
    """Decode a message: MSH-18, else a byte-order mark, else the sender's setting, else UTF-8, else GB18030.

    Raises MessageRefused (102, MSH-18) where the bytes are not what they are said to be.
    """
    charset, guessed = choose(raw, sender_encoding, notes)
    if raw.startswith(WIDE_HEADS):
        raise refuse(
            ErrorCode.DATA_TYPE,
            "MSH-18",
            "消息是 UTF-16 编码，MLLP 不能传输：请改用 UTF-8 或 GB18030 后重发。",
            "The message is in UTF-16, which MLLP cannot carry: send it in UTF-8 or GB18030.",
        )
    if charset.is_chinese and holds_chinese(UTF_8, strip_mark(raw)):
        raise refuse(
            ErrorCode.DATA_TYPE,
            "MSH-18",
            f"消息按 {charset.label} 声明或设置，正文却是 UTF-8：请更正 MSH-18 后重发。",
            f"The message is UTF-8 and is declared or set to be {charset.label}: correct MSH-18 and resend.",
        )
    try:
        return Decoded(strip_mark(raw).decode(charset.codec), charset, guessed)
    except UnicodeDecodeError as error:
        raise refuse(
            ErrorCode.DATA_TYPE,
            "MSH-18",
            f"第 {error.start + 1} 字节不能按 {charset.label} 解码：消息被截断，"
            "或 MSH-18 与实际字符集不符，请核对后重发。",
            f"Byte {error.start + 1} is not {charset.label}: the message was cut off, "
            "or MSH-18 does not name its character set. Check and send again.",
        ) from None


def decode_leniently(raw: bytes, sender_encoding: str | None) -> Decoded:
    """Decode as `decode` would, with replacement characters instead of a refusal."""
    charset, guessed = choose(raw, sender_encoding, Notes())
    return Decoded(strip_mark(raw).decode(charset.codec, "replace"), charset, guessed)


def choose(raw: bytes, sender_encoding: str | None, notes: Notes) -> tuple[Charset, bool]:
    """Choose the character set, and tell whether it is a guess.

    ASCII declared over other bytes declares nothing, as MSH-18 left empty means ASCII too; nor does a Western
    set over Chinese, which it would turn into nonsense unnoticed.
    """
    body = strip_mark(raw)
    declared = read_declaration(body)
    charset = choose_declared(declared, body)
    if any(declared) and charset is None and not body.isascii():
        notes.add("encoding.unknown", "MSH-18", "字符集名称不在 HL7 表 0211 中，已按未声明读取")
    if charset is ASCII and not body.isascii():
        charset = None
        notes.add("encoding.not_ascii", "MSH-18", "声明为 ASCII，正文却有非 ASCII 字节，已按未声明读取")
    if charset and charset.spelling in WESTERN and holds_chinese_bytes(body):
        notes.add("encoding.not_western", "MSH-18", f"声明为 {charset.label}，正文却是中文，已按未声明读取")
        charset = None
    if charset is None:
        charset = UTF_8 if raw.startswith(BOM) else find_charset(sender_encoding)
    if charset is None and is_utf8(body):
        charset = UTF_8
    if charset is not None:
        return charset, False
    notes.add(
        "encoding.guessed", "MSH-18", "未声明字符集，已按 GB18030 读取：请核对文字，并为发送方设置字符集"
    )
    return GB18030, True


def strip_mark(raw: bytes) -> bytes:
    for mark in (BOM, *WIDE_MARKS):
        raw = raw.removeprefix(mark)
    return raw.lstrip(ASCII_BLANKS)


def holds_chinese(charset: Charset, body: bytes) -> bool:
    """Tell whether bytes are text of a character set with Chinese in it."""
    try:
        return not body.isascii() and HAN.search(body.decode(charset.codec)) is not None
    except UnicodeDecodeError:
        return False


def holds_chinese_bytes(body: bytes) -> bool:
    """Tell whether bytes are Chinese in one of the sets in use here."""
    if HIGH_RUN.search(body) is None:
        return holds_chinese(UTF_8, body)
    return holds_chinese(UTF_8, body) or holds_chinese(GB18030, body)


def is_utf8(body: bytes) -> bool:
    return is_in(UTF_8, body)


def is_in(charset: Charset, body: bytes) -> bool:
    """Tell whether bytes are text of a character set."""
    try:
        body.decode(charset.codec)
    except UnicodeDecodeError:
        return False
    return True


def choose_declared(declared: list[str], body: bytes) -> Charset | None:
    """Choose among MSH-18's repetitions: the first that the bytes are; else the first that is known.

    The first names the usual character set (empty: ASCII), the others what is switched to (§2.14.9.18);
    in China those who send two never switch, and mean the larger one.
    """
    known = [charset for charset in map(find_charset, declared) if charset]
    if len(known) < 2:
        return known[0] if known else None
    return next((charset for charset in known if is_in(charset, body)), known[0])


def read_declaration(body: bytes) -> list[str]:
    """Return MSH-18's repetitions, those left out that are empty.

    The header itself may hold characters whose second byte is the field separator. It is read in the
    encodings it may be in, and the reading that names its own encoding is believed; else the first.
    """
    line = re.split(rb"[\r\n]", body[: 64 * 1024], maxsplit=1)[0]
    readings: list[list[str]] = []
    for charset, errors in ((UTF_8, "strict"), (GB18030, "replace"), (SPELLINGS["88591"], "strict")):
        try:
            values = charset_field(line.decode(charset.codec, errors))
        except UnicodeDecodeError:
            continue
        found = [known for known in map(find_charset, values) if known]
        if found and (line.isascii() or any(same_family(each, charset) for each in found)):
            return values
        readings.append(values)
    return readings[0] if readings else []


def same_family(found: Charset, read_as: Charset) -> bool:
    return found == read_as or (found.label.startswith("ISO") and read_as.label.startswith("ISO"))


def charset_field(line: str) -> list[str]:
    """Return the repetitions of field 18 of a header line that are not empty."""
    if not line.startswith("MSH") or len(line) < 8:
        return []
    fields = line.split(line[3])
    repetition = line[5] if len(line) > 5 else "~"
    value = fields[CHARSET_FIELD - 1] if len(fields) >= CHARSET_FIELD else ""
    return [part.strip() for part in value.split(repetition) if part.strip()]
