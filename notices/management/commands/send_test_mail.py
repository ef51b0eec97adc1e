from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Send a test mail at once, past the outbox, and say what the mail server answered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        subject = _("Test mail from %(site)s") % {"site": settings.SITE_NAME}
        body = _("If you can read this, %(url)s can send mail.") % {"url": settings.BASE_URL}
        try:
            send_mail(subject, body, None, [address])
        except (OSError, ValueError) as error:  # smtplib's exceptions are OSErrors
            server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if settings.EMAIL_HOST else settings.EMAIL_BACKEND
            raise CommandError(f"Not sent. {server} says: {type(error).__name__}: {error}. See EMAIL_URL.") from error
        self.stdout.write(self.style.SUCCESS(f"Sent to {address} from {settings.DEFAULT_FROM_EMAIL}."))
