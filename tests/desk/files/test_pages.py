"""The way of HR through the pages, without JavaScript."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import StagedFile, User
from desk.files import steps
from tests.desk.files.bringing import looked_at

LIST = "/admin/accounts/stagedfile/"
TEXT = "Staff number;Name;Home team\n1001;;Shops / Paris\n5;Nina Neu;Shops / Lyon\n6;Nobody;Nowhere\n"


def upload(client, data, name="people.csv", **form):
    return client.post(f"{LIST}add/", {"file": SimpleUploadedFile(name, data), **form})


def test_the_whole_way(cast, as_):
    hana = as_(cast.hana)
    User.objects.filter(pk=cast.otto.pk).update(staff_number="9")
    place = upload(hana, TEXT.encode("utf-16"))["Location"]
    page = hana.get(place).content.decode()
    assert "Nothing is changed yet" in page
    assert "Bring in 2 people" in page
    assert "There is no team “Nowhere”" in page
    file = StagedFile.objects.get()
    pages = place.replace("change/", "")
    assert not User.objects.filter(staff_number="5").exists()
    for outcome in ("created", "moved", "refused", "changed", "unchanged"):
        assert hana.get(f"{pages}rows/{outcome}/").status_code == 200
    assert hana.get(f"{pages}rows/other/").status_code == 404
    assert hana.get(f"{pages}bring-in/").status_code == 302
    assert not User.objects.filter(staff_number="5").exists()
    for _click in range(2):
        hana.post(f"{pages}bring-in/")
    assert "Brought in: " in hana.get(place).content.decode()
    assert User.objects.get(staff_number="5").home_team == cast.lyon
    assert "1 created, 0 changed, 1 moved" in LogEntry.objects.filter(object_id=file.pk)[0].change_message
    refused = b"".join(hana.get(f"{pages}refused/").streaming_content).decode()
    assert refused.count("\n") == 2
    assert "What is wrong" in refused


def test_who_is_not_in_it_leaves_by_a_second_press_with_the_number(cast, as_):
    hana = as_(cast.hana)
    User.objects.filter(pk=cast.otto.pk).update(staff_number="9")
    place = upload(hana, b"Staff number,Name\n1001,\n")["Location"].replace("change/", "not-in-it/")
    assert "Otto Lind" in hana.get(place).content.decode()
    assert "Mark this 1 as a leaver" in hana.post(place).content.decode()
    assert "Mark this 1" in hana.post(place, {"number": "5"}).content.decode()
    assert User.objects.get(pk=cast.otto.pk).is_active
    hana.post(place, {"number": "1"})
    assert not User.objects.get(pk=cast.otto.pk).is_active


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"Staff number,Shoes\n1,2\n", b"Staff number,Name\n", b'Staff number\n"1']
)
def test_a_file_that_cannot_be_read_is_a_form_error(cast, as_, data):
    page = upload(as_(cast.hana), data, make_teams="on")
    assert page.status_code == 200
    assert "Error:" in page.content.decode()
    assert not StagedFile.objects.exists()


def test_a_large_file_goes_on_step_by_step(cast, as_, monkeypatch):
    monkeypatch.setattr(steps, "AT_ONCE", 2)
    hana = as_(cast.hana)
    text = "Staff number,Name\n" + "".join(f"{n},Person {n}\n" for n in range(10, 19))
    place = upload(hana, text.encode())["Location"]
    seen = []
    while "Go on" in (page := hana.get(place).content.decode()):
        seen.append(page)
        hana.post(place.replace("change/", "step/"))
    assert "4 of 9 rows" in seen[0]
    hana.post(place.replace("change/", "bring-in/"))
    while "Go on" in (page := hana.get(place).content.decode()):
        hana.post(place.replace("change/", "step/"))
    assert "Brought in: " in page
    assert User.objects.filter(name__startswith="Person").count() == 9


def test_pages_do_not_ask_more_for_more_rows(cast, as_, django_assert_max_num_queries):
    text = "Staff number,Name,Home team\n" + "".join(f"{n},P {n},Shops / Lyon\n" for n in range(2000, 2120))
    file = looked_at(text, by=cast.hana)
    hana = as_(cast.hana)
    for page, most in {"change/": 14, "rows/created/?page=2": 8, "not-in-it/": 10}.items():
        with django_assert_max_num_queries(most):
            assert hana.get(f"{LIST}{file.pk}/{page}").status_code == 200
    with django_assert_max_num_queries(7):
        assert hana.get(LIST).status_code == 200


def test_the_sample_can_be_brought_in(cast, as_):
    hana = as_(cast.hana)
    sample = hana.get(f"{LIST}sample.csv").content
    place = upload(hana, sample, make_teams="on")["Location"]
    assert "Bring in 2 people" in hana.get(place).content.decode()
