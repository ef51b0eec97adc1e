"""What is wrong in a course folder, and where: what every step of this room collects and the commands print."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend. A warning does not keep the course from being loaded."""

    file: str
    line: int
    text: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        mark = "" if self.level == "error" else "warning: "
        return f"{self.place}: {mark}{self.text}"

    @property
    def place(self) -> str:
        """File and line; of what is wrong with the whole file, line 0, the file alone."""
        return f"{self.file}:{self.line}" if self.line else self.file


class CourseError(Exception):
    """The course cannot be loaded or written; `findings` says why, one by one. Nothing was changed."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "error"]


def warnings(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "warning"]
