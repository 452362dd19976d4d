"""What a person has to mend: codes without meaning, unknown units, and other doubts about messages."""

from contextlib import suppress
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from yijian.domains.results import api as results
from yijian.domains.terminology import api as terminology
from yijian.domains.terminology.values import Item, Kind, Laterality
from yijian.foundation.inbox import api as inbox
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web.access import requires_role, signed_in
from yijian.web.catalogue import item_name
from yijian.web.institutions import find_institution
from yijian.web.matters import (
    MAPPABLE,
    MENDERS,
    colleagues_of,
    fits_of,
    read_place,
    show_matters,
    specimens_of,
    suggest,
    tabs_of,
    write_place,
)
from yijian.web.operations import MATTERS, audit_operation, scope_of

__all__ = ["assign", "code", "confirm", "handled", "items", "work_items"]

PAGE = 50
WAITING_SHOWN = 6
WAITING_READ = 200
"""Rows looked at for the specimens a code comes with."""
BY_HAND = frozenset(MATTERS) - {results.UNMAPPED_CODE, "identity_uncertain"}
"""Kinds that a person may close; codes and doubts about persons close by being settled."""
RUN_AGAIN = frozenset({"encoding.guessed", "encoding.unknown", "encoding.not_ascii", "encoding.not_western"})
"""Mended at the sender's setting: its messages are read anew."""


class MeaningForm(forms.Form):
    """What a code means, and what it says beyond its item."""

    item = forms.CharField(max_length=32)
    specimen = forms.CharField(max_length=32, required=False)
    laterality = forms.ChoiceField(
        label=_("侧别"),
        choices=[("", _("未说明")), ("left", _("左侧")), ("right", _("右侧")), ("both", _("双侧"))],
        required=False,
    )


@requires_role(*MENDERS)
@require_GET
def work_items(request: HttpRequest) -> HttpResponseBase:
    """List what is open, by kind; what stops most results comes first."""
    user, scope = signed_in(request), scope_of(signed_in(request))
    kind = request.GET.get("kind", results.UNMAPPED_CODE)
    whose = request.GET.get("whose", "")
    owner = {"mine": user.username, "nobody": ""}.get(whose)
    after = read_place(request.GET.get("after", ""))
    listed = inbox.list_open_matters(scope, kind=kind, owner=owner, after=after, most=PAGE + 1)
    here = {"kind": kind, "whose": whose}
    further = here | {"after": write_place(listed[PAGE - 1].place)} if len(listed) > PAGE else None
    shown = {
        "tabs": tabs_of(inbox.count_open_matters(scope)),
        "kind": kind,
        "whose": whose,
        "remedy": MATTERS[kind][1] if kind in MATTERS else "",
        "matters": show_matters(listed[:PAGE]),
        "several": scope is None,
        "by_hand": kind in BY_HAND,
        "counted": kind not in {results.ORDER_WITHOUT_REPORT, results.IMAGE_WITHOUT_REPORT},
        "colleagues": colleagues_of(user),
        "older": f"?{urlencode(further)}" if further else None,
        "newest": f"?{urlencode(here)}" if after else None,
    }
    return render(request, "mapping/page.html", shown)


@requires_role(*MENDERS)
@require_POST
def assign(request: HttpRequest) -> HttpResponseBase:
    """Have a colleague, oneself or nobody look after a matter."""
    user, asked = signed_in(request), request.POST
    institution, kind, subject = (asked.get(name, "") for name in ("institution", "kind", "subject"))
    if not results.may(user, "mend_report", institution):
        raise PermissionDenied
    owner = asked.get("owner", "")
    if owner and owner not in dict(colleagues_of(user)):
        raise PermissionDenied
    if not owner:
        inbox.release_matter(institution, kind, subject)
    elif not inbox.assign_matter(institution, kind, subject, owner=owner, by=user.username, at=now()):
        messages.info(request, gettext("这一项已经处理完毕。"))
    audit_operation(request, "web.matter_assigned", institution=institution, kind=kind, owner=owner)
    return redirect(f"{resolve_url('work-items')}?{urlencode({'kind': kind})}")


