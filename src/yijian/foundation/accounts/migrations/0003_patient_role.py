
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_used_token'),
    ]

    operations = [
        migrations.AlterField(
            model_name='user',
            name='role',
            field=models.CharField(choices=[('clinician', '临床医师'), ('technician', '检验检查技师'), ('integrator', '接口工程师'), ('supervisor', '卫健监管'), ('administrator', '平台管理员'), ('patient', '患者')], default='clinician', max_length=16, verbose_name='角色'),
        ),
    ]
