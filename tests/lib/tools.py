"""What the tests run: the built artefacts, and helpers built beside them."""

import functools
import os
import selectors
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("EMOTP_BUILD", "build")
MODULE = BUILD / "pam_emotp.so"
PROVISION = BUILD / "emotp-provision"
LIB = BUILD / "tests/lib"
SOURCES = TOP / "tests/lib"

BASE = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra",
        "-Werror"]


@functools.cache
def sanitized():
    """Whether the artefacts carry AddressSanitizer."""
    return b"__asan_init" in MODULE.read_bytes() if MODULE.exists() else False


def commands():
    shared = ["-shared", "-fPIC"]
    asan = (["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
            if sanitized() else [])
    yield "atclock.c", "atclock.so", shared, []
    yield "nodlclose.c", "nodlclose.so", shared, []
    yield "countmac.c", "countmac.so", shared, []
    yield "hurry.c", "hurry.so", shared, []
    yield "nss_alias.c", "libnss_alias.so.2", shared, []
    yield "pam_firstpass.c", "pam_firstpass.so", shared, ["-lpam"]
    yield "pamdrive.c", "pamdrive", asan, ["-lpam"]


def readable(files, timeout_s=None):
    """Those of them that can be read; unlike select, whatever their numbers.
    """
    with selectors.DefaultSelector() as selector:
        for file in files:
            selector.register(file, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(timeout_s)]


def build_helpers():
    """As the owner of the build directory, so that root leaves nothing."""
    for path in (MODULE, PROVISION):
        if not path.exists():
            raise RuntimeError(f"{path} is not built: run make")
    owner = BUILD.stat()
    who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    subprocess.run(["mkdir", "-p", LIB], check=True, **who)
    for source, target, flags, libraries in commands():
        source, target = SOURCES / source, LIB / target
        newest = max(source.stat().st_mtime, MODULE.stat().st_mtime)
        if target.exists() and target.stat().st_mtime >= newest:
            continue
        subprocess.run([os.environ.get("CC", "cc"), *BASE, *flags, "-o",
                        target, source, *libraries], check=True, **who)


@functools.cache
def asan_library():
    return subprocess.run(
        [os.environ.get("CC", "cc"), "-print-file-name=libasan.so"],
        check=True, capture_output=True, text=True).stdout.strip()


def preload(*extra, at=None, leaks=True, sanitizer_log=None):
    """Environment for a process that carries our code.

    at: Unix seconds at which its clock stands, or the path of a clock file.
    """
    env, libraries = {}, []
    if sanitized():
        libraries.append(asan_library())
        libraries.append(str(LIB / "nodlclose.so"))
        env["ASAN_OPTIONS"] = ":".join([
            f"detect_leaks={int(leaks)}", "abort_on_error=0",
            "verify_asan_link_order=0", f"log_path={sanitizer_log}"])
        env["UBSAN_OPTIONS"] = f"print_stacktrace=1:log_path={sanitizer_log}"
    if at is not None:
        libraries.append(str(LIB / "atclock.so"))
        env["EMOTP_TEST_CLOCK"] = str(at)
    libraries += [str(x) for x in extra]
    if libraries:
        env["LD_PRELOAD"] = " ".join(libraries)
    return env