@requires_role(*MENDERS)
@require_GET
def code(request: HttpRequest) -> HttpResponseBase:
    """Show one unmapped code with the rows that wait, what it may mean, and the item chosen."""
    institution, local_code = _asked_code(
        request, request.GET.get("institution", ""), request.GET.get("code")
    )
    rows = results.list_unmapped_rows(institution, MAPPABLE, local_code, limit=WAITING_READ)
    word = request.GET.get("word", rows[0].name if rows else "")
    chosen = terminology.find_item(request.GET.get("item", ""))
    here = {"institution": institution, "code": local_code}
    shown = {
        "institution": find_institution(institution),
        "code": local_code,
        "here": urlencode(here),
        "rows": rows[:WAITING_SHOWN],
        "name": rows[0].name if rows else "",
        "word": word,
        "items": suggest(word) or suggest(local_code),
        "chosen": chosen,
        "fits": fits_of(rows[:WAITING_SHOWN], chosen, terminology.Units(institution)) if chosen else [],
        "specimens": specimens_of(rows),
        "sided": chosen is not None and _is_sided(chosen),
        "form": MeaningForm(),
    }
    return render(request, "mapping/code.html", shown)


@requires_role(*MENDERS)
@require_GET
def items(request: HttpRequest) -> HttpResponseBase:
    """Suggest items under a word, for the page of a code."""
    institution, local_code = _asked_code(
        request, request.GET.get("institution", ""), request.GET.get("code")
    )
    word = request.GET.get("word", "")
    here = urlencode({"institution": institution, "code": local_code, "word": word})
    return render(request, "mapping/items.html", {"items": suggest(word), "word": word, "here": here})


@requires_role(*MENDERS)
@require_POST
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Give a code its meaning; what waited for it can be used from now on."""
    asked = request.POST
    institution, local_code = _asked_code(request, asked.get("institution", ""), asked.get("code"))
    form = MeaningForm(asked)
    if not form.is_valid():
        raise Http404
    meaning, author = form.cleaned_data, signed_in(request).username
    waiting = results.list_unmapped_rows(institution, MAPPABLE, local_code, limit=1)
    try:
        terminology.confirm_code(
            institution,
            local_code,
            meaning["item"],
            author=author,
            specimen=meaning["specimen"],
            local_name=waiting[0].name[:128] if waiting else "",
            qualifiers=terminology.Qualifiers(laterality=meaning["laterality"]),
        )
    except Problem as problem:
        raise Http404 from problem
    number = results.remap(institution, MAPPABLE, local_code, by=author, at=now())
    audit_operation(
        request, "web.code_confirmed", institution=institution, code=local_code, item=meaning["item"]
    )
    messages.success(request, _confirmed(local_code, terminology.find_item(meaning["item"]), number))
    return redirect("work-items")


@requires_role(*MENDERS)
@require_POST
def handled(request: HttpRequest) -> HttpResponseBase:
    """Close a matter that somebody has looked after elsewhere; what waited for it goes on."""
    kind, subject = request.POST.get("kind", ""), request.POST.get("subject", "")
    institution = request.POST.get("institution", "")
    user = signed_in(request)
    if not results.may(user, "mend_report", institution):
        raise PermissionDenied
    if kind not in BY_HAND:
        raise Http404
    inbox.resolve_work_items(
        kind,
        subjects=[subject],
        institution_code=institution,
        by=user.username,
        resolution="handled",
        at=now(),
        run_again=kind in RUN_AGAIN,
    )
    if kind in RUN_AGAIN and institution:
        with suppress(Problem):  # no other message of this sender waits
            inbox.begin_replay(kind, institution_code=institution, by=user.username, at=now())
    audit_operation(request, "web.matter_closed", institution=institution, kind=kind)
    messages.success(request, gettext("已处理。"))
    return redirect(f"{resolve_url('work-items')}?{urlencode({'kind': kind})}")


def _asked_code(request: HttpRequest, institution: str, local_code: str | None) -> tuple[str, str]:
    """Return which code is meant, if this user may give it a meaning."""
    if not local_code:
        raise Http404
    if not results.may(signed_in(request), "mend_mapping", institution):
        raise PermissionDenied
    return institution, local_code


def _is_sided(item: Item) -> bool:
    return item.kind is Kind.EXAM and item.laterality is Laterality.PAIRED


def _confirmed(local_code: str, item: Item | None, number: int) -> str:
    said = ngettext(
        "%(code)s 已对照为 %(item)s，%(number)d 条结果随即可用。",
        "%(code)s 已对照为 %(item)s，%(number)d 条结果随即可用。",
        number,
    )
    return said % {"code": local_code, "item": item_name(item) if item else "", "number": number}
