"""REST for machines: who the token is, and the tokens of its agency."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Router, Schema, Status

from sild.people import services
from sild.people.enums import Right
from sild.people.middleware import ActingRequest
from sild.people.models import ApiToken

router = Router()


class Me(Schema):
    """Who acts."""

    who: str
    agency: str | None
    role: str | None
    rights: list[str]


class TokenOut(Schema):
    """A token without its secret."""

    id: UUID
    name: str
    agency: str
    role: str
    scopes: list[str]
    per_minute: int | None
    created: datetime
    expires: datetime
    revoked: datetime | None

    @staticmethod
    def resolve_agency(token: ApiToken) -> str:
        """The agency's short name."""
        return token.agency.slug


class TokenIn(Schema):
    """A token to issue."""

    name: str
    role: str = "viewer"
    scopes: list[str] = []
    per_minute: int | None = Field(None, ge=1, le=1_000_000)


class Issued(Schema):
    """A new token with its secret, which is shown this once."""

    token: TokenOut
    secret: str


@router.get("/me", response=Me)
def me(request: ActingRequest) -> dict[str, Any]:
    """Say who acts, for which agency and with which rights."""
    actor = request.actor
    return {
        "who": actor.who,
        "agency": actor.agency.slug if actor.agency else None,
        "role": actor.role.value if actor.role else None,
        "rights": [right.value.removeprefix("people.") for right in Right if actor.may(right)],
    }


@router.get("/tokens", response=list[TokenOut])
def list_tokens(request: ActingRequest) -> list[ApiToken]:
    """List the tokens of the agency, revoked ones too."""
    request.actor.require(Right.ADMINISTER)
    return list(request.actor.visible(ApiToken.objects.select_related("agency")))


@router.post("/tokens", response={201: Issued})
def issue_token(request: ActingRequest, wanted: TokenIn) -> Status[dict[str, Any]]:
    """Issue a token for the same agency, with a role no higher than one's own."""
    token, secret = services.issue_token(
        request.actor,
        wanted.name,
        services.role_named(wanted.role),
        scopes=wanted.scopes,
        per_minute=wanted.per_minute,
    )
    return Status(201, {"token": token, "secret": secret})


@router.post("/tokens/{uuid:token_id}/revoke", response=TokenOut)
def revoke_token(request: ActingRequest, token_id: UUID) -> ApiToken:
    """End a token at once."""
    return services.revoke_token(request.actor, str(token_id))
