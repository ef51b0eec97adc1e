"""Whether every objective is taught and asked about, and every idea and claim has its source."""

from collections import Counter
from collections.abc import Iterator

from coursefiles.findings import Finding
from coursefiles.quality.asked import asked, finals, is_whole, of_module, ready
from coursefiles.read import CourseFiles, ModuleFile

ITEMS = 2  # an objective, in the quiz of its module
REFUSED = ("understand", "know", "learn", "be aware", "appreciate", "realize", "grasp")
SEEN = """
adapt adjust admit agree analyze answer apologize apply ask assess balance build calculate calm check choose
classify close combine compare complete compose confirm construct contrast convert coordinate correct decide
defend deliver demonstrate describe design diagnose distinguish document draft draw escalate estimate evaluate
explain express find fit formulate give greet guide handle help hold identify infer interpret judge keep label
lead leave list listen locate make map match measure move name negotiate offer open order organize paraphrase
perform phrase plan practice predict prepare prevent prioritize propose protect rate recall recognize recommend
record recover reduce refuse rehearse repair repeat rephrase replace report resolve respond restate retrieve
revise rewrite say select separate sequence set show solve sort spot state steer step stop suggest summarize
take tell test thank trace track transfer translate turn use verify welcome word write
"""
VERBS = set(SEEN.split())


def found(files: CourseFiles) -> Iterator[Finding]:
    for module in files.modules.values():
        yield from _verbs(module)
    for key in ready(files):
        yield from _asked(files, key)
        yield from _taught(files, key)
    if is_whole(files):
        yield from _final(files)
        yield from _uncovered(files)
    yield from _unknown(files)


def _verbs(module: ModuleFile) -> Iterator[Finding]:
    for number, objective in enumerate(module.data.objectives):
        line, text = module.document.line("objectives", number), objective.text.lower().replace("*", "")
        refused = next((verb for verb in REFUSED if text.startswith(f"{verb} ")), None)
        who = f'objective "{objective.key}" begins with'
        if refused:
            yield Finding(module.file, line, f"{who} “{refused}”. Say what one can be seen doing.")
        elif text.split()[0].strip(",.") not in VERBS:
            text = f"{who} “{text.split()[0]}”, which is not in the list of verbs. Say what one can be seen doing."
            yield Finding(module.file, line, text, "warning")


def _asked(files: CourseFiles, key: str) -> Iterator[Finding]:
    module = files.modules[key]
    items = Counter(one.data.objective for one in asked(of_module(files, key)) if one.is_graded)
    for number, objective in enumerate(module.data.objectives):
        line = module.document.line("objectives", number)
        if not items[objective.key]:
            text = f'objective "{objective.key}" has no item in the quiz of its module. Write {ITEMS} or more.'
            yield Finding(module.file, line, text)
        elif items[objective.key] < ITEMS:
            text = f'objective "{objective.key}" has one item; it should have {ITEMS} or more.'
            yield Finding(module.file, line, text, "warning")


def _taught(files: CourseFiles, key: str) -> Iterator[Finding]:
    module = files.modules[key]
    readings = [lesson for lesson in files.lessons.values() if lesson.data.kind == "reading" and lesson.module == key]
    taught = {objective for lesson in readings for objective in lesson.data.objectives}
    for number, objective in enumerate(module.data.objectives):
        if objective.key not in taught:
            line = module.document.line("objectives", number)
            yield Finding(module.file, line, f'objective "{objective.key}" is taught by no reading.', "warning")


def _final(files: CourseFiles) -> Iterator[Finding]:
    """Every objective, in the final of a course that has one."""
    if not (final := finals(files)):
        return
    items = {one.data.objective for one in asked(final)}
    for module in files.modules.values():
        for number, objective in enumerate(module.data.objectives):
            if objective.key not in items:
                line = module.document.line("objectives", number)
                yield Finding(module.file, line, f'objective "{objective.key}" has no item in the final.', "warning")


def _uncovered(files: CourseFiles) -> Iterator[Finding]:
    covered = {code for lesson in files.lessons.values() for code in lesson.data.covers}
    for code in files.promises.sources:
        if code not in covered:
            yield Finding("promises.yaml", 1, f"No lesson covers {code}. Add it to `covers` where it is taught.")


def _unknown(files: CourseFiles) -> Iterator[Finding]:
    """Ids that the course does not know; a course without lists of them may use any."""
    for lesson in files.lessons.values():
        for name, known in (("covers", files.promises.sources), ("refs", files.promises.references)):
            for number, code in enumerate(getattr(lesson.data, name)):
                if known and code not in known:
                    text = f"There is no {code} in promises.yaml. Check the id."
                    yield Finding(lesson.file, lesson.document.line(name, number), text)
