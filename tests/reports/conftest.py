import pytest
from django.test import Client


@pytest.fixture
def as_():
    """A browser of its own, signed in: `as_(cast.ed).get(…)`."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in
