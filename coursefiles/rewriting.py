"""Files as they would be if somebody had merged them by hand: units back into what was read."""

import json
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from coursefiles import schema
from coursefiles.read import CourseFiles
from coursefiles.units import Part, Unit

M = TypeVar("M", bound=BaseModel)


def rewritten(files: CourseFiles, part: Part, unit: Unit) -> CourseFiles:
    """The files with another unit in place of this one. A question is written from its unit, so its file stays."""
    match part.noun:
        case "course":
            return replace(files, course=course_of(unit))
        case "module":
            module = replace(files.modules[part.key], data=module_of(unit))
            return replace(files, modules={**files.modules, part.key: module})
        case "lesson":
            file = files.lessons[part.key]
            own = {name: unit[name] for name in ("title", "objectives", "covers", "refs", "slug", "required", "sample")}
            text = {} if isinstance(file.data, schema.Quiz) else {"takeaway": unit["takeaway"]}
            data = file.data.model_copy(update={**own, **text, "always_read": unit["always_read"]})
            return replace(files, lessons={**files.lessons, part.key: replace(file, data=data, body=unit["body"])})
    return files


def course_of(unit: Unit) -> schema.Course:
    paths = [
        {
            **{name: path[name] for name in ("key", "title", "summary", "sequential", "default")},
            "certificate": path.get("certificate", True),
            "steps": [
                {"lesson": key, **({"since": path["since"][key]} if key in path["since"] else {})}
                for key in path["lessons"]
            ],
        }
        for path in unit["paths"]
    ]
    return _fit(schema.Course, {**unit, "paths": paths, "format": 1})


def module_of(unit: Unit) -> schema.Module:
    return _fit(schema.Module, {**unit, "illustration": unit["illustration"] or None})


def _fit(model: type[M], data: dict[str, Any]) -> M:
    """By JSON, in which dates are texts, as they are in units."""
    return model.model_validate_json(json.dumps(data))


def fits(noun: str, unit: Unit) -> bool:
    """Whether a merged unit is what the file of a course or a module may say."""
    try:
        if noun == "course":
            return sum(path.default for path in course_of(unit).paths) == 1
        if noun == "module":
            module_of(unit)
    except ValidationError:
        return False
    return True
