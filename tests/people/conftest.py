"""Password hashing is slow on purpose; tests of everything else do not wait for it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
