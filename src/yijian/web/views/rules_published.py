"""What regions published, in words: the rules that come with the product, whoever's platform this is."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import Agreement, RegionOptions
from yijian.web import words
from yijian.web.access import requires_role
from yijian.web.rules.clauses import clauses_of
from yijian.web.rules.shown import READERS, show_matrix

__all__ = ["published", "published_list"]


@requires_role(*READERS)
@require_GET
def published_list(request: HttpRequest) -> HttpResponseBase:
    """List the regions whose rules were published, each with its sources."""
    regions = [sharing.get_published(region) for region in sharing.list_published()]
    listed = [
        {"region": each.region, "name": _name(each), "values": [*each.agreements, *each.options]}
        for each in regions
    ]
    return render(request, "rules/published.html", {"regions": listed})


@requires_role(*READERS)
@require_GET
def published(request: HttpRequest, region: str) -> HttpResponseBase:
    """Show one region's rules clause by clause, and what its sources left open."""
    if region not in sharing.list_published():
        raise Http404
    rules = sharing.get_published(region)
    values: list[Agreement | RegionOptions] = [*rules.agreements, *rules.options]
    shown = {
        "name": _name(rules),
        "assumed": rules.assumed,
        "rules": [_show(each, _name(rules)) for each in values],
    }
    return render(request, "rules/published_region.html", shown)


def _show(value: Agreement | RegionOptions, region_name: str) -> dict[str, Any]:
    """Return a rule in words; its area has the region's name, whether or not the directory knows it."""
    sections = [
        (title, [c._replace(lines=[region_name]) if c.field == "scope" else c for c in clauses])
        for title, clauses in clauses_of(value)
    ]
    if isinstance(value, RegionOptions):
        return {"name": gettext("地区选项"), "value": value, "sections": sections, "matrix": None}
    name = value.name_en if words.language() == "en" else value.name_zh
    return {"name": name, "value": value, "sections": sections, "matrix": show_matrix(value)}


def _name(rules: sharing.PublishedRules) -> str:
    return rules.name_en if words.language() == "en" else rules.name_zh
