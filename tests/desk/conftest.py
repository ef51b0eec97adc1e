import pytest
from django.test import Client

from accounts.models import User
from tests.builders import PASSWORD


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser(name="Root Admin", email="root@example.com", password=PASSWORD)


@pytest.fixture
def as_():
    """A browser of its own, signed in: `as_(cast.ed).get(…)`."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in
