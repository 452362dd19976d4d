"""The glossary knows every public name of every domain's door."""

import ast
from pathlib import Path

import pytest

import yijian

REPOSITORY = Path(__file__).resolve().parents[3]
DOORS = sorted((Path(yijian.__file__).parent / "domains").glob("*/api.py"))


def public_names(path: Path) -> set[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("door", DOORS, ids=lambda path: path.parent.name)
def test_every_public_name_is_in_the_glossary(door: Path) -> None:
    glossary = (REPOSITORY / "docs" / "glossary.md").read_text(encoding="utf-8")
    missing = {name for name in public_names(door) if f"`{name}`" not in glossary}
    assert public_names(door)
    assert missing == set()
