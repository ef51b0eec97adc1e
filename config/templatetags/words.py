"""`{% load i18n words %}`: a `{% translate %}` that looks a fixed text up once for each language, not on every page."""

from django.template import Context, Library, Node
from django.template.base import Parser, Token
from django.templatetags.i18n import TranslateNode, do_translate
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
