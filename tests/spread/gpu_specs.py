"""A description of GPUs as NVIDIA's tools write it, for machines that have none: files stand for the devices."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def world():
    """A folder that anybody may read: a container's user is nobody whom this machine knows."""
    with TemporaryDirectory(prefix="sild-gpus-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def describe(folder, count, **edits):
    """Write a specification of so many devices, their folder to be named by SILD_CDI; what each shows is a file."""
    folder.mkdir(parents=True)
    devices = []
    for number in range(count):
        shown = folder / f"device{number}"
        shown.write_text(f"device {number}\n")
        mount = {"hostPath": str(shown), "containerPath": f"/gpus/{number}", "options": ["rw", "bind"]}
        devices.append({"name": str(number), "containerEdits": {"mounts": [mount], "env": [f"GPU_{number}=given"]}})
    every = {"name": "all", "containerEdits": {"env": ["GPU_ALL=given"]}}
    told = {"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [*devices, every], "containerEdits": edits}
    (folder / "nvidia.yaml").write_text(json.dumps(told))  # JSON is YAML
    return folder
