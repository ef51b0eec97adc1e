"""Claims have a reference, and the figures that everybody repeats and nobody measured are not repeated here."""

import re
from collections.abc import Iterator

from coursefiles.findings import Finding
from coursefiles.quality import prose
from coursefiles.quality.asked import asked_in
from coursefiles.read import CourseFiles, LessonFile

CLAIM = re.compile(
    r"\b(?:stud(?:y|ies) (?:\w+ ){0,4}(?:show|found|find|suggest|of|say|asked)\w*|research(?:ers)?\b|scientists?"
    r"|experts? (?:say|agree|find)|statistics|according to (?:a|one|several) (?:study|survey|studies)"
    r"|surveys? (?:show|found|find|say))",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"\d\s*%|\bpercent of\b|\b(?:one|two|three|nine) (?:out of|in) (?:three|four|five|ten)\b", re.IGNORECASE
)
FABLES = re.compile(
    r"\b95 ?(?:to|-|–|or) ?98\b|\b7[ ,/–-]+38[ ,/–-]+(?:and )?55\b|\b(?:55|93) ?(?:%|percent) of (?:all )?communication"
    r"|\btells? (?:at least |about |up to )?(?:nine|ten|fifteen|twenty|9|10|15|20) (?:other )?(?:people|friends|others)"
    r"|\b(?:five|six|seven|5|6|7) times (?:more expensive|dearer|costlier|as expensive|as much|more)\b",
    re.IGNORECASE,
)


def found(files: CourseFiles) -> Iterator[Finding]:
    for lesson in files.lessons.values():
        yield from _fables(lesson)
        if not lesson.data.refs:
            yield from _unproved(lesson)


def _fables(lesson: LessonFile) -> Iterator[Finding]:
    places = [(line, text) for line, text in enumerate(lesson.body.split("\n"), lesson.body_line)]
    for one in asked_in(lesson):
        said = " ".join([one.situation, *(f"{option.text} {option.feedback}" for option in one.data.options)])
        places.append((lesson.document.line(*one.loc), said))
    for line, text in places:
        if match := FABLES.search(text):
            yield Finding(lesson.file, line, f"“{match[0]}” is a figure that nobody measured. Leave it out.")


def _unproved(lesson: LessonFile) -> Iterator[Finding]:
    for paragraph in prose.paragraphs(lesson.body) if lesson.data.kind in ("reading", "story") else []:
        if match := CLAIM.search(paragraph.text) or SHARE.search(paragraph.text):
            text = f"“{match[0]}” makes a claim, and the lesson has no `refs`. Name the reference, or say it as advice."
            yield Finding(lesson.file, lesson.body_line + paragraph.line, text, "warning")
