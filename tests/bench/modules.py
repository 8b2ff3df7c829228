"""What is measured: ways to log in, each amid a number of users."""
import base64
import hashlib
import hmac
import pathlib
import re
import subprocess

SECRET = b"12345678901234567890"
BASE32 = base64.b32encode(SECRET).decode()
START = 1800000000
PERIOD = 30
MULTIARCH = pathlib.Path("/lib/x86_64-linux-gnu/security")
WRITES = "write,pwrite64,writev,pwritev,pwritev2"
SYNCS = "fsync,fdatasync,msync,sync_file_range,syncfs,sync"


def code(at):
    """RFC 6238."""
    mac = hmac.new(SECRET, (at // PERIOD).to_bytes(8, "big"),
                   hashlib.sha1).digest()
    low = mac[19] & 15
    return f"{(int.from_bytes(mac[low:low + 4], 'big') & 2**31 - 1) % 10**6:06}"


def names(count):
    return [f"u{i}" for i in range(count)]


class Module:
    """One PAM module, with its files below home."""

    step = 120  # seconds between two logins of a user

    def __init__(self, build, home, name, line, count):
        self.driver = build / "tests/bench/driver"
        self.home, self.name, self.count = home, name, count
        self.clock = START
        (home / "pam.d").mkdir()
        (home / "pam.d" / name).write_text(
            f"auth required {line}\naccount required pam_permit.so\n")

    def users(self, count):
        """As many, from the middle on."""
        first = (self.count - count) // 2
        return names(self.count)[first:first + count]

    def start(self, mode, attempts, *wrap, at=None, **options):
        arguments = [] if mode == "race" else [str(self.step)]
        out = subprocess.Popen(
            [*wrap, self.driver, mode, self.home / "pam.d", self.name,
             str(at or self.clock), *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, **options)
        out.stdin.write("".join(f"{u} {c}\n" for u, c in attempts))
        out.stdin.close()
        return out

    def run(self, *args, **options):
        process = self.start(*args, **options)
        out = process.stdout.read().split()
        if process.wait() != 0:
            raise RuntimeError(f"{self.name}: the driver failed")
        return out

    def attempts(self, user, number):
        return [(user, code(self.clock + i * self.step)) for i in range(number)]

    def login(self, mode, number, processes):
        """Times in ms of right codes, None where one was refused."""
        running = [self.start(mode, self.attempts(user, number))
                   for user in self.users(processes)]
        self.clock += (number + 1) * self.step
        times = [line for process in running
                 for line in process.stdout.read().split()[:-1]]
        for process in running:
            process.wait()
        return [None if t == "refused" else float(t) / 1000 for t in times]

    def peak_kib(self):
        out = self.run("login", self.attempts(self.users(1)[0], 1))
        self.clock += 2 * self.step
        return int(out[-1])

    def traced(self, number):
        """Bytes written and syncs for each of number logins."""
        trace = self.home / "trace"
        self.run("login", self.attempts(self.users(1)[0], number), "strace",
                 "-f", "-y", "-qq", "-o", trace, "-e",
                 f"trace={WRITES},{SYNCS}")
        self.clock += (number + 1) * self.step
        written = syncs = 0
        for line in trace.read_text().splitlines():
            call = re.search(r"(\w+)\(\d*<?([^>]*)>?.* = (\d+)", line)
            if call is None or call[2].startswith("pipe:"):
                continue
            if call[1] in WRITES.split(","):
                written += int(call[3])
            else:
                syncs += 1
        return written / number, syncs / number

    def instructions(self, number):
        """User-space instructions of the first login and of a later one."""
        counts = []
        for n in (0, 1, number + 1):
            process = self.start(
                "login", self.attempts(self.users(1)[0], n), "valgrind",
                "--tool=cachegrind", "--cache-sim=no",
                "--cachegrind-out-file=/dev/null", stderr=subprocess.PIPE)
            report = process.stderr.read()
            process.wait()
            self.clock += (n + 1) * self.step
            counts.append(int(re.search(r"I +refs: +([\d,]+)", report)[1]
                              .replace(",", "")))
        return counts[1] - counts[0], (counts[2] - counts[1]) / number


def run(driver, command, text):
    """Seconds and peak KiB of a command that reads text."""
    out = subprocess.run([driver, "run", *command], input=text, check=True,
                         capture_output=True, text=True).stdout.split()
    return float(out[0]), int(out[1])


def oath_file(path, count):
    path.write_text("".join(
        f"HOTP/T30 {n} - {SECRET.hex()}\n" for n in names(count)))
    path.chmod(0o600)
    return path


def emotp(build, home, count):
    conf = home / "emotp.conf"
    conf.write_text(f"key_file = {home}/key\nmail = maildir:{home}/mail\n"
                    f"store = sqlite:{home}/store/emotp.db\n")
    tool = [build / "emotp-provision", "--config", conf]
    driver = build / "tests/bench/driver"
    run(driver, [*tool, "init"], "")
    module = Module(build, home, "emotp",
                    f"{build}/pam_emotp.so conf={conf}", count)
    module.added = run(driver, [*tool, "add", "-"], "".join(
        f"{n},{n}@example.org\n" for n in names(count)))
    module.imported = run(driver, [*tool, "import", "users.oath", oath_file(
        home / "users.oath", count)], "")
    return module


def google(build, home, count, name="google-authenticator", more=""):
    users = Module(build, home, name, f"{MULTIARCH}/pam_google_authenticator"
                   f".so user=root secret={home}/${{USER}}", count)
    for user in users.users(min(count, 64)):
        file = home / user
        file.write_text(f'{BASE32}\n" DISALLOW_REUSE\n{more}" TOTP_AUTH\n')
        file.chmod(0o400)
    return users


def google_full(build, home, count):
    """The longest window that it takes, in which every code was used."""
    module = google(build, home, count, "google-authenticator, list full",
                    '" WINDOW_SIZE 100\n')
    module.step = PERIOD
    module.login("login", 100, 1)
    return module


def oath(build, home, count):
    file = oath_file(home / "users.oath", count)
    return Module(build, home, "oath",
                  f"{MULTIARCH}/pam_oath.so usersfile={file} window=5", count)


def floor(build, home, count):
    return Module(build, home, "floor",
                  f"{build}/tests/bench/pam_floor.so {home}/record", count)


def sqlite(build, home, count):
    import sqlite3
    db = sqlite3.connect(home / "db")
    db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t "
                     "(i INTEGER PRIMARY KEY, n INTEGER); "
                     "INSERT INTO t VALUES (1, 1)")
    db.close()
    return Module(build, home, "sqlite",
                  f"{build}/tests/bench/pam_sqlite.so {home}/db", count)


def make(build, place, which, count):
    place.mkdir(exist_ok=True)
    homes = [place / f"{f.__name__}-{count}" for f in which]
    for home in homes:
        home.mkdir(mode=0o700)
    return [f(build, home, count) for f, home in zip(which, homes)]
