"""The mails of this room, each in the language of the person it goes to. Addresses in them come from `BASE_URL`."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.formats import date_format
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from notices import outbox

if TYPE_CHECKING:
    from accounts.models import User
    from notices.models import Notice


def reset_link(person: User, at: datetime | None = None) -> None:
    """Write the mail with the link to set a new password; asking twice within a minute sends it once."""
    at = at or timezone.now()
    parts = [urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)]
    lifetime = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    with translation.override(person.language):
        body = _(
            "Hello %(name)s,\n\n"
            "somebody, most likely you, asked for a new password for %(site)s. Set it here:\n\n"
            "%(link)s\n\n"
            "The link works once, and for one hour. If it was not you, do nothing: your password stays as it is.\n"
        ) % {"name": person.name, "site": settings.SITE_NAME, "link": link("accounts:reset_confirm", *parts)}
        outbox.write(
            f"reset:{person.pk}:{at:%Y%m%d%H%M}",
            kind="secret",
            recipient=person,
            address=person.email or "",
            subject=_("Set a new password for %(site)s") % {"site": settings.SITE_NAME},
            body=body,
            expires_at=at + lifetime,
        )


def invitation(person: User, code: str, until: datetime, key: str) -> Notice:
    """The mail with the link by which somebody comes in for the first time; for `outbox.write_all`."""
    with translation.override(person.language), timezone.override(person.time_zone):
        names = {
            "name": person.name,
            "site": settings.SITE_NAME,
            "link": link("accounts:invitation", code),
            "until": date_format(timezone.localtime(until), "DATETIME_FORMAT"),
            "zone": person.time_zone,
            "reset": link("accounts:reset"),
        }
        body = _(
            "Hello %(name)s,\n\n"
            "you are invited to %(site)s. Open this link and choose a password:\n\n"
            "%(link)s\n\n"
            "It works once, until %(until)s (%(zone)s). After that, sign in with this e-mail address and your "
            "password.\n\n"
            "Is the link too old? Have a new one sent to you here: %(reset)s\n"
        )
        subject = _("Your invitation to %(site)s") % names
        return outbox.compose(
            key,
            kind="secret",
            recipient=person,
            address=person.email or "",
            subject=subject,
            body=body % names,
            expires_at=until,
        )


def address_changed(person: User, old: str) -> None:
    """Tell the old address that it no longer signs in."""
    with translation.override(person.language):
        body = _(
            "Hello %(name)s,\n\n"
            "your account at %(site)s no longer uses this e-mail address. You have been signed out everywhere; sign in "
            "with your new address or your staff number.\n\n"
            "If this surprises you, please ask HR or your manager.\n"
        ) % {"name": person.name, "site": settings.SITE_NAME}
        outbox.write(
            f"address-changed:{person.pk}:{uuid.uuid4().hex}",
            kind="plain",
            recipient=person,
            address=old,
            subject=_("Your address at %(site)s was changed") % {"site": settings.SITE_NAME},
            body=body,
        )


def data_taken(person: User, at: datetime | None = None) -> None:
    """Tell somebody that HR took a copy of all that is kept about them; within a minute once."""
    at = at or timezone.now()
    if not person.email:
        return
    with translation.override(person.language):
        body = _(
            "Hello %(name)s,\n\n"
            "HR downloaded a copy of the data that %(site)s keeps about you. You can do the same at any time, in your "
            "profile:\n\n%(link)s\n\n"
            "If you do not know what it was for, please ask HR.\n"
        ) % {"name": person.name, "site": settings.SITE_NAME, "link": link("accounts:profile")}
        outbox.write(
            f"data-taken:{person.pk}:{at:%Y%m%d%H%M}",
            kind="plain",
            recipient=person,
            address=person.email,
            subject=_("HR took a copy of your data at %(site)s") % {"site": settings.SITE_NAME},
            body=body,
        )


def link(name: str, *args: str) -> str:
    """The full address of a page, from the configured address and never from the request's Host header."""
    return settings.BASE_URL + reverse(name, args=args)
