"""A domain is entered through its doors, and the linter says who climbed in by a window."""

import grimp
import pytest

from tools.contracts import DoorsContract


def breaches(importer: str, imported: str) -> list[tuple[str, str]]:
    graph = grimp.ImportGraph()
    for module in ("domains", "domains.a", "domains.b", importer, imported):
        graph.add_module(module)
    graph.add_import(importer=importer, imported=imported)
    options = {
        "container": "domains",
        "doors": ["api", "values"],
        "private_doors": ["fast -> hot"],
        "insiders": ["config"],
    }
    contract = DoorsContract("doors", session_options={}, contract_options=options)
    found: list[tuple[str, str]] = contract.check(graph, verbose=False).metadata["breaches"]
    return found


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("web.views", "domains.a.api"),
        ("domains.b.services", "domains.a.values"),
        ("domains.a.api", "domains.a.services.record"),
        ("fast.match", "domains.a.hot"),
        ("config.settings", "domains.a.models"),
    ],
)
def test_lets_in_by_the_doors(importer: str, imported: str) -> None:
    assert breaches(importer, imported) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("web.views", "domains.a.models"),
        ("web.views", "domains.a"),
        ("web.views", "domains.a.hot"),
        ("domains.b.services", "domains.a.rules.decide"),
        ("configuration", "domains.a.models"),
    ],
)
def test_refuses_every_other_way(importer: str, imported: str) -> None:
    assert breaches(importer, imported) == [(importer, imported)]
