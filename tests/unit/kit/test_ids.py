"""A member's id names its parent, as a value and as a text."""

import pytest

from yijian.kit.ids import MAX_MEMBERS, member_id, member_of, member_texts, new_parent_id


@pytest.mark.parametrize("sequence", [0, 1, 14, 15, 255, 4000, MAX_MEMBERS - 1])
def test_a_members_text_is_that_of_its_id(sequence: int) -> None:
    parent = new_parent_id()
    assert member_texts(parent)(sequence) == str(member_id(parent, sequence))
    assert member_of(member_id(parent, sequence)) == (parent, sequence)


@pytest.mark.parametrize("sequence", [-1, MAX_MEMBERS])
def test_refuses_a_member_that_has_no_room(sequence: int) -> None:
    with pytest.raises(ValueError, match="at most"):
        member_texts(new_parent_id())(sequence)
