"""Four separate facts: reminder, view, decision, citation; and the tasks that follow a correction."""

from typing import ClassVar

from django.db import models

from yijian.foundation.distribution import DistributionClass, distributed


@distributed(DistributionClass.PERSON, "person_id")
class Match(models.Model):
    """One question at the moment of ordering that had an answer with a candidate."""

    pk = models.CompositePrimaryKey("person_id", "match_id")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    campus_code = models.CharField(max_length=32, blank=True)
    encounter_type = models.CharField(max_length=16)
    encounter_no = models.CharField(max_length=64, blank=True)
    department_code = models.CharField(max_length=32, blank=True)
    department_name = models.CharField(max_length=64, blank=True)
    practitioner_id = models.CharField(max_length=64, blank=True)
    practitioner_name = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    authorised_sensitive = models.BooleanField(default=False)
    policy_version = models.CharField(max_length=32)
    matched_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    told = models.TextField(null=True)  # noqa: DJ001 - matches of before have none
    """The reasons of its items as JSON, each once; an item names the places of its own."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution_code", "matched_at"], name="match_by_institution"),
        ]


@distributed(DistributionClass.IDENTIFIER, "match_id")
class MatchKey(models.Model):
    """A match id → its person and the institution that asked."""

    match_id = models.UUIDField(primary_key=True)
    person_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person_id"], name="match_key_by_person")]


@distributed(DistributionClass.PERSON, "person_id")
class MatchItem(models.Model):
    """One answered item, or one member of an answered panel, with what the answer relied on.

    `sequence` is the low bits of the match item id (`kit.ids.member_id`); members of a panel name their
    panel's sequence as `parent`. A *reminder* is an item answered recognise or may_recognise.
    """

    pk = models.CompositePrimaryKey("person_id", "match_id", "sequence")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    parent = models.SmallIntegerField(null=True)
    item_code = models.CharField(max_length=32)
    order_no = models.CharField(max_length=128, blank=True)
    outcome = models.CharField(max_length=24)
    reminder = models.BooleanField()
    reasons = models.JSONField(null=True)
    """Of rows written before the match told its reasons."""
    told = models.TextField(null=True)  # noqa: DJ001 - rows of before have none
    """The places of its reasons among those of the match, as JSON."""
    report_id = models.UUIDField(null=True)
    report_version = models.IntegerField(null=True)
    row_no = models.SmallIntegerField(null=True)
    source_institution_code = models.CharField(max_length=32, blank=True)
    mark = models.CharField(max_length=32, blank=True)
    effective_at = models.DateTimeField(null=True)
    estimated_saving = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    matched_at = models.DateTimeField()
    institution_code = models.CharField(max_length=32)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["institution_code", "matched_at"],
                condition=models.Q(reminder=True),
                name="match_item_reminders",
            ),
            models.Index(fields=["person_id", "report_id"], name="match_item_by_report"),
        ]


@distributed(DistributionClass.PERSON, "person_id")
class MatchView(models.Model):
    """A physician opened a reminder's evidence."""

    pk = models.CompositePrimaryKey("person_id", "match_id", "sequence", "viewer")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    viewer = models.CharField(max_length=128)
    institution_code = models.CharField(max_length=32)
    viewed_at = models.DateTimeField()


@distributed(DistributionClass.PERSON, "person_id")
class Decision(models.Model):
    """The receiving physician's word on one item, once. Freezes report version, rule version and price."""

    pk = models.CompositePrimaryKey("person_id", "match_id", "sequence")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    institution_code = models.CharField(max_length=32)
    source_institution_code = models.CharField(max_length=32)
    item_code = models.CharField(max_length=32)
    outcome = models.CharField(max_length=24)
    decision = models.CharField(max_length=8)
    reason_code = models.CharField(max_length=2, blank=True)
    technical_code = models.CharField(max_length=32, blank=True)
    regional_code = models.CharField(max_length=32, blank=True, default="", db_default="")
    reason_text = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    channel = models.CharField(max_length=16)
    actor = models.CharField(max_length=128, blank=True)
    report_id = models.UUIDField(null=True)
    report_version = models.IntegerField(null=True)
    policy_version = models.CharField(max_length=32)
    estimated_saving = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution_code", "decided_at"], name="decision_by_institution"),
            models.Index(fields=["person_id", "report_id"], name="decision_by_report"),
        ]


@distributed(DistributionClass.PERSON, "person_id")
class RevokedDecision(models.Model):
    """A decision that was taken back, and the citation made on its strength; the item may be decided anew.

    It stands here instead of among the decisions, so whatever counts or shows decisions follows by itself.
    """

    pk = models.CompositePrimaryKey("person_id", "match_id", "sequence", "decided_at")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    decided_at = models.DateTimeField()
    institution_code = models.CharField(max_length=32)
    decision = models.CharField(max_length=8)
    content = models.JSONField()
    """The rows as they were: `decision`, and `citation` or null."""
    revoked_at = models.DateTimeField()
    reason = models.CharField(max_length=255)
    recorded_at = models.DateTimeField()
    channel = models.CharField(max_length=16)
    actor = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution_code", "revoked_at"], name="revoked_by_institution"),
        ]


@distributed(DistributionClass.PERSON, "person_id")
class Citation(models.Model):
    """The accepted result was written into the medical record."""

    pk = models.CompositePrimaryKey("person_id", "match_id", "sequence")
    person_id = models.UUIDField()
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    institution_code = models.CharField(max_length=32)
    cited_at = models.DateTimeField()
    department = models.JSONField(default=dict)
    practitioner = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution_code", "cited_at"], name="citation_by_institution"),
        ]


@distributed(DistributionClass.PERSON, "person_id")
class FollowUp(models.Model):
    """A task for the accepting institution: the report it relied on was corrected or voided."""

    pk = models.CompositePrimaryKey("person_id", "follow_up_id")
    person_id = models.UUIDField()
    follow_up_id = models.UUIDField()
    institution_code = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    match_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    report_id = models.UUIDField()
    old_version = models.IntegerField(null=True)
    new_version = models.IntegerField(null=True)
    reason = models.CharField(max_length=255, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person_id", "match_id", "sequence", "kind", "new_version"],
                name="follow_up_once",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["institution_code", "opened_at"],
                condition=models.Q(closed_at__isnull=True),
                name="follow_up_open",
            )
        ]


@distributed(DistributionClass.REFERENCE)
class PreviewRun(models.Model):
    """A preview of a draft of the rules, made in the background: how far it is, and what it found.

    `digest` says of which wording of the draft; an edited draft needs a new run.
    """

    preview_id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16)
    number = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    since = models.DateTimeField()
    until = models.DateTimeField()
    begun_by = models.CharField(max_length=128)
    begun_at = models.DateTimeField()
    done = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)
    """None after the end: it failed."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "number", "begun_at"], name="preview_of_version"),
            models.Index(fields=["begun_at"], condition=models.Q(ended_at=None), name="preview_under_way"),
        ]
