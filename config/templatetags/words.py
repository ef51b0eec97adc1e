"""`{% load i18n static words %}`: what is the same on every page is found once.

A `{% translate %}` of a fixed text is looked up once for each language, the address of a `{% static %}` file once, and
what stands in `{% once %}` is rendered once for each language. A `{% blocktranslate %}` remembers what it said.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import NodeList, Parser, Token, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode, do_block_translate, do_translate
from django.templatetags.static import StaticNode, do_static
from django.utils.translation import get_language

register = Library()
MOST = 1000  # sentences that a tag remembers


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


class Sentence(BlockTranslateNode):
    """Says the same again of the same texts and whole numbers: most are a title, or how many of how many.

    Whatever else it is given, or takes from the page without being given, is left to Django.
    """

    known: dict[tuple[Any, ...], str]

    def __init__(self, node: BlockTranslateNode) -> None:
        self.__dict__ |= node.__dict__
        given = {*self.extra_context, self.countervar}
        said = [one.contents for one in [*self.singular, *(self.plural or [])] if one.token_type == TokenType.VAR]
        self.is_closed = given.issuperset(said) and not self.message_context
        self.known = {}

    def render(self, context: Context, nested: bool = False) -> str:
        if nested or not self.is_closed:
            return super().render(context, nested)
        values = [value.resolve(context) for value in self.extra_context.values()]
        if self.counter:
            values.append(self.counter.resolve(context))
        if not all(isinstance(value, str | int) for value in values):
            return super().render(context)
        key = (get_language(), context.autoescape, *values, *map(type, values))
        if (text := self.known.get(key)) is None:
            text = self.known[key] = self.said(context)
        if self.asvar:
            context[self.asvar] = text
            return ""
        return text

    def said(self, context: Context) -> str:
        if len(self.known) >= MOST:
            self.known.clear()
        text = super().render(context)
        return context[self.asvar] if self.asvar else text


@register.tag
def blocktranslate(parser: Parser, token: Token) -> Node:
    return Sentence(do_block_translate(parser, token))


class Once(Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.known: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        language = get_language()
        if (text := self.known.get(language)) is None:
            text = self.known[language] = self.nodelist.render(context.new())
        return text


@register.tag
def once(parser: Parser, token: Token) -> Node:
    """`{% once %}…{% endonce %}`: what is inside, rendered once for each language.

    It knows no variable of the page, so that nothing of one reader is shown to the next.
    """
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(nodelist)


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
