"""What is not exactly a message is refused, and counts towards nothing."""

import pytest

GOOD = b'{"email":"alice@example.org","code":"00000-00000","label":"x"}'

BAD = {
    "empty": b"",
    "no object": b'["email"]',
    "cut": GOOD[:-1],
    "trailing bytes": GOOD + b"x",
    "two objects": GOOD + GOOD,
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "a NUL": GOOD.replace(b"alice", b"ali\0ce"),
    "an escaped NUL": GOOD.replace(b"alice", b"alice\\u0000"),
    "a key twice": GOOD.replace(b'"label"', b'"code":"1","label"'),
    "a key twice, spelt otherwise":
        GOOD.replace(b'"label"', b'"c\\u006fde":"1","label"'),
    "a key more": GOOD.replace(b'"label"', b'"role":"root","label"'),
    "a key less": b'{"email":"alice@example.org","code":"0"}',
    "bad UTF-8": GOOD.replace(b"alice", b"ali\xff\xfece"),
    "overlong UTF-8": GOOD.replace(b"alice", b"ali\xc0\x80ce"),
    "half a pair": GOOD.replace(b"alice", b"\\ud800"),
    "a control character": GOOD.replace(b"alice", b"ali\nce"),
    "a number for a text": GOOD.replace(b'"x"', b"1e999"),
    "null": GOOD.replace(b'"x"', b"null"),
    "nested": GOOD.replace(b'"x"', b'{"a":"b"}'),
    "deep": b'{"email":' + b"[" * 1500 + b"]" * 1500 + b"}",
    "a comment": GOOD.replace(b'"label"', b'/* */"label"'),
    "single quotes": GOOD.replace(b'"', b"'"),
    "4097 bytes": GOOD + b" " * (4097 - len(GOOD)),
    "5 MiB": GOOD + b" " * (5 << 20),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed(service, name):
    told = service.post("/v1/tokens", BAD[name])
    assert (told.status, told.type) == (400, "malformed")


def test_it_counts_towards_nothing(service, machine):
    machine.add("alice")
    assert service.post("/v1/registration-codes",
                        {"email": "alice@example.org"}).status == 202
    service.wait_for("mail: 1 sent")
    for body in BAD.values():
        service.post("/v1/tokens", body)
    told = service.post("/v1/tokens", {
        "email": "alice@example.org", "code": machine.mails()[-1].code,
        "label": ""})
    assert told.status == 201


def test_a_good_one_may_have_white_space(service):
    assert service.post("/v1/tokens",
                        b" \t\r\n" + GOOD + b"\n").type == "wrong-code"


@pytest.mark.parametrize("number", [
    "1.0", "1e3", "01", "+1", "-", "0x10", "9" * 30, "\"1\"", "true"])
def test_integers_only(service, number):
    told = service.post(
        f"/v1/tokens/{'0' * 32}/confirmations",
        f'{{"otp":"123456","time":{number}}}'.encode())
    assert (told.status, told.type) == (400, "malformed")
