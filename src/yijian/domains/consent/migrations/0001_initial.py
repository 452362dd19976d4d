
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_patient_role'),
    ]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('pk', models.CompositePrimaryKey('person_id', 'consent_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('person_id', models.UUIDField()),
                ('consent_id', models.UUIDField()),
                ('way', models.CharField(max_length=16)),
                ('scope', models.CharField(max_length=16)),
                ('institution_code', models.CharField(blank=True, max_length=32)),
                ('consortium_code', models.CharField(blank=True, max_length=32)),
                ('purpose', models.CharField(blank=True, max_length=16)),
                ('given_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=128)),
                ('recorded_institution', models.CharField(max_length=32)),
                ('guardian_name', models.CharField(blank=True, max_length=64)),
                ('guardian_relation', models.CharField(blank=True, max_length=16)),
                ('guardian_document', models.BinaryField(null=True)),
                ('document_key', models.CharField(blank=True, max_length=80)),
                ('document_type', models.CharField(blank=True, max_length=32)),
                ('evidence', models.TextField(blank=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_by', models.CharField(blank=True, max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name='ConsentCode',
            fields=[
                ('pk', models.CompositePrimaryKey('person_id', 'code_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('person_id', models.UUIDField()),
                ('code_id', models.UUIDField()),
                ('digest', models.BinaryField()),
                ('scope', models.CharField(max_length=16)),
                ('institution_code', models.CharField(blank=True, max_length=32)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('failures', models.SmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('used_by', models.CharField(blank=True, max_length=128)),
                ('used_institution', models.CharField(blank=True, max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('pk', models.CompositePrimaryKey('person_id', 'objection_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('person_id', models.UUIDField()),
                ('objection_id', models.UUIDField()),
                ('kind', models.CharField(max_length=16)),
                ('sensitivities', models.JSONField(default=list)),
                ('institution_code', models.CharField(blank=True, max_length=32)),
                ('made_at', models.DateTimeField()),
                ('made_by', models.CharField(max_length=128)),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_by', models.CharField(blank=True, max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('pk', models.CompositePrimaryKey('person_id', 'opening_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('person_id', models.UUIDField()),
                ('opening_id', models.UUIDField()),
                ('institution_code', models.CharField(max_length=32)),
                ('category', models.CharField(max_length=16)),
                ('reason', models.TextField()),
                ('opened_by', models.CharField(max_length=128)),
                ('opened_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('verdict', models.CharField(blank=True, max_length=16)),
                ('measures', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, max_length=128)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('decided_at__isnull', True)), fields=['institution_code', 'opened_at'], name='break_glass_open')],
            },
        ),
        migrations.CreateModel(
            name='PatientAccount',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('person_id', models.UUIDField()),
            ],
            options={
                'indexes': [models.Index(fields=['person_id'], name='patient_account_by_person')],
            },
        ),
    ]
