"""Keep the translations whole. Messages are Chinese in the code; catalogues give them in other languages.

`check` refuses what is missing, stale, fuzzy or has other placeholders than its message, and Chinese that
stands in a template outside a translation tag; `update` rewrites the catalogues, keeping what is translated;
`compile` makes the binary form of the catalogues named.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polib
from babel.messages.extract import extract
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/yijian"
CATALOGUES = SOURCE / "web/locale"
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEMPLATE_CALL = re.compile(rf"\b(?:_|n?p?gettext)\({STRING}(?:, ?{STRING})*(?:, ?count)?\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
TRANSLATED_OR_SILENT = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}"
    r"|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}"
    r"|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->"
    r"|<(\w+)[^>]*\btranslate=\"no\"[^>]*>[^<]*</\1>",
    re.DOTALL,
)
CHINESE = re.compile(r"[\u3400-\u9fff]+")


class Message(NamedTuple):
    """What a catalogue has an entry for."""

    context: str | None
    text: str
    plural: str


def main(arguments: list[str]) -> int:
    """Run the command named first; return the exit status."""
    command, *names = arguments
    if command == "compile":
        for name in names:
            polib.pofile(name).save_as_mofile(str(Path(name).with_suffix(".mo")))
        return 0
    messages = collect()
    catalogues = sorted(CATALOGUES.glob("*/LC_MESSAGES/django.po"))
    if command == "update":
        for path in catalogues:
            update(path, messages)
        return 0
    faults = [*(fault for path in catalogues for fault in faults_of(path, messages)), *untagged_chinese()]
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


def collect() -> dict[Message, set[str]]:
    """Return every message of the code and the templates, with the files it stands in."""
    found: dict[Message, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for message in messages_of(path.read_text(encoding="utf-8")):
            found.setdefault(message, set()).add(str(path.relative_to(ROOT)))
    for path in templates():
        calls = TEMPLATE_CALL.findall(templatize(path.read_text(encoding="utf-8"), origin=str(path)))
        for message in messages_of("\n".join(calls)):
            found.setdefault(message, set()).add(str(path.relative_to(ROOT)))
    return found


def templates() -> list[Path]:
    """Return every template of ours."""
    return sorted(
        path for path in SOURCE.rglob("*") if path.suffix in {".html", ".txt"} and "templates" in path.parts
    )


def messages_of(python: str) -> Iterator[Message]:
    """Yield the messages that a piece of Python asks translations of."""
    for _line, texts, _comments, context in extract("python", BytesIO(python.encode()), keywords=CALLS):
        singular, plural = texts if isinstance(texts, tuple) else (texts, "")
        yield Message(context, singular, plural)


def key(entry: polib.POEntry) -> Message:
    """Return the message an entry translates."""
    return Message(entry.msgctxt, entry.msgid, entry.msgid_plural)


def translations(entry: polib.POEntry) -> list[str]:
    """Return the entry's translations, one per plural form."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def faults_of(path: Path, messages: dict[Message, set[str]]) -> Iterator[str]:
    """Yield what is wrong with one catalogue, a line each."""
    name = path.relative_to(ROOT)
    entries = {key(entry): entry for entry in polib.pofile(str(path)) if not entry.obsolete}
    for message in sorted(messages.keys() - entries.keys(), key=str):
        yield f"{name}: missing {message.text!r} of {', '.join(sorted(messages[message]))}"
    for message, entry in entries.items():
        if message not in messages:
            yield f"{name}: stale {message.text!r}: nothing asks for it any more"
        elif entry.fuzzy:
            yield f"{name}: fuzzy {message.text!r}: confirm or correct it"
        elif not all(translations(entry)):
            yield f"{name}: untranslated {message.text!r}"
        elif any(
            placeholders(text) != placeholders(message.plural or message.text) for text in translations(entry)
        ):
            yield f"{name}: other placeholders than in {message.text!r}"


def placeholders(text: str) -> list[str]:
    """Return what is filled into `text` at run time, in a fixed order."""
    return sorted(PLACEHOLDER.findall(text))


def untagged_chinese() -> Iterator[str]:
    """Yield where a template speaks Chinese only; an element with `translate="no"` may."""
    for path in templates():
        text = path.read_text(encoding="utf-8")
        spoken = TRANSLATED_OR_SILENT.sub(lambda silent: "\n" * silent[0].count("\n"), text)
        for number, line in enumerate(spoken.splitlines(), 1):
            if found := CHINESE.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]} stands outside a translation tag"


def update(path: Path, messages: dict[Message, set[str]]) -> None:
    """Rewrite one catalogue in the order of its messages: new ones empty, stale ones gone."""
    old = polib.pofile(str(path))
    kept = {key(entry): entry for entry in old}
    new = polib.POFile(wrapwidth=110)
    new.metadata = old.metadata
    for message in sorted(messages, key=lambda message: (message.text, message.context or "")):
        entry = kept.get(message) or polib.POEntry(msgctxt=message.context, msgid=message.text)
        if message.plural and message not in kept:
            entry.msgid_plural, entry.msgstr_plural = message.plural, {0: "", 1: ""}
        entry.occurrences = [(place, "") for place in sorted(messages[message])]
        entry.obsolete = False
        new.append(entry)
    new.save(str(path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
