"""The house rules of docs and design that can be read off the source: doors, writers, sizes, and what is not there."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent
# From the top down; a room may import the rooms behind it and no other.
ABOVE = ["config", "demo", "desk", "learn", "reports", "coursefiles"]
DOORS = [*ABOVE, "events", "quizzes", "courses", "accounts", "notices"]
FUNCTION, FILE, TEMPLATE, VIEW, MEDIAN = 50, 500, 150, 25, 8
IMPORTED_LATE = {"desk.files.workbook"}  # and openpyxl with it: a tenth of a cold start


def source_files() -> list[Path]:
    """First-party modules, without migrations: those git knows, and those it will know."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in names.stdout.split()]
    return [f for f in sorted(files) if f.parts[0] in DOORS and "migrations" not in f.parts and (ROOT / f).exists()]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text())


def imports(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            assert not found.level, "imports say where they come from"
            yield found.module or ""


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without signature and docstring."""
    first = node.body[min(len(node.body) - 1, ast.get_docstring(node) is not None)]
    return (node.end_lineno or first.lineno) - first.lineno + 1


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


FILES = source_files()


# --- Doors -----------------------------------------------------------------------------------------------------------


def test_every_room_is_in_the_list_of_doors():
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps == set(DOORS)


def test_doors_open_downwards():
    wrong = []
    for file in FILES:
        room = DOORS.index(file.parts[0])
        for name in imports(tree(file)):
            target = name.split(".")[0]
            if target in DOORS and DOORS.index(target) < room:
                wrong.append(f"{file} imports {name}")
    assert not wrong


def test_modules_import_in_no_circle():
    names = {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}
    graph = {name: set(top_level_modules(file, names)) - {name} for name, file in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for below in sorted(graph[name]):
                visit(below, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def top_level_modules(file: Path, names: dict[str, Path]) -> Iterator[str]:
    """The first-party modules that a module needs to be imported; not what is for the type checker alone."""
    for node in tree(file).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in names:
                    yield inner
                elif node.module in names:
                    yield node.module


def test_no_import_of_ours_hides_in_a_function():
    """Nor of others, says ruff. One module of ours waits until it is wanted, with the library it is made around."""
    hidden = [
        f"{file}:{function.lineno} imports {name}"
        for file in FILES
        for function in functions(file)
        for name in imports(function)
        if name.split(".")[0] in DOORS and name not in IMPORTED_LATE
    ]
    assert not hidden
    for name in IMPORTED_LATE:
        assert "from openpyxl" in (ROOT / f"{name.replace('.', '/')}.py").read_text()


def test_templates_link_to_their_own_room_and_to_lower_ones():
    """Shared frames (base, parts, errors) belong to no room; the room of a namespace is its name."""
    wrong = []
    for template in templates():
        parts = template.relative_to(ROOT / "templates").parts
        room = parts[1] if parts[0] == "admin" and len(parts) > 2 else parts[0]
        if room not in DOORS:
            continue
        for namespace in re.findall(r"{%-?\s*url\s+['\"](\w+):", template.read_text()):
            if namespace in DOORS and DOORS.index(namespace) < DOORS.index(room):
                wrong.append(f"{template.relative_to(ROOT)} links up to {namespace}")
    assert not wrong


def test_addresses_of_upper_rooms_are_made_by_get_absolute_url_alone():
    wrong = []
    for file in FILES:
        for function in functions(file):
            for call in calls(function):
                target = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
                if name_of(call) not in ("reverse", "redirect", "reverse_lazy") or not isinstance(target, str):
                    continue
                room = target.split(":")[0]
                upwards = room in DOORS and DOORS.index(room) < DOORS.index(file.parts[0])
                if upwards and not re.fullmatch(r"get_\w*url", function.name):
                    wrong.append(f"{file}:{call.lineno} {target}")
    assert not wrong


# --- Writers ---------------------------------------------------------------------------------------------------------


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Call))


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def test_only_markdown_marks_text_as_safe():
    marks = re.compile(r"\bmark_safe\b|\bSafeString\([^)]|__html__|\bautoescape\s*=(?!=)")
    found = [str(f) for f in FILES if marks.search((ROOT / f).read_text()) and str(f) != "courses/markdown.py"]
    assert not found
    filters = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|{%-?\s*autoescape\s+off")
    assert not [str(t.relative_to(ROOT)) for t in templates() if filters.search(t.read_text())]


def test_only_progress_writes_completions_and_certificates():
    made = re.compile(r"\b(Completion|Certificate)\(|\b(Completion|Certificate)\.objects\.(\w*create\w*|update)\b")
    managers = re.compile(r"\.(completions|certificates?)\.(\w*create\w*|add|update)\(")
    dates = re.compile(r"\b(completed_at|current_at)=(?!None|OuterRef)\w*\bat\b|\.(completed_at|current_at) = ")
    allowed = {"courses/progress.py", "courses/models/enrollment.py"}
    for file in FILES:
        lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("class ")]
        text = "\n".join(lines)
        if str(file) not in allowed and file.parts[0] != "demo":
            assert not made.search(text), file
            assert not managers.search(text), file
            assert not dates.search(text), file


def test_a_rule_that_is_given_the_time_asks_for_it_once_at_most():
    """`at = at or timezone.now()` in the first statements, or the moment is handed on; never `now()` in the middle."""
    wrong = []
    for file in FILES:
        for function in functions(file):
            if "at" not in {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}:
                continue
            for call in calls(function):
                if name_of(call) in ("timezone.now", "now", "datetime.now", "timezone.localdate") and not call.args:
                    line = (ROOT / file).read_text().splitlines()[call.lineno - 1]
                    if "at or timezone.now()" not in line:
                        wrong.append(f"{file}:{call.lineno} {line.strip()}")
    assert not wrong


# --- What is not there -----------------------------------------------------------------------------------------------


def test_there_is_no_drawer_for_everything():
    assert not [str(f) for f in FILES if f.stem in ("services", "utils", "helpers", "common", "misc", "signals")]


def test_the_only_signal_is_post_migrate_for_the_roles():
    used = {str(f) for f in FILES for name in imports(tree(f)) if re.search(r"(^|\.)(signals|dispatch)$", name)}
    assert used <= {"desk/apps.py"}
    assert "post_migrate" in (ROOT / "desk/apps.py").read_text()
    assert not re.search(r"\b(pre|post)_(save|delete|init)\b|m2m_changed", (ROOT / "desk/apps.py").read_text())


def test_nothing_is_exempt_from_csrf_but_the_button_of_mail_programs():
    """Which may only write less to somebody; tests/accounts/test_unsubscribe.py holds it to that."""
    assert [str(f) for f in FILES if "csrf_exempt" in (ROOT / f).read_text()] == ["accounts/views/mail.py"]


def test_we_fetch_no_address():
    clients = ("requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "socket", "ftplib", "pycurl")
    # They ask their own port: is it free, does it answer?
    allowed = {"config/server.py", "config/management/commands/serve.py"}
    wrong = [
        f"{file} imports {name}"
        for file in FILES
        for name in imports(tree(file))
        if any(name == client or name.startswith(f"{client}.") for client in clients)
    ]
    assert not [line for line in wrong if line.split(" ")[0] not in allowed]


def test_queries_are_not_made_from_what_the_browser_sent():
    """`filter(**request.GET)` is how others were injected (CVE-2025-64459)."""
    pattern = re.compile(r"\(\*\*\s*(self\.)?request\.(GET|POST)|order_by\(\s*(self\.)?request\.")
    assert not [str(f) for f in FILES if pattern.search((ROOT / f).read_text())]


def test_templates_have_no_inline_script_style_or_handler():
    inline = re.compile(
        r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE
    )
    wrong = []
    no_page = ROOT / "templates/learn/own_data.html"  # a file that people keep, no page
    for template in templates():
        if template != no_page and (
            found := inline.search(
                re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", template.read_text(), flags=re.DOTALL)
            )
        ):
            wrong.append(f"{template.relative_to(ROOT)}: {found[0]!r}")
    assert not wrong


# --- House numbers ---------------------------------------------------------------------------------------------------


def test_functions_are_short():
    lengths = {f"{file}:{f.lineno} {f.name}": length(f) for file in FILES for f in functions(file)}
    assert not {name: lines for name, lines in lengths.items() if lines > FUNCTION}
    assert statistics.median(lengths.values()) <= MEDIAN


def test_views_have_four_beats():
    views = {
        f"{file}:{f.lineno} {f.name}": body_length(f)
        for file in FILES
        if file.stem == "views" or "views" in file.parts
        for f in functions(file)
    }
    assert not {name: lines for name, lines in views.items() if lines > VIEW}


def test_files_are_short():
    assert not {str(f): n for f in FILES if (n := len((ROOT / f).read_text().splitlines())) > FILE}


def test_templates_are_short():
    sizes = {str(t.relative_to(ROOT)): len(t.read_text().splitlines()) for t in templates()}
    assert sizes
    assert not {name: lines for name, lines in sizes.items() if lines > TEMPLATE}


@pytest.mark.parametrize("room", DOORS)
def test_rooms_that_others_stand_on_have_no_rule_twice(room):
    """A rule given as a query has its other face on the instance, under the same stem."""
    pairs = {
        "courses": [
            ("published", "is_published"),
            ("counting", "is_counting"),
            ("open", "is_open"),
            ("valid", "is_valid"),
        ],
        "accounts": [("valid", "is_valid"), ("unreachable", "is_unreachable")],
        "notices": [("waiting", "is_waiting"), ("unsent", "is_unsent"), ("told", "is_told")],
        "quizzes": [("open", "is_open")],
        "events": [(rule, f"is_{rule}") for rule in ("coming", "meant_for", "led_by", "active", "seated", "counting")],
    }
    names = {f.name for file in FILES if file.parts[0] == room for f in functions(file)}
    for query, face in pairs.get(room, []):
        assert {query, face} <= names
