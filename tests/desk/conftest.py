import pytest

from accounts.models import User
from tests.builders import PASSWORD


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser(name="Root Admin", email="root@example.com", password=PASSWORD)
