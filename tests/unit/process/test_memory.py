"""Threads allocate from one arena."""

import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, sys, threading
from syndication.process.memory import share_one_arena
if sys.argv[1] == "share":
    share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
ready = threading.Barrier(4)
def allocate():
    ready.wait()
    libc.malloc(10_000)
threads = [threading.Thread(target=allocate) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
out = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, out)
libc.fclose(out)
"""


def arenas(how: str) -> int:
    found = subprocess.run([sys.executable, "-c", ARENAS, how], capture_output=True, text=True, check=True)
    return found.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_arena():
    assert arenas("share") == 1 < arenas("not")
