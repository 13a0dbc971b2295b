"""Lets a process of a test kill itself with SIGKILL at a named stage, once; the product knows nothing of it.

SILD_TEST_DIE_AT is `module:function:call` or `…:return`, SILD_TEST_DIE_MARK a file that is removed when it happens.
Python imports this file by its name when the folder is on PYTHONPATH.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

if stage := os.environ.get("SILD_TEST_DIE_AT"):
    module, function, moment = stage.split(":")
    mark = os.environ["SILD_TEST_DIE_MARK"]
    tail = f"/{module.replace('.', '/')}.py"

    def watch(frame, event, _argument):
        code = frame.f_code
        if event != moment or code.co_name != function or not code.co_filename.endswith(tail):
            return
        try:
            os.unlink(mark)  # noqa: PTH108 -- pathlib may not be imported yet
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    threading.setprofile(watch)
