"""Specimens: what senders call them, and which stand for which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yijian.domains.terminology.values import Specimen, specimen_of, specimen_satisfies

S = Specimen


@pytest.mark.parametrize(
    ("code", "name", "specimen"),
    [
        ("SER", None, S.SERUM),
        ("ser", "", S.SERUM),
        ("PLAS", None, S.PLASMA),
        ("BLD", None, S.BLOOD),
        ("BLDV", None, S.BLOOD),
        ("BLDA", None, S.ARTERIAL_BLOOD),
        ("UR", None, S.URINE),
        ("CSF", None, S.CSF),
        ("STL", None, S.STOOL),
        (None, "静脉血", S.BLOOD),
        (None, " 全 血 ", S.BLOOD),
        (None, "血浆（枸橼酸钠）", S.PLASMA_CITRATE),
        (None, "24h尿", S.URINE_24H),
        ("01", "血清", S.SERUM),
        ("SER", "血浆", S.SERUM),
        ("XXX", "头发丝", None),
        (None, None, None),
    ],
)
def test_reads_what_senders_write(code: str | None, name: str | None, specimen: Specimen | None) -> None:
    assert specimen_of(code, name) is specimen


@pytest.mark.parametrize("specimen", Specimen)
def test_a_specimen_is_known_by_its_value_and_names_and_satisfies_itself(specimen: Specimen) -> None:
    assert {
        specimen_of(specimen.value, None),
        specimen_of(None, specimen.name_zh),
        specimen_of(None, specimen.name_en),
    } == {specimen}
    assert specimen_satisfies(specimen, specimen)


@given(st.sampled_from(Specimen))
def test_what_is_not_known_cannot_be_said_to_differ(specimen: Specimen) -> None:
    assert specimen_satisfies(specimen, None)
    assert specimen_satisfies(None, specimen)


@pytest.mark.parametrize(
    ("required", "observed"),
    [
        (S.SERUM_PLASMA, S.SERUM),
        (S.SERUM_PLASMA, S.PLASMA_HEPARIN),
        (S.SERUM_PLASMA, S.BLOOD),
        (S.SERUM_PLASMA_EDTA, S.PLASMA_EDTA),
        (S.PLASMA_CITRATE, S.BLOOD),
        (S.PLASMA_EDTA, S.PLASMA),
        (S.ANY_BLOOD, S.CAPILLARY_BLOOD),
    ],
)
def test_accepts_the_fraction_and_the_draw_it_came_from(required: Specimen, observed: Specimen) -> None:
    assert specimen_satisfies(required, observed)


@pytest.mark.parametrize(
    ("required", "observed"),
    [
        (S.SERUM_PLASMA, S.PLASMA_EDTA),
        (S.SERUM_PLASMA, S.PLASMA_CITRATE),
        (S.SERUM_PLASMA, S.URINE),
        (S.SERUM_PLASMA, S.CAPILLARY_BLOOD),
        (S.BLOOD, S.SERUM),
        (S.BLOOD, S.CAPILLARY_BLOOD),
        (S.ARTERIAL_BLOOD, S.BLOOD),
        (S.URINE, S.URINE_24H),
        (S.CSF, S.SERUM),
    ],
)
def test_rejects_another_specimen(required: Specimen, observed: Specimen) -> None:
    assert not specimen_satisfies(required, observed)
