"""`{% load i18n static words %}`: what is the same on every page is found once.

A `{% translate %}` of a fixed text is looked up once for each language, the address of a `{% static %}` file once, and
what stands in `{% once %}` is rendered once for each language.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import NodeList, Parser, Token
from django.templatetags.i18n import BlockTranslateNode, TranslateNode, do_block_translate, do_translate
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


class Sentence(BlockTranslateNode):
    """Puts its text together once; the rest is Django's."""

    def render_token_list(self, tokens: list[Token]) -> tuple[str, list[str]]:
        made = self.__dict__.setdefault("made", {})
        if (known := made.get(id(tokens))) is None:
            known = made[id(tokens)] = super().render_token_list(tokens)
        message, names = known
        return message, [*names]


@register.tag
def blocktranslate(parser: Parser, token: Token) -> Node:
    node = do_block_translate(parser, token)
    node.__class__ = Sentence
    return node


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
