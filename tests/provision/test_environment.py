"""What a shell has exported for psql is not for the store."""

import socket

import pytest


def test_no_variable_says_which_database_is_meant(machine):
    machine.init()
    machine.conf(store="postgresql:///emotp")
    with socket.socket(socket.AF_UNIX) as elsewhere:
        elsewhere.bind(str(machine.dir / ".s.PGSQL.5432"))
        elsewhere.listen()
        elsewhere.settimeout(0.5)
        services = machine.dir / "services"
        services.write_text(f"[elsewhere]\nhost={machine.dir}\n")
        for env in ({"PGHOST": str(machine.dir)},
                    {"PGSERVICE": "elsewhere",
                     "PGSERVICEFILE": str(services)}):
            done = machine.provision("list", env=env)
            assert done.rc == 6 and str(machine.dir) not in done.err, done
            with pytest.raises(TimeoutError):
                elsewhere.accept()
