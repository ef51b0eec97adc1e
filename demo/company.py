"""Who works in the demo company, and how far each has come. Days are counted back from today."""

from __future__ import annotations

from dataclasses import dataclass

ALL = 1.0  # every lesson that is ready, quizzes and final passed
NOTHING = 0.0


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. `joined` and `last` are days ago; who joined today was not asked to learn anything yet.

    `done` is a share of the lessons of the path, in its order. `tries` is how often each quiz was closed before it was
    passed.
    """

    name: str
    joined: int
    done: float = NOTHING
    last: int = 1
    tries: int = 1
    manages: bool = False
    email: str = ""
    mail: bool = True
    role: str = ""

    @property
    def address(self) -> str | None:
        """The e-mail address; None for people who have only a staff number."""
        return (self.email or f"{slug(self.name)}@example.com") if self.mail else None


@dataclass(frozen=True)
class Place:
    """A team of the demo: its people, and what they are asked to take. Without a path they are asked nothing."""

    name: str
    parent: str
    people: list[Person]
    path: str = ""
    due_days: int | None = None
    due_in: int | None = None


def slug(name: str) -> str:
    """“Inès Belkacem” → “ines.belkacem”."""
    return name.lower().translate(PLAIN).replace(" ", ".").replace("'", "")


PLAIN = str.maketrans("àáâäãåçćčèéêëìíîïłñńòóôöõøùúûüýÿżźšž", "aaaaaaccceeeeiiiilnnoooooouuuuyyzzsz")

COMPANY = "Maison Alba"
SHOPS = "Shops"

PLACES = [
    Place(COMPANY, "", [Person("Solène Abgrall", 900, manages=True)]),
    Place(SHOPS, COMPANY, [Person("Beatriz Figueiredo", 700, manages=True)]),
    Place(
        "Shop Lyon",
        SHOPS,
        [
            Person("Ada Moreau", 31, 0.43, 1, email="ada@example.com"),
            Person("Mia Duval", 49, ALL, 12, manages=True, email="mia@example.com"),
            Person("Karim Haddad", 49, ALL, 20),
            Person("Noor van Dijk", 49, ALL, 9, tries=2),
            Person("Teodora Marinova", 41, 0.83, 6),
            Person("Jun Nakagawa", 41, ALL, 15),
            Person("Abena Owusu", 49, 0.69, 17),
            Person("Luc Perrin", 49, ALL, 22, mail=False),
            Person("Rosalie Guillot", 31, ALL, 3, tries=2),
            Person("Ibrahim Sylla", 41, ALL, 2),
            Person("Marta Kowalczyk", 31, 0.9, 8),
            Person("Giulia Ferrante", 49, 0.57, 11),
            Person("Baptiste Roche", 49, NOTHING, mail=False),
            Person("Anh Pham", 41, 0.29, 4),
            Person("Elif Yildirim", 1, NOTHING),
            Person("Samuel Adeyemi", 0, NOTHING, mail=False),
        ],
        path="shop-floor",
        due_days=45,
    ),
    Place(
        "Shop Marseille",
        SHOPS,
        [
            Person("Yasmine Cherif", 49, ALL, 18, manages=True),
            Person("Otto Lindqvist", 38, 0.29, 3, email="otto@example.com"),
            Person("Paolo Esposito", 49, 0.78, 25),
            Person("Camille Bonnard", 49, 0.71, 2),
            Person("Davit Gelashvili", 49, 0.14, 30),
            Person("Fatoumata Keita", 38, ALL, 5),
            Person("Hélène Castel", 38, ALL, 10, tries=3),
            Person("Nikhil Rao", 38, NOTHING),
            Person("Zeynep Arslan", 24, 0.43, 6),
            Person("Tomás Herrera", 24, NOTHING, mail=False),
            Person("Manon Leclair", 24, 0.64, 4),
            Person("Oumar Cissé", 1, 0.05, 0),
        ],
        path="shop-floor",
        due_days=45,
    ),
    Place(
        "Shop Lille",
        SHOPS,
        [
            Person("Willem Claes", 60, ALL, 30, manages=True),
            Person("Agnieszka Wrona", 28, 0.86, 1),
            Person("Mehdi Bouzid", 28, 0.52, 2),
            Person("Chloé Vasseur", 28, 0.57, 5),
            Person("Pedro Almeida", 28, 0.57, 3, mail=False),
            Person("Linh Dao", 28, 0.29, 7),
            Person("Ruben Tavares", 28, NOTHING),
            Person("Saoirse Byrne", 14, 0.43, 2),
            Person("Mateusz Zając", 14, 0.14, 9, mail=False),
            Person("Aïcha Diarra", 14, NOTHING),
            Person("Florian Weiss", 1, NOTHING),
        ],
        path="shop-floor",
        due_days=60,
    ),
    Place(
        "Shop Nantes",
        SHOPS,
        [
            Person("Gaëlle Tanguy", 55, ALL, 21, manages=True),
            Person("Emre Demir", 55, 0.43, 19),
            Person("Lucie Armand", 55, ALL, 14),
            Person("Kwame Boateng", 55, ALL, 7, tries=2),
            Person("Irina Petrova", 55, NOTHING),
            Person("Hugo Delmas", 55, 0.71, 16, mail=False),
            Person("Sana Qureshi", 40, 0.88, 9),
            Person("Eline Hubert", 40, 0.29, 12),
            Person("Jorge Villalba", 40, 0.14, 26, mail=False),
            Person("Naomi Okafor", 12, 0.57, 1),
            Person("Petr Novotny", 1, NOTHING),
        ],
        path="shop-floor",
        due_days=45,
    ),
    Place(
        "Phone team",
        COMPANY,
        [
            Person("Idris Mbaye", 45, ALL, 13, manages=True),
            Person("Charlotte Meunier", 33, 0.72, 5),
            Person("Rajesh Iyer", 33, 0.71, 1),
            Person("Maëlys Jourdan", 33, 0.57, 2),
            Person("Andrei Popescu", 33, 0.29, 8),
            Person("Keiko Tanabe", 33, ALL, 11, tries=2),
            Person("Zofia Lis", 20, 0.14, 6),
            Person("Omar El Fassi", 20, NOTHING),
            Person("Valentina Rossi", 20, 0.43, 3),
        ],
        path="phone",
        due_in=6,
    ),
    Place(
        "Head office",
        COMPANY,
        [
            Person("Hana Sato", 800, email="hana@example.com", role="HR"),
            Person("Ed Okoye", 640, email="ed@example.com", role="Editors"),
            Person("Olga Novak", 500, email="olga@example.com", role="Operators"),
        ],
    ),
]

# Of whom something else is asked by now: what their manager or HR did, and how many days ago.
EXCUSED = ("Baptiste Roche", "absence", "Back in March.", 9)
PAUSED = ("Anh Pham", "Helps with the opening of the shop in Nice.", 3)
MORE_TIME = ("Giulia Ferrante", "Mia Duval", "Inventory week.", 6)  # who, by whom

# Somebody with a place in a second team, beside their home: Saturdays on the phone.
ALSO = [("Jun Nakagawa", "Phone team")]

CAST = [
    ("ada@example.com", "learner in Shop Lyon; also by staff number 1001"),
    ("mia@example.com", "manager of Shop Lyon"),
    ("ed@example.com", "editor of the course"),
    ("hana@example.com", "HR: people, teams, everybody's report"),
    ("otto@example.com", "learner in Shop Marseille"),
    ("olga@example.com", "operator: runs the service"),
    ("beatriz.figueiredo@example.com", "manager of all four shops"),
]
