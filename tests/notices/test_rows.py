"""Rows whose template is rendered once."""

from django.template import engines
from django.utils.html import format_html

from notices import rows


def test_each_row_fills_the_gaps_of_one_template(monkeypatch):
    template = engines["django"].from_string('<b title="{{ label }}">{{ row.name }}</b>{{ row.n }}{{ row.name }}')
    monkeypatch.setattr(rows, "render_to_string", lambda name, context: template.render(context))
    of_page = rows.Gaps("row.html", {"label": "{0} & {", "row": {"name": rows.gap("name"), "n": rows.gap("n-of")}})
    first = of_page.filled(**{"name": "<i>{n-of}", "n-of": "1"})
    assert first == '<b title="{0} &amp; {">&lt;i&gt;{n-of}</b>1&lt;i&gt;{n-of}'
    second = of_page.filled(**{"name": format_html("<i>{}</i>", "Ada"), "n-of": "2"})
    assert second == '<b title="{0} &amp; {"><i>Ada</i></b>2<i>Ada</i>'


def test_a_part_that_is_missing_leaves_out_what_is_around_it(monkeypatch):
    template = engines["django"].from_string(
        "<b>{{ row.name }}</b>{% if row.url %}<a href='{{ row.url }}'>{{ label }}</a>{% endif %}"
    )
    monkeypatch.setattr(rows, "render_to_string", lambda name, context: template.render(context))
    rows._gaps.cache_clear()
    line = rows.Variants("row.html", label="More & more")
    assert line.filled({"name": "<i>", "url": ""}) == "<b>&lt;i&gt;</b>"
    assert line.filled({"name": "Ada", "url": "/1/"}) == "<b>Ada</b><a href='/1/'>More &amp; more</a>"
    assert line.filled({"name": "Otto", "url": ""}) == "<b>Otto</b>"
    rows._gaps.cache_clear()
