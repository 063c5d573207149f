"""What systemd forbids a service by seccomp, put on a command as systemd puts it: ``python sandbox.py UNIT COMMAND…``.

Without systemd and without being root: the kernel's calls, the families of addresses, and memory that is both written
and run. libseccomp is systemd's own, and the sets of calls are those that systemd-analyze tells.
"""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL = 4
SET_NO_NEW_PRIVS, SET_MDWE = 38, 65


class Compare(ctypes.Structure):
    """``struct scmp_arg_cmp``: the argument of a call that is looked at."""

    _fields_ = (
        ("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64),
    )  # fmt: skip


def values(unit: str, key: str) -> list[str]:
    """The values of a key in the order in which they stand in a unit."""
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


def members(name: str) -> set[str]:
    """The calls of a set, those of the sets within it too."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    ).stdout
    found: set[str] = set()
    for line in told.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= members(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed_calls(unit: str) -> set[str]:
    """What SystemCallFilter leaves: the first line allows, those with ~ take away (systemd.exec)."""
    found: set[str] = set()
    for value in values(unit, "SystemCallFilter"):
        names = {call for word in value.removeprefix("~").split() for call in members(word)}
        found = found - names if value.startswith("~") else found | names
    # systemd lets these through in any case, to set the sandbox up and to start the command.
    return found | members("@default") | {"execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"}


def confine(unit: str) -> None:
    """Put on this process, and on all that it starts, what a unit says."""
    kernel = ctypes.CDLL(None, use_errno=True)
    if values(unit, "MemoryDenyWriteExecute") == ["yes"] and kernel.prctl(SET_MDWE, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this kernel has no PR_SET_MDWE")
    kernel.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in allowed_calls(unit) - {"socket"}:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # Negative: a call of another architecture.
            seccomp.seccomp_rule_add(rules, ctypes.c_uint32(ALLOW), number, ctypes.c_uint(0))
    (families,) = values(unit, "RestrictAddressFamilies")
    for family in families.split():
        only = Compare(0, EQUAL, getattr(socket, family), 0)
        number = seccomp.seccomp_syscall_resolve_name(b"socket")
        seccomp.seccomp_rule_add_array(
            rules, ctypes.c_uint32(ALLOW), number, ctypes.c_uint(1), ctypes.byref(only)
        )  # fmt: skip
    if seccomp.seccomp_load(rules):
        raise OSError("the filter was not taken")


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text(encoding="utf-8"))
    os.execv(sys.argv[2], sys.argv[2:])
