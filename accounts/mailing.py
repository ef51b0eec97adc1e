"""How news reaches a person: all there is to tell in one letter, when they may be written to.

The rooms above find out what there is to tell; a piece of news is anything with the shape of `Piece`. Its words are
found last, in the language of the reader. That it was told is a row (notices.News), and there is never a second one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import link
from accounts.models import User
from notices import hours, outbox
from notices.models import UNSENT, News, Notice

logger = logging.getLogger("workshop.accounts")

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


def key_of_row(row: News) -> Told:
    return row.recipient_id, row.kind, row.about, row.edition


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


def row_of(piece: Piece, at: datetime, letter: Notice | None = None) -> News:
    who_what = {"recipient_id": piece.person, "kind": piece.kind, "about": piece.about, "edition": piece.edition}
    return News(**who_what, at=at, letter=letter)


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
    letter on its way; one query. Every mail counts but secret links: after one about a live session news waits, too,
    and before one that is written already.
    """
    last = Max("notices__sent_at", filter=~Q(notices__kind=Notice.Kind.SECRET))
    unsent = Q(notices__kind=Notice.Kind.PLAIN, **{f"notices__{name}": value for name, value in UNSENT.items()})
    coming = Max("notices__not_before", filter=unsent)
    on_their_way = Notice.objects.letters().unsent().values("recipient")
    found = User.objects.active().filter(pk__in=people, email__isnull=False).exclude(pk__in=on_their_way)
    rows = found.order_by().annotate(last=last, coming=coming).values_list("pk", "time_zone", "last", "coming")
    return {pk: hours.next_turn(at, zone, max(soon, at) if soon else sent) for pk, zone, sent, soon in rows}


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


def write(told_to: Mapping[int, Sequence[Piece]], at: datetime) -> int:
    """Write to each of these people, by number, one letter with all of these pieces; return how many were written.

    A few statements for any number. Whose turn it is not, and who meanwhile was told one of the pieces, is left out:
    the next time finds what is left to tell them. The people are locked, so that of two writers at once one writes.
    """
    drafts = drafts_of(told_to)
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).filter(pk__in=drafts).order_by("pk")
        people = list(locked.values_list("pk", flat=True))
        turns, known, numbers = next_turns(people, at), told(at, people), letters_so_far(people)
        ready = [one for one in drafts.values() if turns.get(one.reader.pk) == at and one.is_news(known)]
        made = Notice.objects.bulk_create(one.letter(numbers.get(one.reader.pk, 0) + 1, at) for one in ready)
        note([(letter, draft.pieces) for letter, draft in zip(made, ready, strict=True)], at)
    return len(made)


@dataclass(frozen=True)
class Draft:
    """A letter in words that is not written down yet."""

    reader: User
    pieces: Sequence[Piece]
    text: Text

    def is_news(self, known: set[Told]) -> bool:
        return not any(key_of(piece) in known for piece in self.pieces)

    def letter(self, number: int, at: datetime) -> Notice:
        return Notice(
            key=f"letter:{self.reader.pk}:{number}",
            kind=Notice.Kind.LETTER,
            recipient=self.reader,
            address=self.reader.email or "",
            subject=outbox.one_line(self.text.subject),
            body=self.text.body,
            html=self.text.html,
            unsubscribe_url=unsubscribe_link(self.reader),
            created_at=at,
            not_before=at,
        )


def drafts_of(told_to: Mapping[int, Sequence[Piece]]) -> dict[int, Draft]:
    """The letters in words, before anything is locked. One that cannot be put into words keeps no other."""
    found: dict[int, Draft] = {}
    for pk, reader in User.objects.in_bulk(told_to).items():
        try:
            found[pk] = Draft(reader, told_to[pk], text_of(reader, told_to[pk]))
        except DatabaseError:
            raise
        except Exception:
            logger.exception("letter_not_written", extra={"event": {"event": "letter_not_written", "person": pk}})
    return found


def letters_so_far(people: Collection[int]) -> dict[int, int]:
    """How many letters each of these people was ever written; those with none are left out."""
    written = Notice.objects.letters().filter(recipient__in=people).order_by().values_list("recipient")
    return dict(written.annotate(Count("pk")))


def note(letters: Collection[tuple[Notice, Sequence[Piece]]], at: datetime) -> None:
    """Write down what these letters tell: new rows, and those in which somebody had asked for it to be told."""
    told_by = {key_of(piece): letter for letter, pieces in letters for piece in pieces}
    rows = [row_of(piece, at, letter) for letter, pieces in letters for piece in pieces]
    News.objects.bulk_create(rows, ignore_conflicts=True)
    asked_for = News.objects.filter(recipient__in={row.recipient_id for row in rows}, letter=None, seen_at=None)
    waiting = [row for row in asked_for if key_of_row(row) in told_by]
    for row in waiting:
        row.letter = told_by[key_of_row(row)]
    News.objects.bulk_update(waiting, ["letter"])


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
    note([(letter, pieces)], at)


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
