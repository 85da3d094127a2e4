"""The first page."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_everybody_sees_the_first_page() -> None:
    """The first page opens without an account and asks no foreign host for anything."""
    answer = Client().get("/")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
