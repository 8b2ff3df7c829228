"""The story that the demonstration tells, step by step."""

import os
import re
import shlex
import textwrap
import time

import house
import phone_act
from dialogue import Dialogue, Otherwise
from screen import (Steps, block, command, good, paint, say,
                    wait_for_next_code)
from totp import Token  # of tests/lib: knows nothing of the code shown here

DENIAL = "Code not accepted. Wait for the next code and enter that one."
GREETING = 'echo "$(id -un) is in, on $(hostname)"'
TRIES = 3  # prompts of one conversation


def must(condition, otherwise):
    if not condition:
        raise Otherwise(otherwise)


class Story:
    def __init__(self, place):
        self.house = place
        self.step = Steps()
        self.token = None
        self.used = None  # the step of the first code
        self.code = None  # of the login
        self.mailed_at = 0
        self.marks = []  # where in the log each part began
        self.env = house.environment()
        os.chdir(place.keys)

    # The administrator.

    def configure(self):
        self.step("A server is prepared")
        say("It lives in namespaces of its own: an account, alice, whose"
            " public key is in place; a mail server; an sshd on a loopback"
            " port; and what the README tells an administrator to set up."
            " /etc/emotp/emotp.conf:")
        print()
        block(open("/etc/emotp/emotp.conf").read())
        for path, about in (
                ("/etc/pam.d/sshd", "asks for the code"),
                ("/etc/ssh/sshd_config.d/10-emotp.conf",
                 "wants the key first")):
            print()
            say("%s %s:" % (path, about))
            print()
            block(re.sub(r"(?m)^#.*\n|^(account|session).*\n", "",
                         open(path).read()))

    def provision(self, *arguments):
        """Runs emotp-provision as it stands; it must succeed."""
        command("emotp-provision " + " ".join(arguments))
        tool = Dialogue([str(house.PROVISION), *arguments], self.env)
        status = tool.finish()
        must(status == 0, "emotp-provision %s ended with %d, not 0"
             % (arguments[0], status))

    def prepare(self):
        self.step("The administrator makes the key and the store ...")
        self.provision("init")
        self.step("... and adds alice, with her address")
        self.provision("add", house.USER, house.ADDRESS)

    def show_mail(self, number):
        """Prints the mail as it arrived; returns it."""
        mail = self.house.wait_for_mail(number)
        must(mail, "mail %d did not arrive" % number)
        print()
        frame = paint("| ", "cyan")
        block(textwrap.indent(mail, frame, lambda line: True))
        return mail

    def begin_enrolment(self):
        """Up to the prompt for the mailed code; returns (tool, mail)."""
        command("emotp-provision enroll %s" % house.USER)
        tool = Dialogue([str(house.PROVISION), "enroll", house.USER],
                        self.env)
        tool.expect(r"sent to %s[^\n]*\n" % re.escape(house.ADDRESS))
        print()
        self.mailed_at = time.time()
        say("The mail, as it arrived in her mailbox:")
        mail = self.show_mail(1)
        print()
        tool.expect(r"Registration code: ")
        return tool, mail

    def enrol(self):
        self.step("Alice enrols: a code comes by mail, she types it and"
                  " scans the QR code")
        tool, mail = self.begin_enrolment()
        found = re.search(r"(?m)^(\w{5}-\w{5})$", mail)
        must(found, "the mail holds no code on a line of its own")
        tool.type(found[1])
        uri = tool.expect(r"otpauth://totp/\S+")[0]
        self.token = Token(re.search(r"secret=([A-Z2-7]+)", uri)[1])
        tool.expect(r"First code: ")
        now = int(time.time())
        self.used = now // self.token.period
        tool.type(self.token.code(now))
        status = tool.finish()
        must(status == 0, "enroll ended with %d, not 0" % status)
        must("Accepted" in tool.text, "enroll accepted no first code")
        good("Her token works. The success mail:")
        self.show_mail(2)

    # The user.

    def login(self, answers, *options):
        """ssh, answering its prompts; the ended Dialogue and its status."""
        line = ["ssh", "-F", "ssh_config", *options, "server", GREETING]
        command(shlex.join(line))
        client = Dialogue(self.house.ssh(*options, "server", GREETING),
                          self.env)
        for answer in answers:
            client.expect(r"Verification code: ")
            client.type(answer)
        return client, client.finish()

    def wait_for_log(self, pattern, start, timeout_s=10):
        end = time.time() + timeout_s
        while not re.search(pattern, self.house.log()[start:]):
            must(time.time() < end, "the log does not say /%s/" % pattern)
            time.sleep(0.05)

    def log_in(self):
        self.step("She logs in: her key, and the code that her token shows")
        wait_for_next_code(self.used + 1, self.token.period)
        say("ssh_config names the port and her key; nothing else is"
            " special.")
        print()
        self.code = self.token.code(int(time.time()))
        start = len(self.house.log())
        client, status = self.login([self.code])
        must(status == 0, "the login with key and code ended with %d"
             % status)
        must("alice is in, on server" in client.text,
             "the remote command did not run")
        self.wait_for_log("accepted code for alice from 127.0.0.1(?s:.*)"
                          "Accepted keyboard", start)
        good("In.")

    def refused(self, codes, reason):
        start = len(self.house.log())
        client, status = self.login(codes)
        must(status == 255, "the login ended with %d, not 255" % status)
        must(DENIAL in client.text, "ssh did not show the text of a denial")
        must("alice is in" not in client.text, "the command was run")
        self.wait_for_log("alice refused: %s(?s:.*)Failed keyboard" % reason,
                          start)

    def refuse_same(self):
        self.step("The same code again")
        say("Seen over her shoulder, and typed within its minute. It has"
            " opened a session, so it opens no other:")
        print()
        self.refused([self.code] * TRIES, "replayed")
        good("Refused.")

    def refuse_wrong(self):
        self.step("A wrong code")
        say("Whoever has the key, but not the token, has to guess, and"
            " learns nothing from the answer:")
        print()
        now = int(time.time())
        self.refused([self.token.wrong(now, n) for n in range(TRIES)],
                     "wrong")
        good("Refused.")

    def refuse_key_alone(self):
        self.step("The key alone")
        start = len(self.house.log())
        client, status = self.login([], "-o",
                                    "KbdInteractiveAuthentication=no")
        must(status == 255, "the key alone ended with %d, not 255" % status)
        must("Permission denied" in client.text, "ssh was not refused")
        self.wait_for_log("Partial publickey for alice", start)
        good("Refused: the key is right, and only half of it.")

    def second_act(self):
        """A phone, in the place of the token."""
        self.step("Alice takes a phone instead: the service starts")
        self.house.start_service()
        say("emotpd serves its page on http://localhost:%d, and the module"
            " asks it from now on." % self.house.service_port)
        print()
        self.provision("reset", house.USER)
        if not phone_act.possible():
            say("There is no Chromium here to play the phone, with"
                " chromium-driver and python3-selenium: `make try` is for"
                " your own browser.")
            return
        self.step("On the page she registers")
        wait_s = self.mailed_at + 61 - time.time()
        if wait_s > 0:
            say("A user is mailed one code a minute at most: %d s to wait."
                % wait_s)
            time.sleep(wait_s)
        code = phone_act.register(self)
        self.step("She logs in with the code on its screen")
        start = len(self.house.log())
        client, status = self.login([code])
        must(status == 0, "the login with the phone's code ended with %d"
             % status)
        must("alice is in, on server" in client.text,
             "the remote command did not run")
        self.wait_for_log("accepted code for alice from 127.0.0.1", start)
        good("In.")

    def show_log(self):
        """All of it that is about us, a paragraph for each step."""
        self.step("What the administrator finds in the log")
        log = self.house.log()
        parts = [log[start:end] for start, end in zip(
            self.marks, [*self.marks[1:], None])]
        for part in parts[1:]:
            self.show_log_lines(part)
            print()

    @staticmethod
    def show_log_lines(text):
        """Those of emotp, and sshd's verdicts."""
        ours = r"(?m)^.*(?:emotp|Partial|(?:Accepted|Failed) \S+ for).*$"
        for line in re.findall(ours, text):
            line = re.sub(r": (\S+) SHA256:\S+", r": \1 ...", line)
            print(textwrap.fill(line, 76, initial_indent="    ",
                                subsequent_indent=" " * 20,
                                break_on_hyphens=False), flush=True)

    def tell(self):
        for part in (self.configure, self.prepare, self.enrol, self.log_in,
                     self.refuse_same, self.refuse_wrong,
                     self.refuse_key_alone, self.second_act):
            self.marks.append(len(self.house.log()))
            part()
        self.show_log()

    # The newcomer, with a token of their own.

    def offer(self):
        """Enrols whoever sits at the terminal, then follows the log."""
        self.step("A server of your own")
        say("It has one account, alice, and it is you. What it mails her"
            " is shown here.")
        print()
        for arguments in (["init"], ["add", house.USER, house.ADDRESS]):
            self.provision(*arguments)
        self.step("Enrol")
        say("Type the code of the mail. Then scan the QR code with an app"
            " that honours 60-second periods, or type its key into any"
            " token, and enter the first code.")
        print()
        tool, _mail = self.begin_enrolment()
        status = tool.hand_over()
        must(status == 0, "enroll ended with %d, not 0" % status)
        good("The success mail:")
        self.show_mail(2)
        self.invite_to_register()
        self.invite_to_log_in()
        self.follow_log()

    def invite_to_register(self):
        self.house.start_service()
        self.step("Or register a browser of this machine as a token")
        say("Open http://localhost:%d and enter %s. The mail is shown below;"
            " the page also wants a current code of the token that you have"
            " just enrolled." % (self.house.service_port, house.ADDRESS))
        print()

    def invite_to_log_in(self):
        keys = self.house.keys
        self.step("Log in, with the next code")
        say("From another terminal of this machine, as often as you like:")
        print()
        block("ssh -F none -p %d -i %s/key \\\n"
              "    -o IdentitiesOnly=yes \\\n"
              "    -o UserKnownHostsFile=%s/known_hosts \\\n"
              "    %s@127.0.0.1" % (self.house.ssh_port, keys, keys,
                                    house.USER))
        print()
        say("Try a code twice, or a wrong one. The log follows; Ctrl-C ends"
            " it all and leaves no trace.")
        print()

    def follow_log(self):
        shown = len(self.house.log())
        mails = len(self.house.mails())
        while True:
            while len(self.house.mails()) > mails:
                mails += 1
                self.show_mail(mails)
            text = self.house.log()
            end = text.rfind("\n") + 1
            self.show_log_lines(text[shown:end])
            shown = end
            time.sleep(0.2)


