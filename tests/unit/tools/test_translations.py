"""The translations check sees what Django would ask for, and what a template forgets to ask for."""

from pathlib import Path

import polib
import pytest

from tools import translations
from tools.translations import Message

TEMPLATE = """{% load i18n %}
<h1>{% translate "患者" %}</h1> {{ name|default:_("无") }}
{% blocktranslate count n=items|length trimmed %}
  共 {{ n }} 项{% plural %}共 {{ n }} 项
{% endblocktranslate %}
{% translate "月" context "month" %} {# 注释 #} <a translate="no">中文</a>
"""
PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
_("采纳"
  "结果"); ngettext("%(n)s 份", "%(n)s 份", n); pgettext_lazy("month", "月")
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "SOURCE", tmp_path / "src")
    monkeypatch.setattr(translations, "CATALOGUES", tmp_path / "src" / "locale")
    page = tmp_path / "src" / "web" / "templates" / "page.html"
    page.parent.mkdir(parents=True)
    page.write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "src" / "views.py").write_text(PYTHON, encoding="utf-8")
    return tmp_path / "src"


@pytest.fixture
def catalogue(source: Path) -> Path:
    path = source / "locale" / "en" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    polib.POFile().save(str(path))
    return path


def translate_all(catalogue: Path) -> polib.POFile:
    entries = polib.pofile(str(catalogue))
    for entry in entries:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: entry.msgid, 1: entry.msgid}
        else:
            entry.msgstr = entry.msgid
    entries.save()
    return entries


def test_collects_from_code_and_templates(source: Path) -> None:
    assert translations.collect() == {
        Message(None, "患者", ""): {"src/web/templates/page.html"},
        Message(None, "无", ""): {"src/web/templates/page.html"},
        Message(None, "共 %(n)s 项", "共 %(n)s 项"): {"src/web/templates/page.html"},
        Message("month", "月", ""): {"src/web/templates/page.html", "src/views.py"},
        Message(None, "采纳结果", ""): {"src/views.py"},
        Message(None, "%(n)s 份", "%(n)s 份"): {"src/views.py"},
    }


def test_accepts_a_whole_catalogue(catalogue: Path) -> None:
    assert translations.main(["update"]) == 0
    translate_all(catalogue)
    assert translations.main(["check"]) == 0


def test_update_keeps_translations_and_drops_stale_ones(catalogue: Path, source: Path) -> None:
    translations.main(["update"])
    translate_all(catalogue)
    (source / "views.py").write_text("_('新')", encoding="utf-8")
    translations.main(["update"])
    kept = {entry.msgid: entry.msgstr for entry in polib.pofile(str(catalogue)) if not entry.msgid_plural}
    assert kept == {"患者": "患者", "无": "无", "月": "月", "新": ""}


def test_names_missing_stale_fuzzy_and_untranslated(
    catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    translations.main(["update"])
    entries = translate_all(catalogue)
    entries.find("患者").msgid = "病人"
    entries.find("无").msgstr = ""
    entries.find("采纳结果").flags = ["fuzzy"]
    entries.find("%(n)s 份").msgstr_plural = {0: "%(n)s report", 1: "%(m)s reports"}
    entries.save()
    assert translations.main(["check"]) == 1
    faults = capsys.readouterr().err
    for fault in (
        "missing '患者'",
        "stale '病人'",
        "untranslated '无'",
        "fuzzy '采纳结果'",
        "other placeholders than in '%(n)s 份'",
    ):
        assert fault in faults
    assert faults.count("\n") == 5


def test_names_chinese_outside_a_translation_tag(source: Path) -> None:
    page = source / "web" / "templates" / "page.html"
    page.write_text(TEMPLATE + '<b title="忘了">x</b>\n', encoding="utf-8")
    assert list(translations.untagged_chinese()) == [
        "src/web/templates/page.html:7: 忘了 stands outside a translation tag"
    ]


def test_compiles_a_catalogue_for_django(catalogue: Path) -> None:
    translations.main(["update"])
    translate_all(catalogue)
    assert translations.main(["compile", str(catalogue)]) == 0
    assert polib.mofile(str(catalogue.with_suffix(".mo"))).find("患者").msgstr == "患者"
