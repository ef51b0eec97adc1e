from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quizzes", "0003_regrades"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="forgotten_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="answers forgotten"),
        ),
    ]
