"""RFC 6238 on its own, so that the tests do not ask the code under test."""

import base64
import hashlib
import hmac
import struct


def code(secret, at, digits=6, period=60, algorithm="SHA1"):
    """The code of a base-32 (or bytes) secret at a time in Unix seconds."""
    if isinstance(secret, str):
        secret = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(secret, struct.pack(">q", at // period),
                   getattr(hashlib, algorithm.lower())).digest()
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start:start + 4])[0] & 0x7fffffff
    return str(number % 10 ** digits).zfill(digits)


class Token:
    """A user's device: shows codes; may be fast by some steps."""

    def __init__(self, secret, digits=6, period=60, algorithm="SHA1", **more):
        self.secret = secret
        self.digits = digits
        self.period = period
        self.algorithm = algorithm
        self.more = more  # whatever else registration answered

    def code(self, at, steps=0):
        """What it shows at a time when its clock is fast by so many steps."""
        return code(self.secret, at + steps * self.period, self.digits,
                    self.period, self.algorithm)

    def wrong(self, at, number=0, reach=60):
        """A code that no step near that time has; another per number."""
        near = {self.code(at, s) for s in range(-reach, reach + 1)}
        guess = 0
        while True:
            text = str(guess).zfill(self.digits)
            if text not in near:
                if number == 0:
                    return text
                number -= 1
            guess += 1
