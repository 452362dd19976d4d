"""Put options of a province into force, as two people would."""

from dataclasses import replace
from datetime import date

from yijian.domains.sharing import api
from yijian.domains.sharing.values import RegionOptions, Scope, ScopeKind
from yijian.kit.clock import now

OPTIONS = RegionOptions(Scope(ScopeKind.PROVINCE, "42"), 1, date(2022, 3, 1), source="测试")


def sign(key: api.VersionKey, *, author: str = "张某", signer: str = "李某") -> None:
    api.submit_version(key, {"matches": 0}, by=author, at=now())
    api.sign_version(key, by=signer, at=now())


def settle(**changes: object) -> None:
    wanted = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    sign(api.draft_version(wanted, author="张某", at=now()))
