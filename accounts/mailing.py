"""How news reaches a person: all there is to tell in one letter, when they may be written to.

The rooms above find out what there is to tell; a piece of news is anything with the shape of `Piece`. Its words are
found last, in the language of the reader. That it was told is a row (notices.News), and there is never a second one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import link
from accounts.models import User
from notices import hours, outbox
from notices.models import News, Notice

REMEMBERED = timedelta(days=60)  # longer than any piece of news stays news
Told = tuple[int, str, int, str]

signer = Signer(salt="accounts.mailing.unsubscribe")


@dataclass(frozen=True)
class Words:
    """A piece of news in words. `url` is a path of this site, `action` what one does there."""

    title: str
    text: str
    action: str
    url: str
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def full_url(self) -> str:
        return settings.BASE_URL + self.url


class Piece(Protocol):
    """Something to tell somebody. Of several with the same topic only the first is put into words, all are told.

    `rank`: what is told first. `by` is the person who asked for it, if one did.
    """

    @property
    def person(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def about(self) -> int: ...
    @property
    def edition(self) -> str: ...
    @property
    def topic(self) -> tuple[str, int]: ...
    @property
    def rank(self) -> int: ...
    def words(self) -> Words: ...


def key_of(piece: Piece) -> Told:
    return piece.person, piece.kind, piece.about, piece.edition


# --- What was told ---------------------------------------------------------------------------------------------------


def told(at: datetime, people: Collection[int] | None = None, but_by: Notice | None = None) -> set[Told]:
    """What people were told of late, by a letter that was written or on the screen; one query.

    `but_by`: what one letter tells is left out.
    """
    rows = News.objects.told().filter(at__gt=at - REMEMBERED)
    if people is not None:
        rows = rows.filter(recipient__in=people)
    if but_by is not None:
        rows = rows.exclude(letter=but_by, seen_at=None)
    return set(rows.values_list("recipient", "kind", "about", "edition"))


def mark_seen(person: User, pieces: Collection[Piece], at: datetime | None = None) -> None:
    """Note that a person read these on the screen; twice is once."""
    at = at or timezone.now()
    rows = [row_of(piece, at) for piece in pieces]
    News.objects.bulk_create(rows, ignore_conflicts=True)
    mine(person, pieces).filter(letter=None, seen_at=None).update(seen_at=at)


def mine(person: User, pieces: Iterable[Piece]) -> QuerySet[News]:
    """The rows of these pieces."""
    which = Q(pk__in=[])
    for piece in pieces:
        which |= Q(kind=piece.kind, about=piece.about, edition=piece.edition)
    return News.objects.filter(which, recipient=person)


def row_of(piece: Piece, at: datetime) -> News:
    return News(recipient_id=piece.person, kind=piece.kind, about=piece.about, edition=piece.edition, at=at)


def arrived(at: datetime, people: Collection[int]) -> set[Told]:
    """What people were told of late, by a letter that was sent or on the screen: without those that came back."""
    rows = News.objects.filter(Q(seen_at__isnull=False) | Q(letter__sent_at__isnull=False), recipient__in=people)
    found = rows.filter(at__gt=at - REMEMBERED)
    return set(found.values_list("recipient", "kind", "about", "edition"))


def untold(pieces: Iterable[Piece], known: set[Told]) -> list[Piece]:
    return [piece for piece in pieces if key_of(piece) not in known]


# --- When somebody may be written to ---------------------------------------------------------------------------------


def next_turns(people: Collection[int], at: datetime) -> dict[int, datetime]:
    """When each of these people may next be given a letter, by number: those that are active, have an address and no
    letter on its way; one query.
    """
    last = Max("notices__sent_at", filter=Q(notices__kind=Notice.Kind.LETTER))
    on_their_way = Notice.objects.letters().unsent().values("recipient")
    found = User.objects.active().filter(pk__in=people, email__isnull=False).exclude(pk__in=on_their_way)
    rows = found.order_by().annotate(last_letter=last).values_list("pk", "time_zone", "last_letter")
    return {pk: hours.next_turn(at, zone, sent) for pk, zone, sent in rows}


def batch_size() -> int:
    """How many letters may be written in ten minutes: in batches, so that a mistake can be stopped."""
    return max(1, settings.LETTERS_AN_HOUR // 6)


def quota(at: datetime) -> int:
    """How many letters may still be written in these ten minutes."""
    lately = Notice.objects.letters().filter(created_at__gt=at - timedelta(minutes=10), created_at__lte=at).count()
    return max(0, batch_size() - lately)


# --- The letter ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    subject: str
    body: str
    html: str


def write(person: int, pieces: Sequence[Piece], at: datetime) -> Notice | None:
    """Write one letter with all of this, or none if it is not this person's turn, or all was told meanwhile.

    The person is locked, so that of two writers at once one writes.
    """
    try:
        with transaction.atomic():
            reader = User.objects.select_for_update(no_key=True).get(pk=person)
            if next_turns([person], at).get(person) != at:
                return None
            fresh = untold(pieces, told(at, [person]))
            return _write(reader, fresh, at) if fresh else None
    except IntegrityError:  # there is one on its way by now
        return None


def _write(reader: User, pieces: Sequence[Piece], at: datetime) -> Notice:
    number = Notice.objects.letters().filter(recipient=reader).count() + 1
    key, text = f"letter:{reader.pk}:{number}", text_of(reader, pieces)
    letter = Notice.objects.create(
        key=key,
        kind=Notice.Kind.LETTER,
        recipient=reader,
        address=reader.email or "",
        subject=outbox.one_line(text.subject),
        body=text.body,
        html=text.html,
        unsubscribe_url=unsubscribe_link(reader),
        created_at=at,
        not_before=at,
    )
    note(letter, reader, pieces, at)
    return letter


def note(letter: Notice, reader: User, pieces: Sequence[Piece], at: datetime) -> None:
    """Write down that this letter tells these pieces."""
    News.objects.bulk_create([row_of(piece, at) for piece in pieces], ignore_conflicts=True)
    mine(reader, pieces).filter(letter=None, seen_at=None).update(letter=letter)


@transaction.atomic
def rewrite(letter: Notice, reader: User, pieces: Sequence[Piece], at: datetime) -> None:
    """Bring a letter that was not sent up to date."""
    text = text_of(reader, pieces)
    subject, address = outbox.one_line(text.subject), reader.email or ""
    rows = {(row.kind, row.about, row.edition) for row in letter.news.all()}
    same = rows == {(piece.kind, piece.about, piece.edition) for piece in pieces}
    if same and (letter.subject, letter.body, letter.address) == (subject, text.body, address):
        return
    letter.subject, letter.body, letter.html, letter.address = subject, text.body, text.html, address
    letter.save(update_fields=["subject", "body", "html", "address"])
    gone = letter.news.exclude(pk__in=mine(reader, pieces).values("pk"))
    gone.filter(by=None).delete()
    gone.update(letter=None)
    note(letter, reader, pieces, at)


def words_of(pieces: Iterable[Piece]) -> list[Words]:
    """The most urgent first, each topic once."""
    spoken: dict[tuple[str, int], Piece] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.rank, piece.about)):
        spoken.setdefault(piece.topic, piece)
    return [piece.words() for piece in spoken.values()]


def text_of(reader: User, pieces: Sequence[Piece]) -> Text:
    """The letter in the reader's language."""
    with translation.override(reader.language):
        words = words_of(pieces)
        more = len(words) - 1
        subject = words[0].title
        if more:
            subject = ngettext("%(first)s, and %(n)d more", "%(first)s, and %(n)d more", more) % {
                "first": subject,
                "n": more,
            }
        context = {
            "reader": reader,
            "words": words,
            "subject": subject,
            "site": settings.SITE_NAME,
            "home": settings.BASE_URL,
            "profile": link("accounts:profile"),
            "unsubscribe": unsubscribe_link(reader),
        }
        return Text(subject, plain(context, words), render_to_string("accounts/letter.html", context))


