"""No address of any door is missing in the table, and what needs no sign-in is known by name."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.table import ADDRESSES, ADMIN, SERVICES, TABLE
from yijian.dataplane import app
from yijian.gateways.cds_hooks.hot import SERVICES as CDS_SERVICES
from yijian.gateways.json_api.openapi import build
from yijian.web.urls import urlpatterns as pages


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Yield every address of the control plane but our pages'; the admin is one."""
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if address == ADMIN:
            yield ADMIN
        elif isinstance(pattern, URLResolver):
            if pattern.urlconf_name is not None and "yijian.web" not in str(pattern.urlconf_name):
                yield from addresses(pattern.url_patterns, address)
        else:
            yield address


def test_every_address_stands_in_the_table() -> None:
    control_plane = set(addresses(get_resolver().url_patterns))
    data_plane = app.PATHS | {f"{app.CDS}/{service}" for service in CDS_SERVICES}

    assert control_plane | data_plane == ADDRESSES
    assert {page.name for page in pages} == set(TABLE)


def test_every_service_is_described_with_its_scope() -> None:
    described = {
        path: (method.upper(), operation["security"][0]["oauth"][0])
        for path, operations in build()["paths"].items()
        for method, operation in operations.items()
    }

    assert described == {path: (row.method, row.scope) for path, row in SERVICES.items()}
