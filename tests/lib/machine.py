"""A host for one test: configuration, store, users, logins. See README.md."""

import contextlib
import email
import email.policy
import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emotpd import LOCAL, DoesNotServe, Emotpd
from sandbox import HOMES, RUN
from ssh import Sshd
from stores import Postgresql, Sqlite
from tools import LIB, MODULE, PROVISION, preload
from totp import Token

NOW = 1_800_000_000  # the first second of a step, of 30 s and of 60 s
CODE = re.compile(r"^([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})\r?$", re.M)
DENIAL = "Code not accepted. Wait for the next code and enter that one."
PROMPT = "Verification code: "


class Result:
    """What a finished command left: rc, out, err, log (its syslog lines)."""

    def __init__(self, rc, out, err, log):
        self.rc, self.out, self.err, self.log = rc, out, err, log

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return (f"rc={self.rc}\nout={self.out}\nerr={self.err}\n"
                f"log={self.log}")


class Login:
    """One PAM conversation as its application saw it.

    prompts   [(text, echo)]         messages  [("error" or "info", text)]
    results   [(operation, code)]    result    the last code, "PAM_..."
    log       syslog lines           changed   process state that changed
    """

    def __init__(self, text, log):
        self.text, self.log = text, log
        self.prompts, self.messages, self.results, self.changed = [], [], [], []
        for line in text.splitlines():
            event, _, rest = line.partition(" ")
            rest = re.sub(r"\\x([0-9a-f]{2})",
                          lambda m: chr(int(m[1], 16)), rest)
            if event in ("prompt_off", "prompt_on"):
                self.prompts.append((rest, event == "prompt_on"))
            elif event in ("error", "info"):
                self.messages.append((event, rest))
            elif event == "result":
                self.results.append(tuple(rest.split()))
            elif event == "changed":
                self.changed.append(rest)
            else:
                raise ValueError(f"pamdrive said {line!r}")

    @property
    def result(self):
        return self.results[-1][1] if self.results else None

    @property
    def accepted(self):
        return self.result == "PAM_SUCCESS"

    @property
    def refused_as(self):
        """The reasons in the log: ["wrong", "replayed"]."""
        return [m[1] for m in (re.search(r" refused: (\S+)$", x)
                               for x in self.log) if m]

    @property
    def texts(self):
        return [text for _, text in self.messages]

    def __repr__(self):
        return "\n".join([self.text.rstrip(), *(f"log: {x}"
                                                for x in self.log)])


class Mail:
    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        self.message = email.message_from_bytes(self.raw,
                                                policy=email.policy.default)
        self.to = self.message["To"]
        self.subject = self.message["Subject"]
        self.body = self.message.get_content()

    @property
    def code(self):
        """The registration code, or None."""
        found = CODE.findall(self.body)
        assert len(found) <= 1, self.body
        return found[0] if found else None


