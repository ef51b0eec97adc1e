"""Reminding and giving more time from the report: first what would happen, then once, and only for one's own."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import site_day
from notices import hours
from notices.models import News, Notice
from tests.at_once import at_once
from tests.builders import enroll, make_member
from tests.reports.test_pages import add_people, text_of

PAGE, REMIND, TIME = reverse("reports:team"), reverse("reports:remind"), reverse("reports:time_for_many")
BEHIND = {"whom": "behind"}


@pytest.fixture
def behind(cast):
    """Late and Soon are behind in Lyon, and so is Noel, who has no address; Ada has time."""
    today = site_day()
    return {
        "late": enroll(make_member(cast.lyon, "Late Lee"), cast.course, due_on=today - timedelta(days=2)),
        "soon": enroll(make_member(cast.lyon, "Soon Sam"), cast.course, due_on=today + timedelta(days=3)),
        "noel": enroll(make_member(cast.lyon, "Noel Nomail", email=None, staff_number="77"), cast.course, due_on=today),
    }


def nudges():
    return set(News.objects.filter(kind=News.Kind.NUDGE).values_list("by__name", "recipient__name"))


def ticked(*enrollments):
    return {"enrollment": [one.pk for one in enrollments]}


def chosen(*enrollments):
    """What the page in between posts."""
    return {"chosen": ",".join(str(one.pk) for one in enrollments)}


# --- Reminding -------------------------------------------------------------------------------------------------------


def test_the_one_primary_button_says_how_many_and_shows_them_first(as_, cast, behind):
    mia = as_(cast.mia)
    page = mia.get(PAGE).content.decode()
    assert page.count("button-primary") == 1
    assert "Remind 3 people" in text_of(mia.get(PAGE))
    said = text_of(mia.get(REMIND, BEHIND))
    assert "Remind 3 people?" in said
    assert all(name in said for name in ("Late Lee", "Soon Sam", "Noel Nomail"))
    assert "Ada Moreau" not in said
    assert nudges() == set()


def test_who_was_written_to_lately_and_who_has_no_mail_is_said_before(as_, cast, behind, monkeypatch):
    monkeypatch.setattr(hours, "next_turn", lambda at, zone, sent: at if sent is None else sent + timedelta(days=3))
    sent = timezone.now() - timedelta(days=1)
    late = behind["late"].user
    Notice.objects.create(key="l", kind=Notice.Kind.LETTER, recipient=late, address=late.email, sent_at=sent)
    said = text_of(as_(cast.mia).get(REMIND, BEHIND))
    now, later, told = (said.index(text) for text in ("within ten minutes", "goes out later", "Better told in person"))
    assert now < said.index("Soon Sam no mail from here yet") < later
    assert later < said.index("Late Lee from ") < said.index("last mail on ") < told < said.index("Noel Nomail")


def test_confirmed_twice_it_is_done_once_and_said(as_, cast, behind, monkeypatch):
    monkeypatch.setattr(hours, "next_turn", lambda at, zone, sent: at)
    mia = as_(cast.mia)
    field = chosen(*behind.values())
    first = mia.post(f"{REMIND}?due=month&sort=name", field)
    assert first.url == f"{PAGE}?due=month&sort=name"
    said = text_of(mia.get(first.url))
    assert "You reminded 3 people. 2 mails go out within ten minutes. Please tell in person: Noel Nomail." in said
    again = mia.post(REMIND, field, follow=True)
    assert "Nothing more is sent: you have reminded them today already" in text_of(again)
    assert nudges() == {("Mia Duval", name) for name in ("Late Lee", "Soon Sam", "Noel Nomail")}
    assert News.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_three_windows_that_send_at_the_same_instant_remind_once(as_, cast, behind):
    windows, field = [as_(cast.mia) for _number in range(3)], chosen(*behind.values())
    answers = at_once(*[lambda window=window: window.post(REMIND, field) for window in windows])
    assert [answer.status_code for answer in answers] == [302] * 3
    assert nudges() == {("Mia Duval", name) for name in ("Late Lee", "Soon Sam", "Noel Nomail")}
    assert News.objects.count() == 3


def test_only_people_one_may_see_are_reminded(as_, cast, behind):
    mia = as_(cast.mia)
    foreign = cast.otto_enrolled, cast.ada_enrolled
    said = text_of(mia.get(REMIND, ticked(*foreign)))
    assert "Otto" not in said
    assert "1 whom you chose is not in your report any more, and is left out." in said
    mia.post(REMIND, chosen(*foreign))
    assert nudges() == {("Mia Duval", "Ada Moreau")}
    only = mia.post(REMIND, chosen(cast.otto_enrolled), follow=True)
    assert "Whom you chose is not in your report any more." in text_of(only)
    assert mia.get(REMIND, {"team": cast.paris.pk, **BEHIND}).status_code == 404
    assert as_(cast.ada).get(REMIND, ticked(cast.ada_enrolled)).status_code == 403
    assert as_(cast.ada).post(REMIND, chosen(cast.ada_enrolled)).status_code == 403


def test_the_button_of_a_narrowed_report_is_about_its_people(as_, cast, behind):
    enroll(make_member(cast.paris, "Paris Late"), cast.course, due_on=site_day() - timedelta(days=1))
    hana = as_(cast.hana)
    assert "Paris Late" in text_of(hana.get(REMIND, BEHIND))
    assert f"{REMIND}?team={cast.paris.pk}&amp;whom=behind" in hana.get(PAGE, {"team": cast.paris.pk}).text
    said = text_of(hana.get(REMIND, {"team": cast.paris.pk, **BEHIND}))
    assert "Remind 1 person?" in said
    assert "Late Lee" not in said


@pytest.mark.parametrize(
    "query", ["", "enrollment=x&enrollment=-1&enrollment=1.5&enrollment=²", "whom=everybody", "chosen=1"]
)
@pytest.mark.parametrize("address", [REMIND, TIME])
def test_nothing_chosen_and_nonsense_lead_back_with_a_word(as_, cast, behind, address, query):
    mia, many = as_(cast.mia), f"&enrollment={'9' * 40}&due=month"
    for address_asked in (f"{address}?{query}", f"{address}?{query}{many}"):
        said = mia.get(address_asked, follow=True)
        assert said.redirect_chain[0][0] in (PAGE, f"{PAGE}?due=month")
        assert "Choose somebody first" in text_of(said)


@pytest.mark.parametrize("posted", [{}, {"chosen": ",,x,\u0661,\0"}, {"chosen": "9" * 40}, BEHIND, {"enrollment": "1"}])
@pytest.mark.parametrize("address", [REMIND, TIME])
def test_nonsense_that_is_posted_does_nothing(as_, cast, behind, address, posted):
    said = as_(cast.mia).post(address, posted, follow=True)
    assert said.redirect_chain == [(PAGE, 302)]
    assert "Choose somebody first" in text_of(said)
    assert (nudges(), EnrollmentChange.objects.count()) == (set(), 0)


def test_the_page_in_between_has_an_address_and_can_be_reloaded(as_, cast, behind):
    """The form of the report is sent by GET, with what the report was narrowed to, and only the last step by POST."""
    mia = as_(cast.mia)
    report = mia.get(PAGE, {"due": "month", "sort": "name"}).text
    form = report[report.index('<form id="act"') :]
    form = form[: form.index("</form>")]
    assert "method" not in form
    assert 'name="due" value="month"' in form
    address = {**ticked(behind["late"], behind["soon"]), "due": "month", "sort": "name"}
    first, again = mia.get(REMIND, address), mia.get(REMIND, address)
    assert text_of(first) == text_of(again)
    assert "Remind 2 people?" in text_of(first)
    assert f'href="{PAGE}?due=month&amp;sort=name"' in first.text
    assert nudges() == set()


@pytest.mark.parametrize("address", [REMIND, TIME])
@pytest.mark.parametrize(
    "query", ["team=x", "state=nonsense", "path=nothing", "sort=__", "page=-1", f"team={'9' * 40}"]
)
def test_what_makes_no_sense_in_the_address_is_named_before_the_deed(as_, cast, behind, address, query):
    """Who meant one team reads that it is about all."""
    mia = as_(cast.mia)
    assert "so it was left out" in text_of(mia.get(f"{address}?whom=behind&{query}"))
    assert mia.get(f"{address}?whom=behind&{query}%00").status_code == 400
    assert mia.get(f"{address}?whom=behind&team={cast.paris.pk}").status_code == 404


def test_the_deed_is_for_whom_the_page_in_between_was(as_, cast, behind):
    """Who falls behind after the page was made is not on it, and hears nothing."""
    mia = as_(cast.mia)
    form = mia.get(REMIND, BEHIND).context["choice"].field
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(due_on=site_day())
    mia.post(f"{REMIND}?whom=behind", {"chosen": form})
    assert {name for _by, name in nudges()} == {"Late Lee", "Soon Sam", "Noel Nomail"}


def test_of_more_than_fifty_a_sample_is_shown_and_all_are_meant(as_, cast):
    add_people(cast, 60)
    Enrollment.objects.update(due_on=site_day())
    mia = as_(cast.mia)
    page = mia.get(REMIND, BEHIND)
    said = text_of(page)
    assert "You chose 61." in said
    assert "and 55 more" in said
    assert "N059 X" not in said
    numbers = page.context["choice"].field
    assert numbers.count(",") == 60
    mia.post(REMIND, {"chosen": numbers})
    assert len(nudges()) == 61


def test_too_many_at_once_are_refused_in_words(as_, cast, behind, monkeypatch):
    monkeypatch.setattr("reports.choice.MOST", 2)
    mia = as_(cast.mia)
    assert "These are more than 2 people." in text_of(mia.get(REMIND, BEHIND, follow=True))
    assert "These are more than 2 people." in text_of(mia.post(REMIND, chosen(*behind.values()), follow=True))
    assert nudges() == set()


def test_who_has_nothing_to_do_has_no_button(as_, cast):
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(excused_at=timezone.now())
    page = as_(cast.mia).get(REMIND, ticked(cast.ada_enrolled))
    assert "Nobody to remind" in text_of(page)
    assert 'type="submit">Remind' not in page.text


def test_the_preview_takes_as_many_queries_for_any_number(as_, cast, django_assert_max_num_queries):
    add_people(cast, 45)
    Enrollment.objects.update(due_on=site_day())
    mia = as_(cast.mia)
    mia.get(REMIND, BEHIND)
    with django_assert_max_num_queries(9):
        mia.get(REMIND, BEHIND)
    with django_assert_max_num_queries(9):
        mia.get(TIME, BEHIND)


# --- More time -------------------------------------------------------------------------------------------------------


def until(days, **more):
    return {"until": (site_day() + timedelta(days=days)).isoformat(), "reason": "Inventory week", **more}


def test_those_who_can_get_more_time_get_it_and_the_others_are_named_with_the_reason(as_, cast, behind):
    mia, late, soon = as_(cast.mia), behind["late"], behind["soon"]
    boxes = chosen(late, soon, cast.ada_enrolled)
    said = text_of(mia.get(TIME, ticked(late, soon, cast.ada_enrolled)))
    assert "Give 2 people more time" in said
    assert "Ada Moreau They have no due day, so there is none to move." in said
    assert EnrollmentChange.objects.count() == 0
    done = text_of(mia.post(TIME, boxes | until(15), follow=True))
    assert "1 person now has until" in done
    assert "Not changed: Ada Moreau: They have no due day, so there is none to move. Late Lee: The last day" in done
    soon.refresh_from_db()
    late.refresh_from_db()
    assert soon.due_on == site_day() + timedelta(days=15)
    assert late.due_on == site_day() - timedelta(days=2)
    change = EnrollmentChange.objects.get()
    assert (change.by, change.reason, change.what) == (cast.mia, "Inventory week", EnrollmentChange.What.MORE_TIME)


def test_pressed_twice_nobody_gets_it_twice(as_, cast, behind):
    mia, boxes = as_(cast.mia), chosen(behind["late"], behind["soon"])
    mia.post(TIME, boxes | until(10))
    said = text_of(mia.post(TIME, boxes | until(12), follow=True))
    assert "Nobody can get more time" in said
    assert EnrollmentChange.objects.count() == 2


@pytest.mark.parametrize("days", [-1, 18, 4000])
def test_a_day_nobody_can_have_is_refused_on_the_form_and_the_reason_kept(as_, cast, behind, days):
    page = as_(cast.mia).post(TIME, chosen(behind["soon"]) | until(days))
    assert page.status_code == 200
    assert "Choose a day from" in text_of(page)
    assert "Inventory week" in page.content.decode()
    assert EnrollmentChange.objects.count() == 0


def test_time_is_given_to_ones_own_people_only_and_hr_goes_to_the_staff_pages(as_, cast, behind):
    Enrollment.objects.filter(pk=cast.otto_enrolled.pk).update(due_on=site_day() + timedelta(days=3))
    as_(cast.mia).post(TIME, chosen(cast.otto_enrolled, behind["soon"]) | until(10))
    assert EnrollmentChange.objects.get().enrollment == behind["soon"]
    hana = as_(cast.hana)
    assert hana.get(TIME, ticked(behind["late"])).url == reverse("admin:courses_enrollment_changelist")
    assert reverse("reports:time_for_many") not in hana.get(PAGE).content.decode()
    assert reverse("reports:time_for_many") in as_(cast.mia).get(PAGE).content.decode()


def test_people_who_left_have_no_box(as_, cast):
    left = make_member(cast.lyon, "Lea Gone")
    gone = enroll(left, cast.course)
    User.objects.get(pk=left.pk).leave()
    page = as_(cast.mia).get(PAGE, {"leavers": 1}).content.decode()
    assert f'name="enrollment" value="{cast.ada_enrolled.pk}" form="act"' in page
    assert f'value="{gone.pk}" form="act"' not in page


def test_a_mail_that_waits_names_the_hour_with_its_zone(as_, cast, behind, monkeypatch):
    nine = datetime(2099, 11, 23, 9, tzinfo=timezone.get_default_timezone())
    monkeypatch.setattr(hours, "next_turn", lambda at, zone, sent: nine)
    done = as_(cast.mia).post(REMIND, chosen(*behind.values()), follow=True)
    assert "2 mails go out later, from Monday, November 23, 9 a.m. (Europe/Paris). Please tell" in text_of(done)


def test_whom_one_reminded_today_is_not_offered_again(as_, cast, behind):
    as_(cast.mia).post(REMIND, chosen(behind["late"]))
    said = text_of(as_(cast.mia).get(REMIND, ticked(behind["late"], behind["soon"])))
    assert "Remind 1 person?" in said
    assert said.index("You reminded them today already") < said.index("Late Lee")
    assert "Nobody to remind" in text_of(as_(cast.mia).get(REMIND, ticked(behind["late"])))
    assert "Remind 2 people?" in text_of(as_(cast.hana).get(REMIND, ticked(behind["late"], behind["soon"])))
