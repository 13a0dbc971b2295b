"""What a container uses, as it is seen from the host."""

from __future__ import annotations

import mmap
import os
import subprocess

import pytest

from sild.sandbox.engine.containers import process
from sild.sandbox.engine.containers.arguments import CRUN
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import MIB, Limits

pytestmark = pytest.mark.integration


def test_a_file_in_memory_counts_once_however_many_have_it_open():
    before = process._kernel_memory([os.getpid()])
    descriptor = os.memfd_create("sild-test")
    try:
        os.write(descriptor, bytes(4 * MIB))
        once = process._kernel_memory([os.getpid()])
        assert once - before >= 4 * MIB
        with subprocess.Popen(["sleep", "5"], pass_fds=(descriptor,)) as other:
            both = process._kernel_memory([os.getpid(), other.pid])
            other.kill()
        assert both - once < 4 * MIB
    finally:
        os.close(descriptor)


def test_where_files_may_not_be_looked_at_what_is_mapped_counts(monkeypatch):
    def closed(_pid):
        raise PermissionError

    monkeypatch.setattr(process, "_files_in_memory", closed)
    before = process._kernel_memory([os.getpid()])
    with mmap.mmap(-1, 4 * MIB) as shared:
        shared.write(bytes(4 * MIB))
        assert process._kernel_memory([os.getpid()]) - before >= 4 * MIB


def test_a_process_that_is_gone_holds_nothing():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert process._kernel_memory([gone.pid]) == 0
    assert process._at_home(gone.pid)
    assert process._at_home(os.getpid())


def test_what_is_written_is_seen_from_outside_and_too_many_files_end_it():
    script = "i=0; while [ $i -lt 60 ]; do : > /scratch/$i; i=$((i+1)); done; echo full; sleep 20"
    limits = Limits(scratch_files=50, wall_seconds=15)
    with Podman(CRUN).start(Job(("/usr/bin/sh", "-c", script), limits=limits)) as running:
        usage = running.finish()
    assert usage.stopped_by == "scratch-limit"
    assert usage.scratch_files > 50
    assert 0 < usage.peak_processes <= 4
