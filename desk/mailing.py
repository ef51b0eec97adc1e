"""Who is written to now, and what: the news of all rooms, in one letter for each person whose turn it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts import mailing
from accounts.batches import batches_of
from accounts.mailing import Piece
from accounts.models import User
from courses import reminding
from desk import answers
from events import telling
from notices.models import WRITER, Heartbeat, News, Notice
from reports import digest

CHUNK = 2000  # people looked at together, so that memory does not grow with the company
LETTERS = 100  # written together


def write_due(at: datetime | None = None) -> int:
    """Write the letters that are due, in a batch, the most urgent first; return how many.

    For the timer. Safe to run twice and at the same time: nothing is told twice, and nobody has two letters waiting.
    """
    at = at or timezone.now()
    Heartbeat.beat(WRITER, at)
    left = mailing.quota(at)
    if not left:
        return 0
    due = Due.at(at)
    people, start, written = due.in_order(), 0, 0
    while written < left and start < len(people):
        some = people[start : start + min(LETTERS, left - written)]
        written += mailing.write(due.pieces_for(some), at)
        start += len(some)
    return written


@dataclass(frozen=True)
class Due:
    """Who is to be written to at a moment: by number only, for there may be a hundred thousand."""

    moment: datetime
    ranks: dict[int, int]  # how urgent the most urgent news is
    managers: set[int]  # to whom a digest is due
    unreachable: set[int]  # who has news and no mail

    @classmethod
    def at(cls, moment: datetime) -> Due:
        """Look at everybody, chunk by chunk: the same few queries for each, and those of the digest."""
        ranks: dict[int, int] = {}
        ready: set[int] = set()
        unreachable: set[int] = set()
        for chunk in batches_of(User.objects.active(), CHUNK):
            turns = mailing.next_turns(chunk, moment)
            ready |= {person for person, turn in turns.items() if turn == moment}
            found = pieces_of(moment, chunk)
            unreachable |= digest.unreachable(found, moment)
            for piece in mailing.untold(found, mailing.told(moment, chunk)):
                if piece.person in ready:
                    ranks[piece.person] = min(piece.rank, ranks.get(piece.person, piece.rank))
        managers = set(digest.managers_to_tell(moment, unreachable)) & ready
        return cls(moment, ranks, managers, unreachable)

    def in_order(self) -> list[int]:
        """People by what is most urgent for them; a digest alone comes last."""
        people = {*self.ranks, *self.managers}
        return sorted(people, key=lambda person: (self.ranks.get(person, digest.Digest.rank), person))

    def pieces_for(self, people: Collection[int]) -> dict[int, list[Piece]]:
        """All there is to tell these people, by number; those for whom nothing is left are not in it."""
        known = mailing.told(self.moment, people)
        found: dict[int, list[Piece]] = defaultdict(list)
        for piece in mailing.untold(pieces_of(self.moment, people), known):
            found[piece.person].append(piece)
        for pk, manager in User.objects.in_bulk(self.managers & set(people)).items():
            if one := digest.digest_of(manager, self.moment, self.unreachable):
                found[pk] += mailing.untold([one], known)
        return {pk: pieces for pk, pieces in found.items() if pieces}


def pieces_of(at: datetime, people: Collection[int]) -> list[Piece]:
    """All that these people are to be told, but for the digest; told already or not."""
    return [*reminding.pieces(at, people), *telling.pieces(at, people), *answers.pieces(at, people)]


def refresh(letter: Notice, at: datetime) -> bool:
    """Bring a letter up to date just before it goes; False if there is nothing to say any more, or nobody to say it to.

    Called by the sender, by way of `settings.LETTER_REFRESH`.
    """
    reader = User.objects.active().filter(pk=letter.recipient_id or 0, email__isnull=False).first()
    if reader is None:
        return False
    pieces = mailing.untold(pieces_of(at, [reader.pk]), mailing.told(at, [reader.pk], but_by=letter))
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
    return digest.unreachable(pieces_of(at, set(people)), at)
