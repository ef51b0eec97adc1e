"""Count the first attempts there are in the home team of today: where people were on the day, nobody wrote down."""

from typing import Any

from django.db import migrations
from django.db.models import Exists, OuterRef, Subquery


def count(apps: Any, _schema_editor: Any) -> None:
    attempt, membership = apps.get_model("quizzes", "Attempt"), apps.get_model("accounts", "Membership")
    managing = membership.objects.filter(user=OuterRef("enrollment__user"), role="manager")
    first = attempt.objects.filter(~Exists(managing), number=1, enrollment__cycle=1, enrollment__user__is_staff=False)
    homes = membership.objects.filter(user__enrollments__attempts=OuterRef("pk"), is_home=True)
    attempt.objects.filter(pk__in=first.values("pk")).update(counted_in=Subquery(homes.values("team")[:1]))


class Migration(migrations.Migration):
    dependencies = [("quizzes", "0006_where_attempts_count"), ("accounts", "0005_index_further_places")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
