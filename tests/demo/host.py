"""The host as it is, to show afterwards that nothing of it changed."""

import hashlib
import os
import socket
import stat
from pathlib import Path

WATCHED = {
    "accounts": ["/etc/passwd", "/etc/group", "/etc/shadow",
                 "/etc/gshadow"],
    "/etc/pam.d": ["/etc/pam.d"],
    "/etc/ssh": ["/etc/ssh"],
    "/etc/emotp": ["/etc/emotp"],
    "/var/lib/emotp": ["/var/lib/emotp"],
    "/run/sshd": ["/run/sshd"],
    "/dev/log": ["/dev/log"],
}

# What the house covers with memory of its own, where only it can see that.
COVERED = ["/run", "/tmp", "/var/lib", "/var/log", "/var/tmp"]


def _tree(path):
    path = Path(path)
    yield path
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):
            yield from (Path(folder) / x for x in folders + files)


def _add(digest, path):
    """Kind, mode, owner, times and content of one file, or its absence."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return 0
    digest.update(repr((str(path), info.st_mode, info.st_uid, info.st_gid,
                        info.st_mtime_ns, info.st_ctime_ns)).encode())
    if stat.S_ISREG(info.st_mode):
        digest.update(path.read_bytes())
    return 1


def fingerprint(paths):
    """(files, SHA-256): alike only if nothing about them has changed."""
    digest = hashlib.sha256()
    count = sum(_add(digest, path)
                for top in paths for path in sorted(_tree(top)))
    return count, digest.hexdigest()


def _mounts():
    """What is mounted where the house mounts; others may come and go."""
    places = ["/", "/dev", "/etc", "/proc", *COVERED]
    lines = [x for x in Path("/proc/self/mountinfo").read_text().splitlines()
             if x.split()[4] in places]
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


def look():
    return {**{name: fingerprint(paths) for name, paths in WATCHED.items()},
            "mounts": _mounts()}


def processes_in(namespace):
    """How many processes live in the pid namespace of that inode."""
    count = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                count += (entry / "ns/pid").stat().st_ino == namespace
            except OSError:
                pass  # it ended while we looked
    return count


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def compare(before, after):
    """Rows of (what, words, whether it is as before)."""
    for name, (count, digest) in after.items():
        same = (count, digest) == before[name]
        if not same:
            yield name, "CHANGED", False
        elif count == 0:
            yield name, "not there, as before", True
        else:
            yield name, "as before: %d %s, sha256 %s" % (
                count, "lines" if name == "mounts" else
                "entry" if count == 1 else "entries", digest[:12]), True