def plain(context: dict[str, object], words: Sequence[Words]) -> str:
    """The letter without markup: the same words in the same order."""
    parts = [_("Hello %(name)s,") % {"name": getattr(context["reader"], "name", "")}]
    for one in words:
        if len(words) > 1:
            parts.append(f"{one.title}\n{'-' * min(len(one.title), 72)}")
        parts.append(one.text)
        parts += ["\n".join([f"{heading}:", *[f"- {line}" for line in lines]]) for heading, lines in one.lists]
        parts.append(f"{one.action}:\n{one.full_url}")
    foot = _("%(site)s wrote this by itself. Choose what it writes to you: %(profile)s\nFewer mails, at once: %(stop)s")
    parts.append(
        "-- \n" + foot % {"site": context["site"], "profile": context["profile"], "stop": context["unsubscribe"]}
    )
    return "\n\n".join(parts) + "\n"


# --- Fewer mails -----------------------------------------------------------------------------------------------------


def unsubscribe_link(person: User) -> str:
    """An address that does one thing, for one person, and needs no sign-in."""
    return link("accounts:unsubscribe", signer.sign(str(person.pk)))


def unsubscriber(token: str) -> int | None:
    """The number of the person whose mails this token may reduce; None if we did not write it."""
    try:
        return int(signer.unsign(token))
    except (BadSignature, ValueError):
        return None


def unsubscribe(person: int) -> None:
    """Switch off all that can be switched off. Nothing happens, and nobody learns it, if there is no such person."""
    User.objects.filter(pk=person).update(mail_reminders=False, mail_news=False, mail_digest=False)
