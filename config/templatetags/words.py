"""`{% load i18n static words %}`: what is the same on every page is found once.

A `{% translate %}` of a fixed text is looked up once for each language, the address of a `{% static %}` file once.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import Parser, Token
from django.templatetags.i18n import TranslateNode, do_translate
from django.templatetags.static import StaticNode, do_static
from django.utils.translation import get_language

register = Library()


class Fixed(Node):
    def __init__(self, node: TranslateNode) -> None:
        self.node = node
        self.known: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        language = get_language()
        if (text := self.known.get(language)) is None:
            text = self.known[language] = self.node.render(context)
        return text


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    node = do_translate(parser, token)
    expression = node.filter_expression
    varies = expression.filters or expression.var.literal is None or node.asvar or node.message_context or node.noop
    return node if varies else Fixed(node)


class File(Node):
    def __init__(self, node: StaticNode) -> None:
        self.node = node
        self.address = ""

    def render(self, context: Context) -> str:
        self.address = self.address or self.node.render(context)
        return self.address


@register.tag
def static(parser: Parser, token: Token) -> Node:
    node: Any = do_static(parser, token)
    varies = node.varname or node.path.filters or not isinstance(node.path.var, str)
    return node if varies else File(node)
