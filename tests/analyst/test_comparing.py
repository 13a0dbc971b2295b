"""A new solution is taken into use only when it is no worse than the one in use, on the same suite."""

import pytest

from sild.analyst import comparing, packing, services
from sild.analyst.errors import ActivationError
from sild.analyst.models import Activation
from sild.exchange.models import Record

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

OLD = {"name": "threat-analyst", "version": "0.0.9", "digest": "sha256:" + "1" * 64}


def verdicts(f1, time=5.0):
    return [
        {"metric": "micro_f1", "slice": "", "at_least": 0.6, "at_most": None, "measured": f1},
        {"metric": "p95_ms", "slice": "", "at_least": None, "at_most": 10, "measured": time},
    ]


def suite(letter="a"):
    return {"name": "attack-techniques", "version": "1", "digest": "sha256:" + letter * 64}


@pytest.fixture
def old(report_from_kyiv):
    """An earlier solution is in use on the strength of a report."""
    report = report_from_kyiv(solution=OLD, suite=suite(), verdicts=verdicts(0.7))
    return Activation.objects.create(
        solution=OLD["digest"], name=OLD["name"], version=OLD["version"], report_id=report.pk, record_id=report.pk
    )


def activate(operator, report):
    return services.activate(operator, str(report.pk), ["kyiv"], "GREEN")


def test_as_good_or_better_is_taken_into_use(operator, old, report_from_kyiv):
    report = report_from_kyiv(suite=suite(), verdicts=verdicts(0.7, 4.0))
    assert activate(operator, report).solution == packing.solution_digest()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdicts": verdicts(0.6999)}, r"micro_f1 is 0\.6999, worse than the 0\.7 of threat-analyst 0\.0\.9"),
        ({"verdicts": verdicts(0.8, 6.0)}, "p95_ms"),
        ({"verdicts": verdicts(0.8)[:1]}, "p95_ms is –"),
        ({"verdicts": verdicts(0.8), "suite": suite("b")}, "same"),
    ],
)
def test_worse_or_not_comparable_is_refused_and_the_old_one_stays(operator, old, report_from_kyiv, changes, words):
    report = report_from_kyiv(**{"suite": suite(), **changes})
    with pytest.raises(ActivationError, match=words):
        activate(operator, report)
    assert Activation.objects.get() == old


def test_another_report_of_the_old_one_on_the_new_suite_makes_them_comparable(operator, old, report_from_kyiv):
    report_from_kyiv(solution=OLD, suite=suite("b"), verdicts=verdicts(0.5))
    activate(operator, report_from_kyiv(suite=suite("b"), verdicts=verdicts(0.6)))


def test_what_is_no_longer_in_use_is_not_compared_with(operator, old, report_from_kyiv):
    Record.objects.filter(pk=old.report_id).update(withdrawn=True)
    activate(operator, report_from_kyiv(suite=suite(), verdicts=verdicts(0.1)))


def test_the_same_solution_may_be_taken_into_use_again(operator, report_from_kyiv):
    activate(operator, report_from_kyiv(suite=suite(), verdicts=verdicts(0.7)))
    activate(operator, report_from_kyiv(suite=suite(), verdicts=verdicts(0.65)))


def test_without_figures_nothing_is_worse():
    assert comparing.worse({}, {}) == []
