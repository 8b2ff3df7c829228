"""Completion as the shells do it, and as who presses Tab sees it."""

import os

import pexpect

from tools import PROVISION, TOP

BASH = TOP / "etc/completion/emotp-provision.bash"
ZSH = TOP / "etc/completion/_emotp-provision"
BASE = "/usr/share/bash-completion/bash_completion"

# What readline does before it calls the function: the line is split at the
# characters of COMP_WORDBREAKS, and each of those is a word.
DRIVER = r"""
. "$BASE"
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_LINE=${COMP_LINE// = /=}
COMP_POINT=${#COMP_LINE}
COMP_TYPE=9
_emotp_provision emotp-provision "${COMP_WORDS[COMP_CWORD]}" ''
((${#COMPREPLY[@]} == 0)) || printf '%s\0' "${COMPREPLY[@]}"
"""


def path(machine):
    """PATH with nothing but the program in front."""
    folder = machine.dir / "path"
    if not folder.exists():
        folder.mkdir()
        (folder / "emotp-provision").symlink_to(PROVISION)
    return f"{folder}:/usr/bin:/bin"


def environment(machine):
    return {"PATH": path(machine), "BASE": BASE, "TERM": "dumb",
            "HOME": str(machine.dir), "HISTFILE": "/dev/null"}


def complete(machine, *words, cwd=None, **how):
    """What bash offers for the last of these words, sorted."""
    folder = str(cwd or machine.dir)
    done = machine.run(
        ["bash", "--norc", "-c", 'cd "$0" && shift 0 && ' + DRIVER, folder,
         BASH, "emotp-provision", *words],
        env=environment(machine), leaks=False, **how)
    assert (done.rc, done.err) == (0, ""), done
    return sorted(done.out.split("\0")[:-1])


class Shell:
    """A shell at a terminal, with its completion."""

    def __init__(self, machine, argv, setup, folder):
        self.child = pexpect.spawn(
            argv[0], argv[1:], cwd=str(folder), encoding="utf-8", timeout=30,
            dimensions=(24, 200), env={
                **machine.environment(leaks=False), **environment(machine)})
        self.folder = folder
        self.child.sendline(f"{setup}; PS1='re''ady> '")
        self.child.expect_exact("ready> ")
        self.pause()

    def pause(self):
        """Until it reads keys again."""
        try:
            while True:
                self.child.expect(r".+", timeout=0.5)
        except pexpect.TIMEOUT:
            pass

    def arguments(self, typed):
        """Types, presses Tab and Enter: the words that a program gets."""
        out = self.folder / "arguments"
        out.unlink(missing_ok=True)
        self.child.send(typed + "\t")
        self.pause()
        self.child.sendline("")
        self.pause()
        return out.read_text().split("\0")[:-1] if out.exists() else None

    def close(self):
        self.child.close(force=True)


def recorder(machine, folder):
    """Stands before the program in PATH: list is answered by it, and of
    anything else the arguments are kept."""
    path(machine)
    program = machine.dir / "path/emotp-provision"
    program.unlink()
    program.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" list ") exec {PROVISION} "$@";; esac\n'
        f"printf '%s\\0' \"$@\" > {folder}/arguments\n")
    os.chmod(program, 0o755)


def bash(machine, folder):
    recorder(machine, folder)
    return Shell(machine, ["bash", "--norc", "--noprofile"],
                 f". {BASE}; . {BASH}; bind 'set bell-style none'; bind "
                 "'set enable-bracketed-paste off'", folder)


def zsh(machine, folder):
    recorder(machine, folder)
    functions = machine.dir / "functions"
    functions.mkdir()
    (functions / ZSH.name).symlink_to(ZSH)
    return Shell(machine, ["zsh", "-f"],
                 f"unsetopt zle_bracketed_paste; fpath=({functions} $fpath);"
                 "autoload -Uz compinit; compinit -u -D; unsetopt beep",
                 folder)
