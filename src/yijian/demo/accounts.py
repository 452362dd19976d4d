"""Who may enter the demo: a program for every institution, a person for every role; secrets made here."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from joserfc.jwk import ECKey

from yijian.demo.people import Names
from yijian.demo.tables import Institution, list_providers
from yijian.foundation.accounts.api import Scope, register_client
from yijian.foundation.accounts.models import Role, User

__all__ = ["issue_clients", "issue_users"]

CURVE, ALGORITHM = "P-384", "ES384"
PASSWORD_BYTES = 12
LEVELS = {0: "未定级", 1: "一级", 2: "二级", 3: "三级"}


@dataclass(frozen=True, slots=True)
class Post:
    role: Role
    institution_code: str
    username: str
    department: str = ""


POSTS = (
    Post(Role.CLINICIAN, "42010201", "doctor.mingde", "心血管内科"),
    Post(Role.CLINICIAN, "42010601", "doctor.chuyuan", "内分泌科"),
    Post(Role.CLINICIAN, "42011501", "doctor.jiangxia", "普外科"),
    Post(Role.CLINICIAN, "42050201", "doctor.xiling", "肾内科"),
    Post(Role.CLINICIAN, "42011513", "doctor.bailuzhou", "全科"),
    Post(Role.TECHNICIAN, "42050201", "technician.xiling", "检验科"),
    Post(Role.TECHNICIAN, "42010201", "technician.mingde", "放射科"),
    Post(Role.INTEGRATOR, "42010201", "integrator.mingde", "信息中心"),
    Post(Role.INTEGRATOR, "42052801", "integrator.changyang", "信息科"),
    Post(Role.SUPERVISOR, "42000001", "supervisor.hubei", "医政处"),
    Post(Role.SUPERVISOR, "42000001", "drafter.hubei", "法规处"),
    Post(Role.SUPERVISOR, "42050001", "supervisor.yichang", "医政科"),
    Post(Role.ADMINISTRATOR, "", "administrator", "平台"),
)


def issue_clients() -> list[dict[str, Any]]:
    """Register a program for every institution; return them with their secrets and private keys."""
    with transaction.atomic():
        return [_issue_client(institution) for institution in list_providers()]


def _issue_client(institution: Institution) -> dict[str, Any]:
    client_id, issuer = f"his-{institution.code}", f"https://his-{institution.code}.demo.example"
    key = ECKey.generate_key(CURVE, {"use": "sig", "alg": ALGORITHM})
    kid = key.thumbprint()
    scopes = sorted(scope.value for scope in Scope)
    secret = register_client(
        client_id,
        institution.code,
        f"{institution.name_zh} HIS",
        scopes,
        issuer=issuer,
        jwks={"keys": [key.as_dict(private=False) | {"kid": kid}]},
    )
    return {
        "institution_code": institution.code,
        "institution_name": institution.name_zh,
        "level": f"{LEVELS[institution.level]}{institution.grade}",
        "client_id": client_id,
        "client_secret": secret,
        "scopes": scopes,
        "cds": {
            "iss": issuer,
            "kid": kid,
            "private_key_jwk": dict(key.as_dict(private=True)) | {"kid": kid},
        },
    }


def issue_users() -> list[dict[str, str]]:
    """Give every post its person and a new password; return the passwords, which are kept as digests."""
    passwords = [secrets.token_urlsafe(PASSWORD_BYTES) for _ in POSTS]
    with ThreadPoolExecutor() as threads:
        digests = list(threads.map(make_password, passwords))
    with transaction.atomic():
        for post, digest in zip(POSTS, digests, strict=True):
            User.objects.update_or_create(username=post.username, defaults=_person(post, digest))
    return [dict(_handed_over(post, password)) for post, password in zip(POSTS, passwords, strict=True)]


def _handed_over(post: Post, password: str) -> Iterator[tuple[str, str]]:
    yield "role", post.role.value
    yield "institution_code", post.institution_code
    yield "username", post.username
    yield "password", password


def _person(post: Post, digest: str) -> dict[str, Any]:
    names = Names(Random(post.username))
    administers = post.role is Role.ADMINISTRATOR
    return {
        "password": digest,
        "role": post.role,
        "institution_code": post.institution_code,
        "department_code": post.department,
        "department_name": post.department,
        "display_name": names.surname() + names.given("female", date(1985, 1, 1)),
        "is_staff": administers,
        "is_superuser": administers,
        "is_active": True,
    }
