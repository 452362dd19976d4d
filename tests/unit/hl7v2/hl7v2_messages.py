"""Messages for tests, made of lines; a test replaces the line or the field it is about."""

from datetime import UTC, datetime

from yijian.gateways.hl7v2 import codec

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HEADER = "MSH|^~\\&|LIS|370102001|HIP|370100|20261101093000||ORU^R01^ORU_R01|C1|P|2.5.1||||||UNICODE UTF-8"
PATIENT = "PID|1||P1^^^370102001^MR||张^伟||19850316|M"
ORDER = "OBR|1|O1|F1|CBC^血常规^L|||20261101080000|||||||20261101083000|BLD&静脉血|||||||20261101090000||HM|F"
ROW = "OBX|1|NM|WBC^白细胞^L||6.2|10\\S\\9/L|3.5-9.5|N|||F"


def message(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    """Join lines under a header."""
    return "".join(f"{line}\r" for line in (header, *lines)).encode(encoding)


def result(*lines: str, patient: str = PATIENT, order: str = ORDER) -> bytes:
    """Build an ORU with these lines under one OBR."""
    return message(patient, order, *lines)


def with_field(segment: str, field: int, value: str) -> str:
    """Set one field of a segment other than MSH."""
    fields = segment.split("|")
    fields += [""] * (field + 1 - len(fields))
    fields[field] = value
    return "|".join(fields)


def header_with(field: int, value: str) -> str:
    """Set one field of the header, counted as the standard does."""
    return with_field(HEADER, field - 1, value)


def decode(raw: bytes, sender_encoding: str | None = None) -> codec.ParsedMessage:
    """Decode at the tests' instant."""
    return codec.decode_message(raw, sender_encoding, NOW)


def split_file(raw: bytes) -> list[bytes]:
    """Cut a file of several messages at its headers."""
    terminator = b"\r" if b"\r" in raw else b"\n"
    messages: list[list[bytes]] = []
    for line in raw.split(terminator):
        if line.removeprefix(b"\xef\xbb\xbf").lstrip(b"\n").startswith(b"MSH"):
            messages.append([])
        if messages:
            messages[-1].append(line)
    return [terminator.join(lines) for lines in messages]
