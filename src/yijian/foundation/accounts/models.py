"""People who sign in, and programs that call."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


class Role(models.TextChoices):
    CLINICIAN = "clinician", "临床医师"
    TECHNICIAN = "technician", "检验检查技师"
    INTEGRATOR = "integrator", "接口工程师"
    SUPERVISOR = "supervisor", "卫健监管"
    ADMINISTRATOR = "administrator", "平台管理员"
    PATIENT = "patient", "患者"


@distributed(DistributionClass.REFERENCE)
class User(AbstractUser):
    """A person at one institution in one role."""

    role = models.CharField("角色", max_length=16, choices=Role, default=Role.CLINICIAN)
    institution_code = models.CharField("机构代码", max_length=32, blank=True)
    department_code = models.CharField("科室代码", max_length=32, blank=True)
    department_name = models.CharField("科室", max_length=64, blank=True)
    display_name = models.CharField("姓名", max_length=64, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"


@distributed(DistributionClass.REFERENCE)
class Client(models.Model):
    """A program of an institution. Its secret is stored as a digest only; its keys are public keys."""

    client_id = models.CharField("客户端", max_length=64, primary_key=True)
    institution_code = models.CharField("机构代码", max_length=32)
    name = models.CharField("名称", max_length=128)
    secret_digest = models.CharField("密钥摘要", max_length=128, blank=True)
    scopes = models.JSONField("权限范围", default=list)
    issuer = models.CharField("CDS 签发者 iss", max_length=255, blank=True)
    jwks = models.JSONField("公钥集 JWKS", default=dict, blank=True)
    active = models.BooleanField("启用", default=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = "接入客户端"
        verbose_name_plural = "接入客户端"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer"], condition=~models.Q(issuer=""), name="client_issuer_once"
            )
        ]


@distributed(DistributionClass.LOCAL)
class UsedToken(models.Model):
    """A token that serves once and has served: remembered until it would be refused as expired."""

    pk = models.CompositePrimaryKey("issuer", "jti")
    issuer = models.CharField(max_length=255)
    jti = models.CharField(max_length=255)
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="used_token_by_expiry")]


@distributed(DistributionClass.LOCAL)
class SignInTries(models.Model):
    """How often an address, or a name from there, was tried since a window began; no name is kept."""

    digest = models.BinaryField(primary_key=True)
    tries = models.PositiveIntegerField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="sign_in_tries_by_end")]
