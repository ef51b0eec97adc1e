"""What no text should have: leftovers, the spelling of another country, shouting, links out of the course."""

import re
from collections.abc import Iterator

from coursefiles.findings import Finding
from coursefiles.quality.asked import asked_in
from coursefiles.read import CourseFiles, LessonFile
from courses import markdown

RESIDUE = re.compile(
    r"lorem ipsum|\b(?:TODO|TBD|XXX|FIXME)\b|\{\{|\}\}|\{%|\bas an ai\b|\blanguage model\b|\bi hope this helps\b"
    r"|\[(?:insert|name|company|date|placeholder)\b[^\]]*\](?!\()"
    r"|\binsert (?:text|name|company|example) here\b|\bplaceholder\b",
    re.IGNORECASE,
)
BRITISH = re.compile(
    r"\b(?:(?:mis|un|dis)?(?:"
    r"(?:col|fav|hon|behavi|neighb|lab|rum|hum|flav|harb|endeav|vap|od|arm|sav)our"
    r"(?:s|ed|ing|ite|ites|able|hood|ly|less|al)?"
    r"|(?:organ|real|recogn|apolog|emphas|minim|maxim|priorit|special|summar|custom|personal|util|final|general|normal|"
    r"optim|visual|memor|critic|harmon|standard|symbol|author|categor|item|local|mobil|neutral|penal|social|stabil|"
    r"sympath|empath|familiar|capital|formal|modern|character|agon|scrutin|jeopard)is(?:e|es|ed|er|ers|ing|ation|ations)"
    r"|(?:anal|paral|catal)ys(?:e|es|ed|ing)|(?:cent|theat|lit|kilomet|centimet|millimet|fib|somb|calib)re[sd]?"
    r"|(?:travel|cancel|label|model|fuel|signal|counsel|level|quarrel|dial|total|marvel|tunnel)l(?:ed|ing|er|ers)"
    r"|(?:fulfil|enrol|instal|skil|wil)(?:s|ment|ments|ful|fully)?(?<!will)(?<!wills)(?<!skills)"
    r"|grey(?:s|er|ish)?|cheques?|tyres?|kerbs?|jewellery|programmes?|licences?|defences?|offences?|practis(?:e|es|ed|ing)"
    r"|judgement(?:s|al)?|acknowledgements?|ageing|moustaches?|pyjamas|plough(?:s|ed|ing)?|sceptic(?:al|s)?|manoeuvres?"
    r"|cos(?:y|ier|iest)|mould(?:s|y)?|draughty?|learnt|spelt|dreamt|whilst|amongst|per cent|storeys?|aluminium"
    r"))\b",
    re.IGNORECASE,
)
SHOUTING = re.compile(r"!{2,}")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|\*+[^*\n]+\*+|^>.*")  # somebody else's words, who may shout
PICTURE = re.compile(r"!\[[^\]]*\]\((?!image:)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)]*)\)")
ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def found(files: CourseFiles) -> Iterator[Finding]:
    for name, text in texts(files):
        if not name.endswith(".svg"):
            yield from _lines(name, text)
    for lesson in files.lessons.values():
        yield from _links(lesson)
        yield from _shouting(lesson)


def texts(files: CourseFiles) -> Iterator[tuple[str, str]]:
    """Every file of the course that could be read, as it lies on disk."""
    names = ["course.yaml", *(module.file for module in files.modules.values())]
    names += [lesson.file for lesson in files.lessons.values()] + [file.file for file in files.diagrams.values()]
    for name in names:
        if name not in files.broken:
            yield name, (files.folder / name).read_text(encoding="utf-8-sig")


def _lines(name: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        if match := RESIDUE.search(line):
            yield Finding(name, number, f"“{match[0]}” looks like a leftover. Finish it or delete it.")
        for match in BRITISH.finditer(line):
            yield Finding(name, number, f"“{match[0]}” is British spelling; this course is in en-US.", "warning")


def _shouting(lesson: LessonFile) -> Iterator[Finding]:
    places = list(enumerate(lesson.body.split("\n"), lesson.body_line))
    for one in asked_in(lesson):
        said = [one.situation, *(text for option in one.data.options for text in (option.text, option.feedback))]
        places += [(lesson.document.line(*one.loc), text) for text in said]
    for line, text in places:
        if match := SHOUTING.search(QUOTED.sub("", text)):
            yield Finding(lesson.file, line, f"“{match[0]}” shouts. One is enough.", "warning")


def _links(lesson: LessonFile) -> Iterator[Finding]:
    """Markdown that would stand on the page as it is written, since there are only our own pictures and no ways out."""
    for number, line in enumerate(lesson.body.split("\n")):
        place = lesson.body_line + number
        if PICTURE.search(line):
            text = "A text shows only pictures from images/, as `![words](image:key)`, or a diagram."
            yield Finding(lesson.file, place, text)
        for target in LINK.findall(line):
            if not markdown.LESSON_LINK.match(target):
                text = f"The link to “{target}” would not work. Link to lessons, as [words](lesson:key)."
                yield Finding(lesson.file, place, text)
        if ADDRESS.search(line):
            text = "There is an address outside of the course, which not everybody can open. Say it in words."
            yield Finding(lesson.file, place, text)
