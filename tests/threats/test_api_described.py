"""The API keeps to its own description, whatever is sent: schemathesis makes requests from it."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import checks

from sild.node.api import api
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import writing
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

EXAMPLES = 6
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = sorted(
    (path, method)
    for path, methods in api.get_openapi_schema()["paths"].items()
    if path.startswith("/api/v1/threats/")
    for method in methods
)


@pytest.fixture(autouse=True)
def kept_connection():
    """The application closes its connection around each request, and with PostgreSQL's goes the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(agency, publisher):
    writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN", techniques=["T1059"]))
    secret = people.issue_token(Actor.operator(), "tests", Role.PUBLISHER, agency=agency)[1]
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_every_answer_is_one_that_the_description_names(headers, path, method):
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), headers=headers)

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
    @given(case=described[path][method.upper()].as_strategy())
    def answers(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    answers()
