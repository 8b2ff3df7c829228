"""Hosts in network namespaces of their own, on one bridge.

    with Net() as net:
        web1 = net.host("web1")
        subprocess.run([*web1.wrap, "..."])     inside it
        web1.unplug(), web1.plug_in()

A host has its own address, host name, /etc/emotp, /run/emotp, /run/sshd and
/var/lib/emotp (empty, on tmpfs); the rest, syslog too, is the world's. All of
them know each other, and the world ("hub"), by name: web1.example.org.
"""

import subprocess
from pathlib import Path

BRIDGE = "fleet"
PREFIX = "10.77.0."
DOMAIN = "example.org"
OWN = ("/etc/emotp", "/run/emotp", "/run/sshd", "/var/lib/emotp")
# The parent's end of standard input ends it, and with it all of its mounts.
HOLDER = """
set -e
hostname "$1"
ip link set lo up
shift
for folder; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
echo ready
read -r forever || true
"""


def ip(*args):
    subprocess.run(["ip", *(str(x) for x in args)], check=True)


class Host:
    def __init__(self, name, number):
        self.name = f"{name}.{DOMAIN}"
        self.address = PREFIX + str(number)
        self.veth = f"v{number}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--propagation",
             "private", "bash", "-c", HOLDER, "bash", name, *OWN],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"
        self.wrap = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "-u",
                     "--"]
        ip("link", "add", self.veth, "type", "veth", "peer", "name", "eth0",
           "netns", self.holder.pid)
        ip("link", "set", self.veth, "master", BRIDGE, "up")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def run(self, *argv, **how):
        """A command inside it, which succeeds."""
        return subprocess.run([*self.wrap, *(str(x) for x in argv)],
                              check=True, **how)

    def path(self, path):
        """A file of its own, as seen from outside."""
        return Path(f"/proc/{self.holder.pid}/root{path}")

    def unplug(self):
        """What is sent to it, or by it, gets lost, and nobody is told."""
        ip("link", "set", self.veth, "nomaster")

    def plug_in(self):
        ip("link", "set", self.veth, "master", BRIDGE)

    def close(self):
        ip("link", "del", self.veth)
        self.holder.stdin.close()
        self.holder.wait()


class Net:
    """The bridge, and the hosts on it. The world itself is hub, number 1."""

    def __init__(self):
        self.hosts = []
        self.known = Path("/etc/hosts").read_text()
        self.address = PREFIX + "1"

    def __enter__(self):
        for folder in OWN:
            Path(folder).mkdir(parents=True, exist_ok=True)
        # Else its address is that of a host that comes and goes.
        ip("link", "add", BRIDGE, "address", "02:00:00:00:00:01", "type",
           "bridge", "forward_delay", 0)
        ip("addr", "add", f"{self.address}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        self.know("hub." + DOMAIN, self.address)
        return self

    def __exit__(self, *what):
        for host in self.hosts:
            host.close()
        ip("link", "del", BRIDGE)
        Path("/etc/hosts").write_text(self.known)

    def know(self, name, address):
        with open("/etc/hosts", "a") as f:
            f.write(f"{address} {name}\n")

    def host(self, name):
        host = Host(name, len(self.hosts) + 11)
        self.hosts.append(host)
        self.know(host.name, host.address)
        return host
