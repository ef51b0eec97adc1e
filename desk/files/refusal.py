from __future__ import annotations


class NotReadable(Exception):
    """A file that is refused as a whole: what is wrong, where, and how to mend it; its text has all three."""

    def __init__(self, what: str, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        place = f"{where[:1].upper()}{where[1:]}: " if where else ""
        super().__init__(f"{place}{what} {mend}".strip())
