"""YAML as course files use it: plain data with line numbers in, one canonical form out.

Read with the safe loader and less: no anchors, aliases, tags, merge keys or repeated keys, and no deep nesting, so that
a file is what it looks like and cannot grow while it is read.
"""

import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

DEPTH = 12  # the deepest course file has 6
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # no database keeps these
LONG = 100  # characters of one line of text, from which on it is folded over several


class BadYaml(ValueError):
    """The text is not the YAML of a course file; `line` counts from 1 in the text."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class Document:
    """Parsed data, and the line each part of it stands on. `first_line` is where the YAML begins in its file."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self.first_line = first_line
        self._node, self.data = _read(text, first_line)

    def line(self, *loc: str | int) -> int:
        """The line of the value at `loc`, or of the nearest thing around it that exists."""
        node, line = self._node, self._node.start_mark.line if self._node else 0
        for step in loc:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line + self.first_line


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _read(text: str, first_line: int) -> tuple[yaml.Node | None, Any]:
    try:
        loader = PlainLoader(text)
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "it cannot be read").rstrip(".")
        raise BadYaml(f"This is not valid YAML: {problem}.", (mark.line if mark else 0) + first_line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise BadYaml("There is a control character that no text may have. Delete it.", line) from error
    except BadYaml as error:
        raise BadYaml(str(error), error.line + first_line) from error
    except ValueError as error:
        raise BadYaml(f"A number or a date cannot be read: {error}. Put text in quotes.", first_line) from error


class PlainLoader(Composer, CParser, SafeConstructor, Resolver):
    """The safe loader, read by libyaml, without anything that makes data other than it is written."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self.level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()
        line = event.start_mark.line
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadYaml("Anchors (&) and aliases (*) are not allowed. Write it out, or put the text in quotes.", line)
        if getattr(event, "tag", None):
            raise BadYaml(f"The tag {event.tag} is not allowed. Remove it, or put the text in quotes.", line)
        if self.level >= DEPTH:
            raise BadYaml("This is nested too deeply to be a course file.", line)
        self.level += 1
        node = super().compose_node(parent, index)
        self.level -= 1
        if isinstance(node, yaml.MappingNode):
            _refuse_odd_keys(node)
        if isinstance(node, yaml.ScalarNode) and NO_TEXT.search(node.value):
            raise BadYaml("There is a character that no text may have, written with a backslash. Delete it.", line)
        return node


def _refuse_odd_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        line = key.start_mark.line
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            raise BadYaml("A key must be a word. Did a value without quotes contain a colon?", line)
        if key.value in seen:
            raise BadYaml(f'The key "{key.value}" is there twice. Keep one.', line)
        seen.add(key.value)


# --- Writing ---------------------------------------------------------------------------------------------------------


class OneLine(dict[str, Any]):
    """A small mapping that is written on one line: `{key: listening, title: Listening}`."""


class OneLineList(list[Any]):
    """A list of keys that is written on one line."""


def dump(data: Any) -> str:
    """The canonical text: keys in the order given, long text folded, text of several lines as a block."""
    text: str = yaml.dump(
        data, Dumper=CanonicalDumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )
    return text


class CanonicalDumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.split("\n")
    if any(line != line.rstrip() for line in lines) or (not text.isprintable() and not "".join(lines).isprintable()):
        style = '"'
    elif len(lines) > 1:
        style = "|" if lines[0] and not lines[0].startswith(" ") else '"'
    elif len(text) > LONG and text == " ".join(text.split()):
        style = ">"
    else:
        style = None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _one_line(dumper: yaml.SafeDumper, data: OneLine) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _one_line_list(dumper: yaml.SafeDumper, data: Sequence[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


CanonicalDumper.add_representer(str, _text)
CanonicalDumper.add_representer(OneLine, _one_line)
CanonicalDumper.add_representer(OneLineList, _one_line_list)
