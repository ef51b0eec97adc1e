"""Templates that remember: a fixed word in each language, a fixed include, and what was rendered once."""

import pytest
from django.template import Context, Engine, Template
from django.utils import translation
from django.utils.safestring import SafeString

from config.templatetags import words


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


@pytest.mark.parametrize(
    "values", [("<b>", "a"), (SafeString("<b>"), "a"), (1000, 1), (True, 1), (1.5, "%"), (None, ())]
)
@pytest.mark.parametrize(
    "tag",
    [
        "{% blocktranslate with one=a two=b %}{{ one }} of {{ two }} %{% endblocktranslate %}",
        "{% blocktranslate with one=a asvar said %}{{ one }}{% endblocktranslate %}[{{ said }}]",
        "{% blocktranslate with one=a %}{{ one }} {{ b }}{% endblocktranslate %}",
        "{% autoescape off %}{% blocktranslate with one=a %}{{ one }}{% endblocktranslate %}{% endautoescape %}",
        "{% blocktranslate count n=all|length with o=a %}{{ n }} {{ o }}{% plural %}{{ o }}s{% endblocktranslate %}",
    ],
)
def test_a_sentence_is_djangos_again_and_again(tag, values):
    ours, django = Template("{% load i18n words %}" + tag), Template("{% load i18n %}" + tag)
    for language in ("en", "de"):
        with translation.override(language):
            for a, b in (values, values[::-1], values):
                for several in ([1], [1, 2], [1]):
                    given = {"a": a, "b": b, "all": several}
                    assert ours.render(Context(given)) == django.render(Context(given))


def test_a_sentence_does_not_remember_for_ever(monkeypatch):
    monkeypatch.setattr(words, "MOST", 3)
    template = Template("{% load i18n words %}{% blocktranslate with n=n %}No. {{ n }}{% endblocktranslate %}")
    for n in range(10):
        assert template.render(Context({"n": n})) == f"No. {n}"
    (node,) = template.nodelist.get_nodes_by_type(words.Sentence)
    assert len(node.known) <= 3


def test_what_stands_in_once_knows_nothing_of_the_page_and_speaks_each_language():
    template = Template("{% load i18n words %}{% once %}{% translate 'Yes' %}{{ name }}{% endonce %}{{ name }}")
    for language, word in (("de", "Ja"), ("en", "Yes"), ("de", "Ja")):
        with translation.override(language):
            assert template.render(Context({"name": "Ada"})) == f"{word}Ada"


def test_blocks_of_three_pages_are_put_into_each_other(tmp_path):
    (tmp_path / "low.html").write_text("[{% block a %}low{% endblock %}|{% block b %}low{% endblock %}]")
    (tmp_path / "mid.html").write_text("{% extends 'low.html' %}{% block a %}mid {{ block.super }}{% endblock %}")
    (tmp_path / "top.html").write_text("{% extends 'mid.html' %}{% block a %}{{ n }} {{ block.super }}{% endblock %}")
    engine = Engine(dirs=[tmp_path], builtins=["config.inlining"])
    for n in range(3):
        assert engine.get_template("top.html").render(Context({"n": n})) == f"[{n} mid low|low]"
        assert engine.get_template("mid.html").render(Context()) == "[mid low|low]"
