from django import template

from events import words

register = template.Library()
register.filter("when", words.when)
