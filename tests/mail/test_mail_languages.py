"""Each mail in the language of its reader."""

import pytest

SUBJECTS = {
    "en": ["Your registration code for Example",
           "New token registered for Example",
           "Recovery code used for Example",
           "Token revoked for Example",
           "Your registration for Example was reset",
           "You were removed from Example"],
    "zh-Hant": ["您的 Example 註冊碼", "已為 Example 註冊新的權杖",
                "您的 Example 復原碼已被使用", "已撤銷 Example 的權杖",
                "您的 Example 註冊已重設", "您已從 Example 移除"],
    "pt": ["O seu código de registo para Example",
           "Novo token registado para Example",
           "Código de recuperação usado para Example",
           "Token revogado para Example",
           "O seu registo para Example foi reposto",
           "Foi removido de Example"],
}
LEFT = {"en": "you have 9 left", "zh-Hant": "您還剩下 9 組",
        "pt": "restam-lhe 9"}


def live(machine):
    """All that can happen to alice, from her invitation to her end."""
    token = machine.enrol("alice")
    assert machine.login("alice", token.code(machine.now)).accepted
    codes = machine.provision("--json", "recovery-codes", "alice",
                              ok=True).json["codes"]
    assert machine.login("alice", codes[0]).accepted
    for command in ("revoke", "reset", "remove"):
        machine.provision("flush", ok=True)
        machine.provision(command, "alice", ok=True)
    machine.provision("flush", ok=True)
    return machine.mails()


@pytest.mark.parametrize("language", SUBJECTS)
def test_every_kind(machine, language):
    machine.init()
    machine.conf(language=language)
    mails = live(machine)
    assert sorted(x.subject for x in mails) == sorted(SUBJECTS[language])
    left, = [x.body for x in mails if x.subject == SUBJECTS[language][2]]
    assert LEFT[language] in left
    for mail in mails:
        assert "{" not in mail.body and "alice" in mail.body
        headers = mail.raw.split(b"\r\n\r\n")[0]
        assert headers.isascii()


@pytest.mark.parametrize("language", SUBJECTS)
def test_the_user_s_own_before_the_default(machine, language):
    machine.init()
    machine.conf(language="pt" if language == "en" else "en")
    machine.provision("add", "alice", "alice@example.org",
                      "--language", language, ok=True)
    machine.provision("invite", "alice", ok=True)
    assert machine.mails()[-1].subject == SUBJECTS[language][0]
