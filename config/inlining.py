"""`{% include "icons/….svg" %}` puts the drawing into the page's template when that is compiled.

A page has dozens of icons, and an include looks its template up each time it is reached. Every other include is
Django's own. Drawings are plain text; one with tags in it would show them.
"""

from django.template import Library, Node
from django.template.base import Parser, TextNode, Token
from django.template.loader import get_template
from django.template.loader_tags import do_include

register = Library()


@register.tag("include")
def include(parser: Parser, token: Token) -> Node:
    words = token.split_contents()
    if len(words) != 2 or not words[1].startswith(('"icons/', "'icons/")):
        return do_include(parser, token)
    return TextNode(get_template(words[1][1:-1]).template.source)  # type: ignore[attr-defined]
