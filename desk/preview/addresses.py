"""The addresses of the site as a page of the preview sees them: pages of a course are those of its preview.

It serves to make addresses, never to find what stands at one. Django imports it when the first preview is shown.
"""

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, include, path

from desk.preview.urls import LEARN, QUIZZES, Routes
from learn import urls as learn_urls

ROOT: list[URLPattern | URLResolver] = get_resolver(settings.ROOT_URLCONF).url_patterns
STAFF = next(str(one.pattern) for one in ROOT if isinstance(one, URLResolver) and one.namespace == "admin")


def patterns(routes: Routes) -> list[URLPattern]:
    return [path(f"{STAFF}{route}", view, name=name) for name, (route, view) in routes.items()]


others = [one for one in learn_urls.urlpatterns if one.name not in LEARN]
urlpatterns = [
    path("", include(([*patterns(LEARN), *others], "learn"))),
    path("", include((patterns(QUIZZES), "quizzes"))),
    *ROOT,  # of two rooms of one name, the first is asked
]
