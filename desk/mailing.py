"""Who is written to now, and what: the news of all rooms, in one letter for each person whose turn it is."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from accounts import mailing
from accounts.mailing import Piece
from accounts.models import User
from courses import reminding
from notices.models import WRITER, Heartbeat, News, Notice
from reports import digest

logger = logging.getLogger("workshop.desk")

CHUNK = 500


def write_due(at: datetime | None = None) -> int:
    """Write the letters that are due, in a batch, the most urgent first; return how many.

    For the timer. Safe to run twice and at the same time: nothing is told twice, and nobody has two letters waiting.
    """
    at = at or timezone.now()
    Heartbeat.beat(WRITER, at)
    left = mailing.quota(at)
    found = reminding.pieces(at)
    fresh = by_person(mailing.untold(found, mailing.told(at)))
    unreachable = digest.unreachable(found, at)
    managers = set(digest.managers_to_tell(at, unreachable))
    written = 0
    for person in whose_turn(in_order(fresh, managers), at):
        if written >= left:
            break
        try:
            pieces = [*fresh.get(person, ())]
            if person in managers and (one := digest.digest_of(User.objects.get(pk=person), at, unreachable)):
                pieces.append(one)
            written += bool(pieces) and mailing.write(person, pieces, at) is not None
        except DatabaseError:
            raise
        except Exception:  # a letter that cannot be written must not keep the others
            logger.exception("letter_not_written", extra={"event": {"event": "letter_not_written", "person": person}})
    return written


def by_person(pieces: Iterable[Piece]) -> dict[int, list[Piece]]:
    found: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.person].append(piece)
    return found


def in_order(fresh: dict[int, list[Piece]], managers: Collection[int]) -> list[int]:
    """People by what is most urgent for them; a digest alone comes last."""
    ranks = {person: min(piece.rank for piece in pieces) for person, pieces in fresh.items()}
    return sorted({*fresh, *managers}, key=lambda person: (ranks.get(person, digest.Digest.rank), person))


def whose_turn(people: list[int], at: datetime) -> Iterator[int]:
    """Those of these people who may be written to at this moment, in the same order."""
    for chunk in (people[start : start + CHUNK] for start in range(0, len(people), CHUNK)):
        turns = mailing.next_turns(chunk, at)
        yield from (person for person in chunk if turns.get(person) == at)


def refresh(letter: Notice, at: datetime) -> bool:
    """Bring a letter up to date just before it goes; False if there is nothing to say any more, or nobody to say it to.

    Called by the sender, by way of `settings.LETTER_REFRESH`.
    """
    reader = User.objects.active().filter(pk=letter.recipient_id or 0, email__isnull=False).first()
    if reader is None:
        return False
    pieces = mailing.untold(reminding.pieces(at, [reader.pk]), mailing.told(at, [reader.pk], but_by=letter))
    is_digest = reader.mail_digest and letter.news.filter(kind=News.Kind.DIGEST).exists()
    if is_digest and (one := digest.digest_of(reader, at, to_tell(reader, at))):
        pieces.append(one)
    if not pieces:
        return False
    mailing.rewrite(letter, reader, pieces, at)
    return True


def to_tell(manager: User, at: datetime) -> set[int]:
    """The people of a manager who have news and no mail."""
    people = User.objects.managed_by(manager).active().unreachable().values_list("pk", flat=True)
    return digest.unreachable(reminding.pieces(at, set(people)), at)
