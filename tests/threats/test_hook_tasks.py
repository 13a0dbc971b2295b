"""What sets webhooks off, and who catches up."""

import pytest
from django_tasks_db.models import DBTaskResult

from sild.people.models import Agency
from sild.threats import hook_tasks, hooks, inbox, reading, writing
from sild.threats.engine import build
from sild.threats.inbox import worker
from sild.threats.models import Webhook
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def jobs(name):
    return [one for one in DBTaskResult.objects.order_by("enqueued_at") if one.task_path.endswith(name)]


@pytest.fixture
def hook(agency):
    return Webhook.objects.create(agency=agency, url="https://siem.example/in", seed=bytes(32))


def test_many_changes_make_one_job(publisher, hook):
    for name in ("a", "b", "c"):
        writing.write_indicator(publisher, f"{name}.example", Context())
    [job] = jobs("hook_tasks.deliver")
    assert job.args_kwargs["args"] == [str(hook.pk)]


def test_what_fails_is_tried_again_after_its_pause(publisher, hook, monkeypatch):
    monkeypatch.setattr(hooks, "_send", lambda *_: (_ for _ in ()).throw(hooks.WebhookError("down")))
    writing.write_indicator(publisher, "a.example", Context(tlp="GREEN"))
    hook_tasks.deliver.call(str(hook.pk))
    first, second = jobs("hook_tasks.deliver")
    # A job that waits for nothing has the end of time here.
    assert second.run_after < first.run_after


def test_a_webhook_that_is_gone_is_no_error():
    hook_tasks.deliver.call("00000000-0000-4000-8000-000000000000")
    assert jobs("hook_tasks.deliver") == []


def test_a_new_agency_catches_up_in_a_job(hear):
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    late = Agency.objects.create(slug="late", name="Late")
    [job] = [one for one in jobs("hook_tasks.catch_up") if one.args_kwargs["args"] == [late.pk]]
    hook_tasks.catch_up.call(*job.args_kwargs["args"])
    assert reading.get(worker(late), said["id"])
    assert inbox.catch_up(late) == 0
