"""The bare page: what a page of 10 KB costs that has no course, no permission and no state. The yardstick.

A Django project of its own, with our middleware: session, person, three plain queries, a template of two levels.
"""
