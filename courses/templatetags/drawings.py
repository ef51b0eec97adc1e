from django import template
from django.utils.safestring import SafeString

from courses import markdown
from courses.models import Diagram

register = template.Library()


@register.filter
def drawing(diagram: Diagram) -> SafeString:
    """The SVG of a diagram, to be put into a page."""
    return markdown.clean_svg(diagram.svg, diagram.key)
