"""What a certificate says, in the same words on its page, on paper and to whoever checks it; and nothing more."""

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.qr import qr_path
from courses.models import Certificate


def words_of(certificate: Certificate) -> dict[str, str]:
    """The same on every day: paper cannot change. Whether the last day is over is said beside it."""
    ends = certificate.expires_on
    return {
        "issuer": settings.SITE_NAME,
        "title": _("Certificate of completion"),
        "before": _("This is to say that"),
        "name": certificate.name,
        "between": _("has completed the course"),
        "course": certificate.course_title,
        "date": day(certificate.issued_on),
        "until": _("Valid until %(day)s") % {"day": day(ends)} if ends else "",
        "date_label": _("Date of completion"),
        "check_label": _("Check this certificate"),
        "code": certificate.grouped_code,
        "check_address": settings.BASE_URL.partition("://")[2] + reverse("learn:find_certificate"),
        "qr_alt": _("QR code that opens the page where this certificate is checked"),
    }


def day(on: date) -> str:
    return date_format(on, pgettext("the day on a certificate", "F j, Y"))


def check_link(certificate: Certificate) -> str:
    """The whole address of the check, for paper and for handing on."""
    return f"{settings.BASE_URL}{certificate.get_check_url()}"


def page_of(certificate: Certificate) -> dict[str, Any]:
    """What the person sees: the certificate with its QR code, and the address to hand on."""
    path, size = qr_path(check_link(certificate))
    return {
        "certificate": certificate,
        "words": words_of(certificate),
        "is_expired": certificate.is_expired(),
        "check_link": check_link(certificate),
        "qr": path,
        "qr_size": size,
    }
