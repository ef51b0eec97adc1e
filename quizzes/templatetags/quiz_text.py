from django import template
from django.utils.safestring import SafeString

from courses import markdown

register = template.Library()


@register.filter
def inline(text: str) -> SafeString:
    """A stem, an option or its feedback: a sentence or two of Markdown, sanitized by courses/markdown.py."""
    return markdown.render_inline(text)
