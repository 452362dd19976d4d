"""Fields are sealed so that nobody reads or alters them, and digested so that they are found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yijian.kit.crypto import DIGEST_BYTES, FieldCipher, Undecipherable

cipher = FieldCipher(bytes(range(32)))
other = FieldCipher(bytes(range(1, 33)))


@given(st.text())
def test_opens_what_it_sealed(text: str) -> None:
    assert cipher.decrypt(cipher.encrypt(text)) == text


def test_seals_the_same_text_differently_each_time() -> None:
    assert cipher.encrypt("110101199003070000") != cipher.encrypt("110101199003070000")


@given(st.binary(min_size=1, max_size=1), st.integers(min_value=0))
def test_refuses_every_altered_byte(change: bytes, place: int) -> None:
    sealed = bytearray(cipher.encrypt("张三"))
    index = place % len(sealed)
    if sealed[index] == change[0]:
        return
    sealed[index] = change[0]
    with pytest.raises(Undecipherable):
        cipher.decrypt(bytes(sealed))


@pytest.mark.parametrize("cut", [0, 1, 5, 13, 20])
def test_refuses_truncated_field(cut: int) -> None:
    with pytest.raises(Undecipherable):
        cipher.decrypt(cipher.encrypt("张三")[:cut])


def test_refuses_field_of_another_key() -> None:
    with pytest.raises(Undecipherable):
        other.decrypt(cipher.encrypt("张三"))


def test_digest_is_stable_and_keyed() -> None:
    digest = cipher.digest("resident_id", "", "110101199003070000")
    assert digest == FieldCipher(bytes(range(32))).digest("resident_id", "", "110101199003070000")
    assert digest != other.digest("resident_id", "", "110101199003070000")
    assert len(digest) == DIGEST_BYTES


def test_digest_keeps_kind_issuer_and_value_apart() -> None:
    parts = [("local", "H1", "23"), ("local", "H12", "3"), ("localH", "1", "23"), ("local", "", "H123")]
    assert len({cipher.digest(*part) for part in parts}) == len(parts)


def test_refuses_key_of_wrong_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        FieldCipher(b"short")
