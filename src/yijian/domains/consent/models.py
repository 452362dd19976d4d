"""Consents, objections, broken glass and codes, with the patient they are of; nothing is ever deleted."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.PERSON, "person_id")
class Consent(models.Model):
    """A notice given to, or a consent given by or for, a patient. Empty receivers and purpose: all."""

    pk = models.CompositePrimaryKey("person_id", "consent_id")
    person_id = models.UUIDField()
    consent_id = models.UUIDField()
    way = models.CharField(max_length=16)
    scope = models.CharField(max_length=16)
    institution_code = models.CharField(max_length=32, blank=True)
    consortium_code = models.CharField(max_length=32, blank=True)
    purpose = models.CharField(max_length=16, blank=True)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=128)
    recorded_institution = models.CharField(max_length=32)
    guardian_name = models.CharField(max_length=64, blank=True)
    guardian_relation = models.CharField(max_length=16, blank=True)
    guardian_document = models.BinaryField(null=True)
    """Keyed digest of the guardian's document number."""
    document_key = models.CharField(max_length=80, blank=True)
    document_type = models.CharField(max_length=32, blank=True)
    evidence = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=128, blank=True)


@distributed(DistributionClass.PERSON, "person_id")
class Objection(models.Model):
    """The patient's no, for everybody at once, until lifted; on paper where an institution recorded it.

    `guardian_name` and `guardian_relation`: who said it for a patient who could not.
    """

    pk = models.CompositePrimaryKey("person_id", "objection_id")
    person_id = models.UUIDField()
    objection_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    sensitivities = models.JSONField(default=list)
    institution_code = models.CharField(max_length=32, blank=True)
    purpose = models.CharField(max_length=16, blank=True, default="", db_default="")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=128)
    recorded_institution = models.CharField(max_length=32, blank=True, default="", db_default="")
    reference = models.CharField(max_length=64, blank=True, default="", db_default="")
    """What finds the signed paper again."""
    guardian_name = models.CharField(max_length=64, blank=True, default="", db_default="")
    guardian_relation = models.CharField(max_length=16, blank=True, default="", db_default="")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=128, blank=True)


@distributed(DistributionClass.PERSON, "person_id")
class BreakGlass(models.Model):
    """One institution opened one patient's record in an emergency; somebody else reviews it."""

    pk = models.CompositePrimaryKey("person_id", "opening_id")
    person_id = models.UUIDField()
    opening_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    category = models.CharField(max_length=16)
    reason = models.TextField()
    opened_by = models.CharField(max_length=128)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    verdict = models.CharField(max_length=16, blank=True)
    measures = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["institution_code", "opened_at"],
                condition=models.Q(decided_at__isnull=True),
                name="break_glass_open",
            )
        ]


@distributed(DistributionClass.PERSON, "person_id")
class ConsentCode(models.Model):
    """A code made by the patient: a digest, one use, a short life, few wrong tries."""

    pk = models.CompositePrimaryKey("person_id", "code_id")
    person_id = models.UUIDField()
    code_id = models.UUIDField()
    digest = models.BinaryField()
    scope = models.CharField(max_length=16)
    institution_code = models.CharField(max_length=32, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    failures = models.SmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=128, blank=True)
    used_institution = models.CharField(max_length=32, blank=True)


@distributed(DistributionClass.IDENTIFIER, "user_id")
class PatientAccount(models.Model):
    """Who signs in as which patient."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    person_id = models.UUIDField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="patient_account_by_person")]