class Machine:
    conf_path = Path("/etc/emotp/emotp.conf")
    key_path = Path("/etc/emotp/master.key")
    store_path = Sqlite.path

    def __init__(self, world, store):
        self.world = world
        self.store = store
        self.syslog = world.syslog
        self.now = NOW
        self.processes = []
        self.daemons = []  # each Emotpd of this test
        self.decider = None
        self.dir = RUN / "test"  # this test's own; tmp_path lies in it
        self.clear()
        self.dir.mkdir()
        self.sanitizer_log = self.dir / "sanitizer"
        self.start = self.syslog.here()
        self.maildir = self.dir / "maildir"
        self.conf_path.parent.mkdir(mode=0o755)
        self.conf()

    def clear(self):
        self.store.clear()
        for path in ("/etc/emotp", "/var/lib/emotp-new", self.dir):
            shutil.rmtree(path, ignore_errors=True)
        for service in Path("/etc/pam.d").iterdir():
            if service.name != "other":
                service.unlink()
        for home in HOMES.iterdir():
            shutil.rmtree(home / ".ssh", ignore_errors=True)

    @contextlib.contextmanager
    def kept_in(self, server):
        """For so long the store is an empty database of this PostgreSQL."""
        before = self.store
        self.store = Postgresql(server)
        self.store.clear()
        self.conf()
        yield
        self.stop_deciding()
        self.store = before

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        reports = [x.read_text(errors="replace")
                   for x in self.dir.glob("sanitizer*")]
        self.clear()
        assert not reports, "\n".join(reports)

    # Configuration, and what the module and the tool read.

    def conf(self, path=None, **settings):
        """Writes emotp.conf: a Maildir, the store, and these settings.

        A setting of None is left out. Returns the path.
        """
        settings = {"issuer": "Example", "mail": f"maildir:{self.maildir}",
                    **self.store.settings, **settings}
        path = Path(path or self.conf_path)
        path.write_text("".join(f"{k} = {v}\n" for k, v in settings.items()
                                if v is not None))
        path.chmod(0o644)
        return path

    def stack(self, service, *lines):
        """Writes a PAM service; {module} stands for pam_emotp.so."""
        lines = [x.format(module=MODULE, firstpass=LIB / "pam_firstpass.so")
                 for x in lines]
        if not any(x.startswith("account") for x in lines):
            lines.append("account required pam_permit.so")
        Path("/etc/pam.d", service).write_text("\n".join(lines) + "\n")
        return service

    # The tool.

    def run(self, argv, input=None, at=None, user=None, env=None,
            timeout=120, **more):
        """Any program, with our clock and libraries, to its end."""
        start = self.syslog.here()
        who = {} if user is None else {
            "user": user, "group": user, "extra_groups": []}
        done = subprocess.run(
            [str(x) for x in argv], input=input or "", text=True,
            capture_output=True, timeout=timeout, errors="replace",
            env=self.environment(at, env, **more), **who)
        return Result(done.returncode, done.stdout, done.stderr,
                      self.syslog.since(start))

    def environment(self, at=None, env=None, **more):
        at = self.now if at is None else at
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "HOME": "/root",
                **preload(at=at, sanitizer_log=self.sanitizer_log, **more),
                **(env or {})}

    def provision(self, *args, ok=False, **how):
        """emotp-provision ARGS. With ok=True anything but rc 0 fails."""
        done = self.run([PROVISION, *args], **how)
        if ok:
            assert done.rc == 0, f"emotp-provision {args}: {done}"
        return done

    def mails(self, to=None, subject=None):
        """What was delivered, oldest first."""
        new = self.maildir / "new"
        if not new.exists():
            return []
        mails = [Mail(x) for x in sorted(
            new.iterdir(), key=lambda x: (x.stat().st_mtime_ns, x.name))]
        return [x for x in mails if (to is None or to in x.to)
                and (subject is None or subject in x.subject)]

    def init(self):
        if not self.store.exists():
            self.saved("init", lambda: self.provision("init", ok=True))

    def add(self, user, address=None):
        """A user who is invited and has no token."""
        self.init()
        self.provision("add", user, address or f"{user}@example.org", ok=True)

    def invite(self, user, at=None):
        """Mails a registration code and returns it."""
        before = {x.path for x in self.mails()}
        self.provision("invite", user, at=at, ok=True)
        new = [x for x in self.mails() if x.path not in before and x.code]
        assert len(new) == 1, new
        return new[0].code

    def register(self, user, code, *args, otp=None, at=None):
        """Result of emotp-provision --json register."""
        return self.provision("--json", "register", user, *args, at=at,
                              input=code + "\n" + (otp + "\n" if otp else ""))

    def enrol(self, user, at=None):
        """An active user; returns the Token, whose first login is to come."""
        at = self.now - 600 if at is None else at

        def make():
            self.add(user)
            done = self.register(user, self.invite(user, at=at), at=at)
            assert done.rc == 0, done
            return Token(**done.json)

        return self.saved(("enrol", user, at), make)

    def enrol_used(self, user, at=None):
        """The same after a first login, five steps ago."""
        def make():
            token = self.enrol(user, at)
            login = self.login(user, token.code(self.now - 300),
                               at=self.now - 300)
            assert login.accepted, login
            return token

        return self.saved(("used", user, at, self.now), make)

    # What most tests begin with is made once in each process, then copied.

    snapshots = {}

    def saved(self, what, make):
        """make() for a host that has no store yet, or what it once made."""
        if (not self.store.kept or self.store.exists()
                or self.maildir.exists()):
            return make()
        what = (what, self.conf_path.read_text())
        if what not in self.snapshots:
            result = make()
            folder = RUN / "saved" / str(len(self.snapshots))
            for i, path in enumerate(self.state()):
                if path.exists():
                    shutil.copytree(path, folder / str(i))
            self.stop_deciding()
            self.snapshots[what] = (folder, self.store.save(folder / "store"),
                                    result)
            return result
        folder, store, result = self.snapshots[what]
        for i, path in enumerate(self.state()):
            if (folder / str(i)).exists():
                shutil.copytree(folder / str(i), path, dirs_exist_ok=True)
        self.store.load(store)
        return result

    def state(self):
        return (self.conf_path.parent, self.maildir)

    def show(self, user):
        return self.provision("--json", "show", user, ok=True).json

    # Logins through libpam.

    @contextlib.contextmanager
    def deciding(self, at=None):
        """Whoever decides for the module has this time for so long.

        That is the module itself, or, on PostgreSQL, an emotpd on the local
        socket: the test's own, or else one that reads the module's emotp.conf.
        """
        if self.store.local:
            yield
            return
        own = [x for x in self.daemons if x is not self.decider]
        before = [(x, x.at) for x in own]
        if not own:
            self.start_deciding()
        for daemon in own or [self.decider]:
            daemon.put_clock(self.now if at is None else at)
        yield
        for daemon, was in before:
            daemon.put_clock(was)

    def start_deciding(self):
        """An emotpd with the configuration as it is now, or nobody at all:
        one that refuses to start leaves the module alone.
        """
        conf = self.conf_path.read_text()
        if self.decider is None:
            LOCAL.parent.mkdir(mode=0o755, exist_ok=True)
            self.decider = Emotpd(self, self.dir / "decider")
            self.decider.conf = self.conf_path
        if not self.decider.runs() or self.decider.read != conf:
            self.stop_deciding()
            self.decider.read = conf
            with contextlib.suppress(DoesNotServe):
                self.decider.start()

    def stop_deciding(self):
        if self.decider is not None and self.decider.runs():
            self.decider.stop()

    def login(self, user, answers, args="", service="login", at=None,
              rhost="192.0.2.7", tty="ssh", options=(), stack=None, env=None,
              uid=None, wrap=(), leaves_by=None, **more):
        """One conversation; answers is a text or a list of texts.

        Writes the service (auth required pam_emotp.so ARGS) unless stack is
        given, or False for one that is there already.
        """
        if stack is not False:
            self.stack(service, *(stack or [
                f"auth required {{module}} {args}"]))
        with self.deciding(at):
            done = self.run(
                [*wrap, *self.driver(service, user, rhost, tty, options)],
                input=self.typed(answers), at=at, env=env, user=uid, **more)
        assert done.rc == (0 if leaves_by is None else -leaves_by), done
        return Login(done.out, done.log)

    def driver(self, service, user, rhost="192.0.2.7", tty="ssh", options=()):
        return [LIB / "pamdrive", *options, *(["-r", rhost] if rhost else []),
                *(["-t", tty] if tty else []), service, user]

    @staticmethod
    def typed(answers):
        if isinstance(answers, str):
            answers = [answers]
        return "".join(x + "\n" for x in answers)

    def login_many(self, user, answers, count, args="prompts=1", at=None,
                   distinct=False, service="login", **how):
        """The same login in count processes at the same moment.

        With distinct=True each process has one answer of its own. Returns a
        list of Logins; their log is that of all.
        """
        self.stack(service, f"auth required {{module}} {args}")
        options = ["-f", count, *(["-d"] if distinct else [])]
        with self.deciding(at):
            done = self.run(self.driver(service, user, options=options),
                            input=self.typed(answers), at=at, timeout=300,
                            **how)
        assert done.rc == 0, done
        parts = done.out.split("end\n")
        assert parts.pop() == "" and len(parts) == count, done
        return [Login(x, done.log) for x in parts]

    def pamtester(self, user, code, args="", at=None, service="login",
                  rhost="192.0.2.7"):
        """The same through the stock program; True if it was accepted."""
        self.stack(service, f"auth required {{module}} {args}")
        with self.deciding(at):
            done = self.run(
                ["pamtester", "-I", f"rhost={rhost}", "-I", "tty=ssh",
                 service, user, "authenticate"], input=code + "\n", at=at,
                leaks=False)
        return done.rc == 0, done

    # Time.

    def wait(self, steps=1, period=60):
        """Lets time pass; returns the new time."""
        self.now += steps * period
        return self.now

    # sshd.

    @contextlib.contextmanager
    def sshd(self, *extra, args="", stack=None):
        """A running sshd on a free loopback port, with our module.

        Its clock stands at machine.now (Sshd.set_clock changes it).
        """
        self.stack("sshd", *(stack or [
            f"auth required {{module}} {args}"]),
            "session required pam_permit.so")
        daemon = Sshd(self, extra)
        try:
            yield daemon
        finally:
            daemon.stop()

    def together(self, calls):
        """Runs callables at once, each in a thread; their results."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [x.result() for x in [pool.submit(c) for c in calls]]

