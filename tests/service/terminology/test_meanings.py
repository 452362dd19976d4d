"""What codes mean: the shipped catalogue, and an institution's own codes once confirmed."""

import pytest

from yijian.domains.terminology.api import (
    Qualifiers,
    confirm_code,
    find_item,
    load_catalogue,
    look_up,
    propose_code,
    reject_code,
    sensitive_codes,
)
from yijian.domains.terminology.catalogue import load_items, load_panels
from yijian.domains.terminology.models import CatalogueItem, CodeMap, PanelMember
from yijian.domains.terminology.values import Specimen
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue(db: None) -> None:
    load_catalogue()


def meaning(code: str, system: str = "local", specimen: Specimen | None = None) -> str | None:
    found = look_up("A", {(system, code)}).of(system, code, specimen)
    return found.item.code if found else None


def test_catalogue_is_loaded_whole_and_as_often_as_one_likes() -> None:
    load_catalogue()
    assert CatalogueItem.objects.count() == len(load_items())
    assert PanelMember.objects.count() == sum(len(panel.members) for panel in load_panels())
    loaded, shipped = find_item("K"), next(item for item in load_items() if item.code == "K")
    assert loaded is not None
    assert (loaded.loinc, loaded.unit, loaded.specimen, loaded.critical_high) == (
        shipped.loinc,
        shipped.unit,
        shipped.specimen,
        shipped.critical_high,
    )


def test_public_codes_mean_their_item() -> None:
    item = find_item("K")
    assert item is not None
    assert [meaning("K", "item"), meaning(item.wst886, "wst886"), meaning(item.loinc, "loinc")] == ["K"] * 3
    assert meaning("K", "loinc") is None
    assert meaning("K") is None


def test_loinc_of_several_items_means_none_of_them() -> None:
    CatalogueItem.objects.filter(code__in=["Na", "K"]).update(loinc="2823-3")
    assert meaning("2823-3", "loinc") is None


def test_proposal_means_nothing_until_confirmed() -> None:
    propose_code("A", "X1", "K", author="machine")
    assert meaning("X1") is None
    confirm_code("A", "X1", "Na", author="person")
    assert meaning("X1") == "Na"
    assert CodeMap.objects.get().author == "person"
    reject_code("A", "X1", author="other")
    assert meaning("X1") == "Na"


def test_specimen_decides_a_split_code() -> None:
    confirm_code("A", "G", "Glu", author="a", specimen="serum")
    assert meaning("G") == "Glu"
    confirm_code("A", "G", "K", author="a", specimen="csf")
    assert [meaning("G", specimen=s) for s in (Specimen.SERUM, Specimen.CSF, Specimen.URINE, None)] == [
        "Glu",
        "K",
        None,
        None,
    ]
    confirm_code("A", "G", "Na", author="a")
    assert [meaning("G", specimen=s) for s in (Specimen.SERUM, Specimen.URINE, None)] == ["Glu", "Na", "Na"]


def test_code_may_say_side_and_contrast() -> None:
    confirm_code("A", "XR", "K", author="a", qualifiers=Qualifiers(laterality="left", contrast="plain"))
    found = look_up("A", {("local", "XR")}).of("local", "XR")
    assert found is not None
    assert (found.laterality, found.contrast, found.body_site) == ("left", "plain", "")


def test_refuses_mapping_to_what_is_not_there() -> None:
    with pytest.raises(Problem) as refused:
        confirm_code("A", "X1", "no such item", author="a", specimen="blud")
    assert [error.path for error in refused.value.errors] == ["item_code", "specimen"]


def test_sensitive_items_are_known() -> None:
    codes = sensitive_codes()
    assert codes
    assert "K" not in codes
