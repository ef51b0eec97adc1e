"""What a file of people would do, row by row; and what is wrong with a row, by column. Nothing is written here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Field, Prefetch, Q
from django.utils.translation import gettext as _

from accounts.models import Membership, StagedFile, StagedRow, Team, User
from courses.models import Enrollment, Path
from desk.files.columns import KEYS, TITLES, language_named, role_named, truth
from desk.files.reading import folded
from desk.files.tree import NewTeam, Tree

Outcome, Role = StagedRow.Outcome, Membership.Role
PLAIN = ("external_id", "staff_number", "name", "language")  # cells that are a field of the person, as they are
MANAGER = re.compile(r"\s*\(([^()]*)\)\s*$")


class Place(NamedTuple):
    team: Team | NewTeam
    role: str


@dataclass
class Verdict:
    """What a row comes to. `person` is who it is about, with their new values; not saved yet if they are new."""

    row: StagedRow
    person: User
    is_new: bool = False
    changed: list[str] = field(default_factory=list)  # of PLAIN
    email: str | None = None  # another address
    home: Place | None = None  # a home team, or a role in it, that is not theirs yet
    moves: bool = False
    further: list[Place] | None = None  # all of them, if they are others than now
    path: Path | None = None  # to be enrolled on
    leaves: bool = False
    returns: bool = False
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if self.problems:
            return Outcome.REFUSED
        if self.is_new:
            return Outcome.UNCHANGED if self.leaves else Outcome.CREATED
        if self.moves:
            return Outcome.MOVED
        changes = (self.changed, self.email, self.home, self.further is not None, self.path, self.leaves, self.returns)
        return Outcome.CHANGED if any(changes) else Outcome.UNCHANGED

    def refuse(self, column: str, text: str) -> None:
        self.problems.append((column, text))

    def note(self, column: str, text: str) -> None:
        self.notes.append((column, text))

    def new_teams(self) -> list[str]:
        places = [*([self.home] if self.home else []), *(self.further or [])]
        return [str(place.team) for place in places if isinstance(place.team, NewTeam)]

    def write_on_row(self) -> None:
        self.row.outcome = self.outcome
        self.row.problems = [list(pair) for pair in self.problems or self.notes]
        self.row.person = self.person if self.person.pk else None


class Judge:
    """Judges rows of one file, some at a time; what is the same for all of them is asked once."""

    def __init__(self, file: StagedFile) -> None:
        self.file, self.by = file, file.by
        self.tree = Tree(make=bool(file.options.get("make_teams")))
        self.paths: dict[str, set[Path]] = {}
        if "path" in file.columns:
            for path in Path.objects.select_related("course"):
                self.know(path)

    def know(self, path: Path) -> None:
        course = path.course
        for name in (path.key, path.title, f"{course.key}/{path.key}", f"{course.title}: {path.title}"):
            self.paths.setdefault(folded(name), set()).add(path)

    def verdicts(self, rows: Sequence[StagedRow]) -> list[Verdict]:
        """A verdict for each row, by the people as they are in the database now; three queries."""
        people = Known(rows, with_courses=bool(self.paths))
        return [self.verdict(row, people) for row in rows]

    def verdict(self, row: StagedRow, people: Known) -> Verdict:
        person, problems = people.meant_by(row.cells)
        verdict = Verdict(row, person or User(), is_new=person is None, problems=problems)
        if not problems:
            Row(verdict, self).judge()
        return verdict


class Known:
    """The people that some rows may be about, by each of their keys."""

    def __init__(self, rows: Sequence[StagedRow], with_courses: bool) -> None:
        wanted = {key: [row.cells[key] for row in rows if row.cells.get(key)] for key in KEYS}
        places = Prefetch("memberships", Membership.objects.select_related("team"))
        courses = Prefetch("enrollments", Enrollment.objects.select_related("path").order_by("cycle"))
        condition = Q(*((f"{key}__in", values) for key, values in wanted.items()), _connector=Q.OR)
        found = User.objects.filter(condition).prefetch_related(places, *([courses] if with_courses else []))
        self.by: dict[str, dict[str, User]] = {key: {} for key in KEYS}
        for person in found:
            for key in KEYS:
                if value := getattr(person, key):
                    self.by[key][value] = person

    def meant_by(self, cells: dict[str, str]) -> tuple[User | None, list[tuple[str, str]]]:
        """The one person whom a row is about, or nobody; and how it contradicts itself."""
        given = [key for key in KEYS if cells.get(key)]
        found = [(key, self.by[key][cells[key]]) for key in given if cells[key] in self.by[key]]
        if not found:
            return None, []
        key, person = found[0]
        others = [(column, somebody_else(cells[column])) for column, other in found if other.pk != person.pk]
        # Found by a weaker key: then they must not have a stronger one that says they are somebody else.
        stronger = given[: given.index(key)]
        others += [(key, somebody_else(cells[key], one)) for one in stronger if getattr(person, one)]
        return person, others


def somebody_else(value: str, by: str = "") -> str:
    if by:
        return _("“%(value)s” belongs to a person with another %(column)s.") % {
            "value": value,
            "column": str(TITLES[by]).lower(),
        }
    return _("“%(value)s” belongs to another person than the one this row is about.") % {"value": value}


class Row:
    """The judging of one row, column by column. An empty cell changes nothing."""

    def __init__(self, verdict: Verdict, judge: Judge) -> None:
        self.verdict, self.judge_of = verdict, judge
        self.cells, self.person = verdict.row.cells, verdict.person
        self.places = [] if verdict.is_new else list(self.person.memberships.all())
        self.home = next((place for place in self.places if place.is_home), None)

    def judge(self) -> None:
        self.active()
        if self.verdict.is_new and self.verdict.leaves:
            return
        self.fields()
        self.email()
        self.home_team()
        self.further_teams()
        self.path()
        self.rights()

    def word(self, column: str) -> str:
        return str(self.cells.get(column, ""))

    def active(self) -> None:
        word, person = self.word("active"), self.person
        wanted = truth(word) if word else None
        if word and wanted is None:
            self.verdict.refuse("active", _("“%(word)s” is neither yes nor no.") % {"word": word})
        elif wanted is False and self.verdict.is_new:
            self.verdict.leaves = True
            self.verdict.note("active", _("Not here, and not active: there is nothing to do."))
        elif wanted is False and person.is_active:
            self.leave()
        elif wanted and not person.is_active:
            self.verdict.returns = True
            self.verdict.note("active", _("Comes back, with what they did before."))
        elif not word and not person.is_active:
            self.verdict.note("active", _("Has left and stays so: only “yes” in this column brings somebody back."))

    def leave(self) -> None:
        self.verdict.leaves = True
        self.verdict.note("active", _("Leaves."))
        if self.judge_of.by and self.person.pk == self.judge_of.by.pk:
            self.verdict.refuse("active", _("This is you. You cannot switch off your own account."))

    def fields(self) -> None:
        """The plain fields, by the rules of the model."""
        for name in PLAIN:
            value = self.word(name)
            if name == "language" and value:
                value = self.language(value)
            if value and value != (old := getattr(self.person, name)):
                setattr(self.person, name, value)
                self.verdict.changed.append(name)
                self.note_change(name, old, value)
        if self.verdict.is_new and not self.person.name:
            self.verdict.refuse("name", _("Somebody new needs a name."))
        if self.verdict.is_new and not (self.word("staff_number") or self.word("email")):
            self.verdict.refuse("email", _("Somebody new needs an e-mail address or a staff number to sign in with."))
        self.by_the_model(self.verdict.changed)

    def note_change(self, column: str, old: str | None, new: str) -> None:
        """So that HR sees when a number leads to somebody else than the file means."""
        if not self.verdict.is_new:
            both, first = _("From “%(old)s” to “%(new)s”."), _("Now “%(new)s”.")
            self.verdict.note(column, (both if old else first) % {"old": old, "new": new})

    def language(self, word: str) -> str:
        code = language_named(word)
        if code is None:
            self.verdict.refuse("language", _("The language “%(word)s” is not on offer here.") % {"word": word})
        return code or ""

    def by_the_model(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                model_field(name).clean(getattr(self.person, name), self.person)
            except ValidationError as error:
                self.verdict.refuse(name, " ".join(error.messages))

    def email(self) -> None:
        address = self.word("email")
        if not address or address == self.person.email:
            return
        if odd := next((letter for letter in address if not letter.isascii()), None):
            self.verdict.refuse("email", look_alike(address, odd))
            return
        try:
            model_field("email").clean(address, self.person)
        except ValidationError as error:
            self.verdict.refuse("email", " ".join(error.messages))
        if self.verdict.is_new:
            self.person.email = address
        else:
            self.verdict.email = address
            self.note_change("email", self.person.email, address)

    def team(self, column: str, text: str) -> Team | NewTeam | None:
        try:
            return self.judge_of.tree.find(text)
        except ValidationError as error:
            self.verdict.refuse(column, error.messages[0])
            return None

    def role(self, column: str, word: str) -> str | None:
        role = role_named(word)
        if word and role is None:
            self.verdict.refuse(column, _("The role “%(word)s” is neither member nor manager.") % {"word": word})
        return role

    def home_team(self) -> None:
        text, role = self.word("home_team"), self.role("role", self.word("role"))
        team = self.team("home_team", text) if text else self.home and self.home.team
        if not team:
            if role and not text:
                self.verdict.refuse("role", _("A role needs a home team, and this person has none."))
            return
        stays = self.home is not None and team == self.home.team
        if stays and self.home and role in (None, self.home.role):
            return
        self.verdict.moves = not stays and self.home is not None
        self.verdict.home = Place(team, role or Role.MEMBER)
        if self.verdict.moves and self.home:
            names = {"old": self.judge_of.tree.title(self.home.team), "new": self.judge_of.tree.title(team)}
            self.verdict.note("home_team", _("From %(old)s to %(new)s.") % names)

    def further_teams(self) -> None:
        if "further_teams" not in self.cells:
            return
        home = self.verdict.home.team if self.verdict.home else self.home and self.home.team
        wanted: dict[Team | NewTeam, str] = {}
        for team, role in self.further_places():
            if team == home:
                name = self.judge_of.tree.title(team)
                self.verdict.refuse("further_teams", _("“%(team)s” is the home team already.") % {"team": name})
            elif wanted.setdefault(team, role) != role:
                name = self.judge_of.tree.title(team)
                self.verdict.refuse("further_teams", _("“%(team)s” is there twice.") % {"team": name})
        now = {place.team: place.role for place in self.places if not place.is_home and place.team != home}
        if wanted != now:
            self.verdict.further = [Place(team, role) for team, role in wanted.items()]

    def further_places(self) -> Iterator[Place]:
        for text in re.split("[;|]", self.word("further_teams")):
            if not text.strip():
                continue
            said = MANAGER.search(text)
            role = role_named(said[1]) if said else Role.MEMBER
            name = (text[: said.start()] if said and role else text).strip()
            if team := self.team("further_teams", name):
                yield Place(team, role or Role.MEMBER)

    def path(self) -> None:
        word = self.word("path")
        if not word:
            return
        found = self.judge_of.paths.get(folded(word), set())
        if len(found) != 1:
            several = _("“%(word)s” is the name of several paths. Write the course before it: course/path.")
            none = _("There is no path “%(word)s”.")
            self.verdict.refuse("path", (several if found else none) % {"word": word})
            return
        (path,) = found
        courses = [] if self.verdict.is_new else list(self.person.enrollments.all())
        taken = [one for one in courses if one.course_id == path.course_id]
        if not taken:
            self.verdict.path = None if self.stays_away() else path
        elif taken[-1].path_id != path.pk:
            self.verdict.note("path", _("Stays on “%(path)s”.") % {"path": taken[-1].path.title})

    def stays_away(self) -> bool:
        """Whether this person will be no active one."""
        return self.verdict.leaves or not (self.person.is_active or self.verdict.returns)

    def rights(self) -> None:
        """Nobody changes more about a colleague by a file than on their page (desk/people.py)."""
        by, person = self.judge_of.by, self.person
        if self.verdict.is_new or by is None or by.is_superuser or self.verdict.outcome == Outcome.UNCHANGED:
            return
        if person.is_superuser:
            self.verdict.refuse("", _("This is an administrator. Only an administrator may change them."))
        elif person.is_staff and person.pk != by.pk and self.verdict.email:
            text = _("This is a colleague with staff rights. Only an administrator may change their address.")
            self.verdict.refuse("email", text)


def model_field(name: str) -> Field[Any, Any]:
    found = User._meta.get_field(name)
    assert isinstance(found, Field)  # noqa: S101 - and no relation
    return found


def look_alike(address: str, odd: str) -> str:
    """What to say of an address with a letter that could make it look like another (CVE-2019-19844)."""
    name = unicodedata.name(odd, f"U+{ord(odd):04X}").title()
    text = _("“%(letter)s” (%(name)s) is not a letter of e-mail addresses here. Type the address anew.") % {
        "letter": odd,
        "name": name,
    }
    plain = unicodedata.normalize("NFKC", address).casefold()
    return f"{text} {_('It looks like %(plain)s.') % {'plain': plain}}" if plain.isascii() else text
