"""When the tool says that the first login is possible."""

import calendar
import re
import time

from terminal import ESCAPES

SENTENCE = re.compile(r"first login is possible with the next code,\s+from"
                      r" (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC"
                      r" \(in (\d+) s(?:econds?)?\)")


def first_login(screen):
    """(Unix seconds, seconds from now)."""
    found = SENTENCE.search(ESCAPES.sub("", screen))
    assert found, screen
    at = calendar.timegm(time.strptime(found[1], "%Y-%m-%d %H:%M:%S"))
    return at, int(found[2])
