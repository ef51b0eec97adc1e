"""`{% include %}` and `{% extends %}` that do once what Django's do each time, and `{% keep %}`.

A page has dozens of includes, and each looks its template up whenever it is reached. `{% include "icons/….svg" %}` puts
the drawing into the page's template when that is compiled; drawings are plain text, and one with tags in it would show
them. Any other include of a fixed name, and what a page extends, is found once.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import FilterExpression, NodeList, Parser, TextNode, Token
from django.template.loader import get_template
from django.template.loader_tags import (
    BLOCK_CONTEXT_KEY,
    BlockContext,
    BlockNode,
    ExtendsNode,
    do_extends,
    do_include,
)
from django.utils.safestring import SafeString

register = Library()


@register.tag("include")
def include(parser: Parser, token: Token) -> Node:
    words = token.split_contents()
    if len(words) == 2 and words[1].startswith(('"icons/', "'icons/")):
        return TextNode(get_template(words[1][1:-1]).template.source)  # type: ignore[attr-defined]
    node = do_include(parser, token)
    name = fixed(node.template)
    if name and not name.startswith("."):
        node.template = Found(name)  # type: ignore[assignment]
    return node


def fixed(expression: FilterExpression) -> str:
    """The text of an expression that is nothing but a text; empty for all others."""
    return expression.var if isinstance(expression.var, str) and not expression.filters else ""


class Found:
    """The name of a template, which stands for the template itself from the first time it is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.template: Any = None

    def resolve(self, context: Context) -> Any:
        if self.template is None:
            self.template = context.template.engine.get_template(self.name)  # type: ignore[union-attr]
        return self.template


class Extending(ExtendsNode):
    """Finds its parent, and the blocks that the parent begins with, once."""

    found: tuple[Any, dict[str, Any]] | None = None

    def render(self, context: Context) -> SafeString:
        parent, blocks = self.found = self.found or self.find(context)
        state: Any = context.render_context
        block_context = state.setdefault(BLOCK_CONTEXT_KEY, BlockContext())
        block_context.add_blocks(self.blocks)
        block_context.add_blocks(blocks)
        with state.push_state(parent, isolated_context=False):
            rendered: SafeString = parent._render(context)
        return rendered

    def find(self, context: Context) -> tuple[Any, dict[str, Any]]:
        """The blocks of a parent that extends another one are added when that is rendered."""
        parent: Any = self.get_parent(context)
        if any(isinstance(node, ExtendsNode) for node in parent.nodelist):
            return parent, {}
        return parent, {node.name: node for node in parent.nodelist.get_nodes_by_type(BlockNode)}


@register.tag("extends")
def extends(parser: Parser, token: Token) -> Node:
    """One that is called as the template itself is searched for each time, for the next of that name."""
    node: Any = do_extends(parser, token)
    name = fixed(node.parent_name)
    own = parser.origin.template_name if parser.origin else None
    return Extending(node.nodelist, node.parent_name) if name and name != own else node


class KeepNode(Node):
    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> str:
        context[self.name] = self.nodelist.render(context)
        return ""


@register.tag
def keep(parser: Parser, token: Token) -> Node:
    """`{% keep name %}…{% endkeep %}`: what is inside, rendered once, as the variable `name`."""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endkeep",))
    parser.delete_first_token()
    return KeepNode(nodelist, name)
