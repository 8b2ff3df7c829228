"""What the user reads is in the user's language; the prompt is not."""

import pytest

DENIED = {
    "en": "Code not accepted. Wait for the next code and enter that one.",
    "zh-Hant": "驗證碼未被接受。請等待下一個驗證碼，再輸入該驗證碼。",
    "pt": "Código não aceite. Aguarde o código seguinte e introduza esse.",
}
SLOW = {
    "en": "Your device's clock is about 6 minutes slow",
    "zh-Hant": "您裝置的時鐘大約慢了 6 分鐘",
    "pt": "O relógio do seu dispositivo está atrasado cerca de 6 minutos",
}
LEFT = {
    "en": "Recovery code accepted. Codes left: 9.",
    "zh-Hant": "已接受復原碼。剩餘復原碼：9。",
    "pt": "Código de recuperação aceite. Códigos restantes: 9.",
}


@pytest.fixture(params=list(DENIED))
def language(machine, alice, request):
    machine.provision("set", "alice", "--language", request.param, ok=True)
    return request.param


def texts(login):
    return [text for _, text in login.messages]


def test_a_denial(machine, alice, language):
    login = machine.login("alice", alice.wrong(machine.now), "prompts=1")
    assert texts(login) == [DENIED[language]]
    assert [text for text, _ in login.prompts] == ["Verification code: "]


def test_every_reason_reads_the_same(machine, alice, language):
    used = alice.code(machine.now)
    assert machine.login("alice", used, "prompts=1").accepted
    for typed in (used, alice.code(machine.now, 7), "nonsense", ""):
        login = machine.login("alice", typed, "prompts=1")
        assert texts(login) == [DENIED[language]], typed


def test_the_clock(machine, alice, language):
    first = machine.login("alice", alice.code(machine.now, -6), "prompts=1")
    assert first.refused_as == ["replayed"]
    machine.wait(6)
    for _ in range(2):
        machine.wait()
        login = machine.login(
            "alice", alice.code(machine.now, -6), "prompts=1")
    assert login.accepted and texts(login) == [SLOW[language]]


def test_a_recovery_code(machine, alice, language):
    code = machine.provision("--json", "recovery-codes", "alice",
                             ok=True).json["codes"][0]
    login = machine.login("alice", code, "prompts=1", rhost="192.0.2.7")
    assert login.accepted and texts(login) == [LEFT[language]]
    assert any("accepted recovery code for alice from 192.0.2.7 left=9"
               in line for line in login.log)


@pytest.mark.parametrize("default", list(DENIED))
def test_strangers_are_answered_in_the_default_one(machine, alice, default):
    machine.conf(language=default)
    login = machine.login("nobody-else", "123456", "prompts=1")
    assert texts(login) == [DENIED[default]]
