"""Options of regions; versions that one person drafts and another signs; what is signed stays as it is."""

from django.db import migrations, models

KEEP_SIGNED = """
CREATE FUNCTION sharing_keep_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed version of the rules is never changed; draft a new one'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION sharing_keep_signed_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM sharing_agreement WHERE id = OLD.agreement_id AND state = 'signed') THEN
        RAISE EXCEPTION 'a signed version of the rules is never changed; draft a new one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mark_rulebook AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sharing_regionoptions
    FOR EACH STATEMENT EXECUTE FUNCTION sharing_mark_rulebook();
""" + "".join(
    f"CREATE TRIGGER keep_signed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    " WHEN (OLD.state = 'signed') EXECUTE FUNCTION sharing_keep_signed();\n"
    for table in ("sharing_agreement", "sharing_regionoptions")
) + "".join(
    f"CREATE TRIGGER keep_signed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    " EXECUTE FUNCTION sharing_keep_signed_part();\n"
    for table in ("sharing_agreementmember", "sharing_agreementitem", "sharing_agreementwindow")
)


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0002_rulebook_marker'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='drafted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='起草时间'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='drafted_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='起草人'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='grade_rules',
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name='等级规则'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='preview',
            field=models.JSONField(blank=True, null=True, verbose_name='预演结果'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='public_only',
            field=models.BooleanField(db_default=False, default=False, verbose_name='仅限公立机构'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='shared_within',
            field=models.CharField(blank=True, choices=[('nation', '全国'), ('alliance', '跨区域联盟'), ('province', '省'), ('city', '市'), ('county', '县(区)'), ('consortium', '医共体')], db_default='', default='', max_length=16, verbose_name='须同属'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='signed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='签署时间'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='signed_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='签署人'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='source_url',
            field=models.CharField(blank=True, db_default='', default='', max_length=512, verbose_name='来源网址'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='state',
            field=models.CharField(choices=[('draft', '草稿'), ('submitted', '待签署'), ('signed', '已签署'), ('withdrawn', '已撤回')], db_default='signed', default='signed', max_length=16, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='submitted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='提交时间'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='撤回时间'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='withdrawn_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='撤回人'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='raised_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='提出人'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='withdraw_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=255, verbose_name='撤回原因'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='withdrawn_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='撤回人'),
        ),
        migrations.CreateModel(
            name='RegionOptions',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.IntegerField(verbose_name='版本')),
                ('effective_from', models.DateField(verbose_name='生效日期')),
                ('effective_until', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('source', models.TextField(verbose_name='来源')),
                ('source_url', models.CharField(blank=True, db_default='', default='', max_length=512, verbose_name='来源网址')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('submitted', '待签署'), ('signed', '已签署'), ('withdrawn', '已撤回')], db_default='signed', default='signed', max_length=16, verbose_name='状态')),
                ('drafted_by', models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='起草人')),
                ('drafted_at', models.DateTimeField(blank=True, null=True, verbose_name='起草时间')),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='提交时间')),
                ('signed_by', models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='签署人')),
                ('signed_at', models.DateTimeField(blank=True, null=True, verbose_name='签署时间')),
                ('withdrawn_by', models.CharField(blank=True, db_default='', default='', max_length=128, verbose_name='撤回人')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='撤回时间')),
                ('preview', models.JSONField(blank=True, null=True, verbose_name='预演结果')),
                ('scope_kind', models.CharField(choices=[('nation', '全国'), ('alliance', '跨区域联盟'), ('province', '省'), ('city', '市'), ('county', '县(区)'), ('consortium', '医共体')], max_length=16, verbose_name='范围级别')),
                ('scope_code', models.CharField(max_length=32, verbose_name='范围代码')),
                ('settings', models.JSONField(default=dict, verbose_name='选项')),
            ],
            options={
                'verbose_name': '地区选项',
                'verbose_name_plural': '地区选项',
                'constraints': [models.UniqueConstraint(fields=('scope_kind', 'scope_code', 'version'), name='region_options_version_once')],
            },
        ),
        migrations.RunSQL(KEEP_SIGNED, migrations.RunSQL.noop),
    ]
