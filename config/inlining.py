"""`{% include %}` that does once what Django's does each time, and `{% keep %}`.

A page has dozens of includes, and each looks its template up whenever it is reached. `{% include "icons/….svg" %}` puts
the drawing into the page's template when that is compiled; drawings are plain text, and one with tags in it would show
them. Any other include of a fixed name finds its template once.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import FilterExpression, NodeList, Parser, TextNode, Token
from django.template.loader import get_template
from django.template.loader_tags import do_include

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
