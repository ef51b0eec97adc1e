"""Templates that remember: a fixed word in each language, a fixed include, and what was rendered once."""

import pytest
from django.template import Context, Template
from django.utils import translation


def test_a_fixed_word_is_said_in_the_language_of_each_reader():
    template = Template("{% load i18n words %}{% translate 'Yes' %}")
    for _round in range(2):
        for language, word in [("de", "Ja"), ("fr", "Oui"), ("en", "Yes")]:
            with translation.override(language):
                assert template.render(Context()) == word


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("{% translate word %}", "Ja"),
        ("{% translate 'Yes' as said %}[{{ said }}]", "[Ja]"),
        ("{% translate 'Yes' noop %}", "Yes"),
        ("{% translate 'Yes'|upper %}", "JA"),
    ],
)
def test_every_other_translation_is_djangos(tag, said):
    with translation.override("de"):
        assert Template("{% load i18n words %}" + tag).render(Context({"word": "Yes"})) == said


def test_what_varies_is_translated_each_time():
    template = Template("{% load i18n words %}{% translate word %}")
    with translation.override("de"):
        assert [template.render(Context({"word": word})) for word in ("Yes", "No")] == ["Ja", "Nein"]


def test_a_fixed_include_gets_the_values_of_each_time():
    template = Template('{% for n in all %}{% include "parts/state.html" with state="complete" label=n %}{% endfor %}')
    page = template.render(Context({"all": ["<one>", "two"]}))
    assert "&lt;one&gt;" in page
    assert "two" in page
    assert page.count("state-complete") == 2


def test_what_is_kept_is_escaped_once():
    template = Template("{% keep part %}<b>{{ name }}</b>{% endkeep %}{{ part }}{{ part }}")
    assert template.render(Context({"name": "<Ada>"})) == "<b>&lt;Ada&gt;</b>" * 2


def test_the_address_of_a_file_is_djangos():
    given = {"name": "css/workshop.css"}
    for tag in ("{% static 'css/workshop.css' %}", "{% static name %}", "{% static name as at %}{{ at }}"):
        ours, django = Template("{% load static words %}" + tag), Template("{% load static %}" + tag)
        assert [ours.render(Context(given)) for _time in range(2)] == [django.render(Context(given))] * 2
    varying = Template("{% load static words %}{% static name %}")
    assert [varying.render(Context({"name": name})) for name in "ab"] == ["/static/a", "/static/b"]
