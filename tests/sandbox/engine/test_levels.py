"""Levels: a solution runs at the one that was asked for or not at all."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import default_isolation, levels
from sild.sandbox.engine.containers.arguments import RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.solution import Start

pytestmark = pytest.mark.unit

COMMAND = Start(command=["python3", "main.py"])
IMAGE = Start(image="image.tar")
ENDPOINT = Start(protocol="endpoint", url="https://models.example.org/v1", model="example-7b")


def test_without_a_word_it_is_the_lowest_that_fits():
    assert levels.fitting("", COMMAND) == levels.fitting("", IMAGE) == "L1"
    assert levels.fitting("", ENDPOINT) == levels.fitting("L0", ENDPOINT) == "L0"
    assert levels.isolation("", COMMAND) is default_isolation()
    assert "crun" in levels.isolation("L1", IMAGE).backend


def test_higher_levels_are_by_podman_with_runsc_for_commands_and_images_alike():
    for start in (COMMAND, IMAGE):
        isolation = levels.isolation("L2", start)
        assert isolation.level == "L2"
        assert "runsc" in isolation.backend


def test_a_cluster_runs_images_by_digest():
    reference = Start(image=f"registry.example.org/a@sha256:{'a' * 64}")
    assert levels.isolation("L3", reference).level == "L3"
    for start in (COMMAND, IMAGE):
        with pytest.raises(IsolationError, match="by digest alone"):
            levels.isolation("L3", start)


def test_a_level_that_does_not_fit_is_refused():
    for level, start, why in (
        ("L9", COMMAND, "There is no level L9"),
        ("L0", COMMAND, "Level L0 runs nothing"),
        ("L2", ENDPOINT, "never L2"),
    ):
        with pytest.raises(IsolationError, match=why):
            levels.isolation(level, start)


def test_graphics_processors_are_to_be_had_at_levels_l2_and_l3_alone():
    reference = Start(image=f"registry.example.org/a@sha256:{'a' * 64}")
    assert levels.isolation("L3", reference, gpus=1).level == "L3"
    assert levels.fitting("", reference, gpus=1) == levels.fitting("", COMMAND, gpus=1) == "L2"
    assert levels.isolation("", COMMAND, gpus=2) == Podman(RUNSC, 2)
    for level, start in (("L1", COMMAND), ("L1", reference), ("", ENDPOINT)):
        with pytest.raises(IsolationError, match=r"Ask for level L2 or L3, or leave limits\.gpus out"):
            levels.fitting(level, start, gpus=1)
