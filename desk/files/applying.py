"""Doing what a file of people says, some rows at a time: judged again by what is in the database now, then written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, StagedRow, Team, User
from courses import asking
from desk.files.judging import PLAIN, Judge, Place, Verdict
from desk.files.staging import rewrite
from desk.files.tree import Tree

Outcome = StagedRow.Outcome
NOTED = ["outcome", "problems", "person", "applied_at"]


def apply(judge: Judge, rows: Sequence[StagedRow], at: datetime) -> None:
    """Bring in the people of these rows, in one transaction; what became wrong since the look at it is refused.

    If the database refuses one of them, since somebody wrote the same at the same moment, they are done one by one.
    """
    try:
        with transaction.atomic():
            write(judge, rows, at)
    except (IntegrityError, ValidationError):
        for row in rows:
            apply_one(Judge(judge.file), row, at)  # another tree of teams: those made for all of them are not there


def apply_one(judge: Judge, row: StagedRow, at: datetime) -> None:
    try:
        with transaction.atomic():
            write(judge, [row], at)
    except (IntegrityError, ValidationError) as error:
        text = _("Somebody else was given this number or address at the same moment.")
        row.outcome, row.applied_at, row.person = Outcome.REFUSED, None, None
        row.problems = [["", " ".join(error.messages) if isinstance(error, ValidationError) else text]]
        row.save(update_fields=NOTED)


def write(judge: Judge, rows: Sequence[StagedRow], at: datetime) -> None:
    verdicts = judge.verdicts(rows)
    good = [verdict for verdict in verdicts if verdict.outcome not in (Outcome.REFUSED, Outcome.UNCHANGED)]
    create([verdict for verdict in good if verdict.is_new], judge.tree)
    change([verdict for verdict in good if not verdict.is_new], judge.tree)
    asking.enroll([(verdict.person, verdict.path) for verdict in good if verdict.path], at)
    for verdict in verdicts:
        verdict.write_on_row()
        verdict.row.applied_at = None if verdict.outcome == Outcome.REFUSED else at
    rewrite(rows, NOTED)


def create(verdicts: Sequence[Verdict], tree: Tree) -> None:
    """New people: no password opens the door until one is set."""
    for verdict in verdicts:
        verdict.person.clean()
        verdict.person.set_unusable_password()
    User.objects.bulk_create([verdict.person for verdict in verdicts])
    places = []
    for verdict in verdicts:
        home, further = verdict.home, verdict.further or []
        if home:
            team = tree.made(home.team)
            places.append(Membership(user=verdict.person, team=team, role=home.role, is_home=True))
        places += [Membership(user=verdict.person, team=tree.made(place.team), role=place.role) for place in further]
    Membership.objects.bulk_create(places)


def change(verdicts: Sequence[Verdict], tree: Tree) -> None:
    plain = [verdict.person for verdict in verdicts if verdict.changed]
    User.objects.bulk_update(plain, PLAIN, batch_size=200)
    for verdict in verdicts:
        person = verdict.person
        if verdict.email:
            person.change_email(verdict.email)
        if verdict.returns:
            person.come_back()
        if verdict.home:
            person.place_home(tree.made(verdict.home.team), verdict.home.role)
        if verdict.further is not None:
            person.place_further(roles_in(verdict.further, tree))
        if verdict.leaves:
            person.leave()


def roles_in(places: Sequence[Place], tree: Tree) -> dict[Team, str]:
    return {tree.made(place.team): place.role for place in places}
