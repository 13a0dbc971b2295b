"""How people sign in: nobody signs up; the agency's identity provider lets in whom an administrator added."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes sign-up: administrators add people."""

    def is_open_for_signup(self, _request: Any) -> bool:
        """Nobody adds themselves."""
        return False

    def send_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """A node sends no mail; what happens to an account is in the audit trail."""


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Whoever the identity provider knows but no administrator added stays outside."""

    def is_open_for_signup(self, _request: Any, _login: Any) -> bool:
        """Nobody adds themselves."""
        return False
