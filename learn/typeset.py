"""The program that sets one certificate: `typeset.py TEMPLATE`, words as JSON on standard input, the PDF on its output.

Run by pdf.py as a process of its own. It knows nothing of the site and of Django, so that it starts at once and may be
killed at any time. What it says when it fails names nobody, since it goes to the log.
"""

import json
import os
import re
import sys
import unicodedata
from importlib import resources
from typing import Any

import typst

FONTS = ("fontpkg_amiri", "noto_cjk_sans_otc", "manimgx_fonts")  # packages that are a folder of fonts
UNPRINTABLE = "□"
LONGEST_WORD = 50  # letters; a longer one may be broken anywhere
PROBE = b'#set document(title: "probe")\n#set text(font: json(bytes(sys.inputs.fonts)))\n#sys.inputs.letter'

Words = dict[str, Any]


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(10)  # pages come first
    words = json.load(sys.stdin)
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(resources.files(name)) for name in FONTS])
    compiler = typst.Compiler(sys.argv[1], font_paths=fonts, ignore_system_fonts=True)
    try:
        pdf = typeset(compiler, words)
    except typst.TypstError:
        probe = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
        pdf = typeset(compiler, printable(probe, words))
    sys.stdout.buffer.write(pdf)


def typeset(compiler: typst.Compiler, words: Words) -> bytes:
    name, course = clean(words["name"]), clean(words["course"])
    laid_out = words | {
        "issuer": clean(words["issuer"]),
        "note": words.get("note", ""),
        **{"name": breakable(name), "name_parts": parts(name), "name_rtl": is_right_to_left(name)},
        **{"course": breakable(course), "course_parts": parts(course), "course_rtl": is_right_to_left(course)},
        "fonts": fonts_for(name + course),
    }
    return pdf_of(compiler, {"words": json.dumps(laid_out)}, timestamp=words["issued"])


def pdf_of(compiler: typst.Compiler, inputs: dict[str, str], **options: Any) -> bytes:
    """Compile as PDF/UA-1, which refuses text that no font has, pictures without words and the like."""
    made = compiler.compile(format="pdf", pdf_standards="ua-1", sys_inputs=inputs, **options)
    assert isinstance(made, bytes)  # noqa: S101 - typst gives a list only for pictures
    return made


# --- Text ------------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """One line, without what cannot be seen; the two joiners stay, which Persian and Indic names are written with."""
    shown = (c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c in "\u200c\u200d\n\t")
    return " ".join("".join(shown).split())


def parts(text: str) -> list[str]:
    """The words that should not be broken; scripts that are broken between any two letters have none."""
    return [word for word in re.split(r"[\s‐-]+", text) if word and not any(is_wide(letter) for letter in word)]


def is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in ("W", "F")


def breakable(text: str) -> str:
    """The text, in which a word of absurd length may be broken after any letter."""
    return " ".join(
        re.sub(r"(?<=.)(?=\w)", "\u200b", word) if len(word) > LONGEST_WORD else word for word in text.split(" ")
    )


def is_right_to_left(text: str) -> bool:
    """As the first letter that has a direction says."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((direction != "L" for direction in directions if direction in ("L", "R", "AL")), False)


def fonts_for(text: str) -> list[str]:
    """Book faces, and Chinese characters as they are drawn in China, or in Japan beside kana; typst finds the rest."""
    has_kana = any("\u3040" <= letter <= "\u30ff" for letter in text)
    return ["Libertinus Serif", "Amiri", "Noto Sans CJK JP" if has_kana else "Noto Sans CJK SC"]


def printable(probe: typst.Compiler, words: Words) -> Words:
    """The words with a box for each character that no font has, and a note that says so."""
    fields = ("name", "course", "issuer")
    letters = {letter for field in fields for letter in words[field] + words[field].upper()}
    missing = {ord(letter): UNPRINTABLE for letter in letters if not has_glyph(probe, letter)}
    replaced = {field: words[field].translate(missing) for field in fields}
    return words | replaced | {"note": words["note_if_unprintable"] if missing else ""}


def has_glyph(probe: typst.Compiler, letter: str) -> bool:
    try:
        pdf_of(probe, {"letter": clean(letter), "fonts": json.dumps(fonts_for(letter))}, input=PROBE)
    except typst.TypstError:
        return False
    return True


if __name__ == "__main__":
    try:
        main()
    except typst.TypstError as problem:
        place = re.search(r"\w+\.typ:\d+:\d+", problem.diagnostic)
        sys.exit(f"TypstError at {place[0] if place else 'no place'}")
