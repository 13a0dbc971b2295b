"""How the C library keeps what this process gives back: one heap, and large pieces returned to the system at once."""

from __future__ import annotations

import ctypes

# Parameters of glibc's mallopt(3).
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
# Above what a page of objects usually has: mapping and clearing memory anew for each page costs a quarter of its time.
LARGE_BYTES = 4 * 1024 * 1024


def keep_little() -> bool:
    """Ask for it, before any thread starts; False where the C library cannot, as on musl.

    Otherwise each thread has a heap of its own, and pages of a megabyte leave holes in all of them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all([mallopt(_ARENA_MAX, 1), mallopt(_MMAP_THRESHOLD, LARGE_BYTES)])
