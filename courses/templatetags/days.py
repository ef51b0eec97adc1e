from datetime import date

from django import template
from django.conf import settings
from django.utils.formats import date_format

from courses.models.enrollment import site_day

register = template.Library()


@register.filter
def due_day(day: date | None) -> str:
    """A day in words with the site's time zone, in which it ends: “Friday, December 5 (Europe/Paris)”."""
    if day is None:
        return ""
    words = date_format(day, "l, F j" if day.year == site_day().year else "l, F j, Y")
    return f"{words} ({settings.TIME_ZONE})"
