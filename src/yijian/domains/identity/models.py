"""Persons, the numbers that lead to them, and what each institution calls them."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.PERSON, "person_id")
class Person(models.Model):
    """One human being, or a provisional stand-in while it is uncertain whose record this is."""

    person_id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=128, blank=True)
    sex = models.CharField(max_length=8)
    birth_date = models.DateField(null=True)
    phone_ciphertext = models.BinaryField(null=True)
    resident_id_ciphertext = models.BinaryField(null=True)
    provisional = models.BooleanField(default=False)
    moved_to = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["name", "birth_date"], name="person_by_name")]


@distributed(DistributionClass.IDENTIFIER, "digest")
class IdentifierKey(models.Model):
    """A number's keyed digest → person. Carries the demographics, so that one row answers a look-up."""

    digest = models.BinaryField(primary_key=True)
    kind = models.CharField(max_length=16)
    issuer = models.CharField(max_length=128, blank=True)
    person_id = models.UUIDField()
    name = models.CharField(max_length=128, blank=True)
    sex = models.CharField(max_length=8)
    birth_date = models.DateField(null=True)
    disputed = models.BooleanField(default=False)
    provisional = models.BooleanField(default=False)
    ciphertext = models.BinaryField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="identifier_by_person")]


@distributed(DistributionClass.PERSON, "person_id")
class SourceRecord(models.Model):
    """What one institution says of a person, under its own number; `digest` is that number's key."""

    pk = models.CompositePrimaryKey("person_id", "source_record_id")
    person_id = models.UUIDField()
    source_record_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    digest = models.BinaryField()
    name = models.CharField(max_length=128, blank=True)
    sex = models.CharField(max_length=8)
    birth_date = models.DateField(null=True)
    message_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person_id", "digest"], name="source_record_once"),
        ]


class ReviewState(models.TextChoices):
    OPEN = "open", "待核对"
    SAME = "same", "同一人"
    DIFFERENT = "different", "不同人"


@distributed(DistributionClass.LOCAL)
class IdentityReview(models.Model):
    """A disagreement a person has to settle: does the stand-in `provisional_id` belong to `holder_id`?"""

    review_id = models.UUIDField(primary_key=True)
    institution_code = models.CharField(max_length=32)
    digest = models.BinaryField()
    holder_id = models.UUIDField()
    provisional_id = models.UUIDField()
    disagreement = models.JSONField(default=list)
    described = models.BinaryField()
    """The sender's description, encrypted JSON."""
    message_id = models.UUIDField(null=True)
    state = models.CharField(max_length=16, choices=ReviewState, default=ReviewState.OPEN)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["institution_code", "opened_at"],
                condition=models.Q(state="open"),
                name="identity_review_open",
            ),
            models.Index(fields=["digest"], name="identity_review_by_digest"),
        ]
