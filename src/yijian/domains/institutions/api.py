"""The control plane's door to the directory: areas and communities by name."""

from dataclasses import dataclass

from yijian.domains.institutions import models

__all__ = ["Area", "list_areas"]


@dataclass(frozen=True, slots=True)
class Area:
    """A division (`nation`, `province`, `city`, `county`), an `alliance` or a `consortium`."""

    kind: str
    code: str
    name_zh: str
    name_en: str


def list_areas() -> list[Area]:
    """Return everything rules may apply to, wide before narrow."""
    regions = models.Region.objects.order_by("code").values_list("kind", "code", "name_zh", "name_en")
    width = [kind.value for kind in models.RegionKind]
    divisions = sorted((Area(*row) for row in regions), key=lambda area: width.index(area.kind))
    alliances = models.Alliance.objects.order_by("code").values_list("code", "name_zh", "name_en")
    consortia = models.Consortium.objects.order_by("code").values_list("code", "name_zh", "name_en")
    return [
        *divisions,
        *(Area("alliance", *row) for row in alliances),
        *(Area("consortium", *row) for row in consortia),
    ]
