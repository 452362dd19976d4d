"""Documents inside OBX: ED, and base64 that old systems put into a text (HL7 v2.5.1 §2.A.24)."""

import base64
import binascii
import re
from collections.abc import Iterator

from .message import PDF_IN_BASE64
from .notes import Notes
from .refusal import ErrorCode, MessageRefused, refuse
from .segment import Composite, Segment
from .structure import Observation, OrderGroup

__all__ = ["is_embedded", "read_document"]

MAX_BYTES = 80 * 1024 * 1024
PDF_MAGIC = b"%PDF"
BEGINNING = 128
"""Characters within which it begins, after the other components of an ED or a `data:` address."""
DATA_ADDRESS = re.compile(r"\s*data:[^,]{0,80},")


def is_embedded(observation: Observation) -> bool:
    """Tell whether an OBX carries a document rather than a result."""
    return observation.form.data_type == "ED" or PDF_IN_BASE64 in observation.obx.raw(5)[:BEGINNING]


def read_document(groups: list[OrderGroup], notes: Notes) -> str | None:
    """Return the first PDF in base64; what else was attached is named in `notes`.

    What says that it is base64, or a PDF, and is not, refuses the message.
    """
    chosen: str | None = None
    for obx in embedded(groups):
        content = read_content(obx)
        if content and content.startswith(PDF_MAGIC):
            encoded = base64.b64encode(content).decode()
            if chosen is None:
                chosen = encoded
            elif encoded != chosen:
                notes.add("attachment.left_out", obx.location(5), "已有一份 PDF，本附件未采用，请核对")
        elif is_said_to_be_pdf(obx) and content:
            raise damaged(obx, "标明为 PDF 的附件不是 PDF 文件", "is declared a PDF and is none")
        elif not content:
            notes.add("attachment.empty", obx.location(5), "附件没有内容，未采用")
        else:
            notes.add("attachment.other", obx.location(5), "附件不是 PDF，只随原始消息保存")
    return chosen


def embedded(groups: list[OrderGroup]) -> Iterator[Segment]:
    return (o.obx for group in groups for o in group.observations if is_embedded(o))


def is_said_to_be_pdf(obx: Segment) -> bool:
    value = obx.first(5)
    return "PDF" in {value.text(2).upper(), value.text(3).upper().removeprefix("X-")}


def read_content(obx: Segment) -> bytes | None:
    """Return the bytes of ED.5 by the encoding of ED.4, else of a PDF wherever it stands, else None."""
    value = obx.first(5)
    is_data = obx.text(2).upper() == "ED"
    encoding = value.text(4).casefold() if is_data else ""
    if encoding == "hex":
        return from_hex(obx, value.text(5))
    text = value.text(5) if encoding == "base64" else find_pdf(value)
    return None if text is None else from_base64(obx, text)


def find_pdf(value: Composite) -> str | None:
    """Find the component that holds a PDF where an ED lacks others, or none is declared at all."""
    parts = (value.text(component) for component in range(1, 7))
    return next((part for part in parts if PDF_IN_BASE64 in part[:BEGINNING]), None)


def from_base64(obx: Segment, text: str) -> bytes:
    if len(text) > MAX_BYTES * 3 // 2:
        raise too_large(obx)
    try:
        content = base64.b64decode(re.sub(r"\s", "", DATA_ADDRESS.sub("", text, count=1)), validate=True)
    except (binascii.Error, ValueError):
        raise damaged(obx, "附件的 Base64 编码有误或不完整", "is not valid base64") from None
    if len(content) > MAX_BYTES:
        raise too_large(obx)
    return content


def from_hex(obx: Segment, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise damaged(obx, "附件的十六进制编码有误", "is not valid hexadecimal") from None


def damaged(obx: Segment, what: str, what_en: str) -> MessageRefused:
    where = obx.location(5)
    return refuse(
        ErrorCode.DATA_TYPE,
        where,
        f"{where} {what}，请更正后重发。",
        f"{where} {what_en}: correct it and send again.",
    )


def too_large(obx: Segment) -> MessageRefused:
    where = obx.location(5)
    return refuse(
        ErrorCode.DATA_TYPE,
        where,
        f"{where} 的附件超过 80 MiB，请缩小后重发。",
        f"The document in {where} is larger than 80 MiB: shrink it and send again.",
    )
