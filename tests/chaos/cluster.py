# SPDX-License-Identifier: Apache-2.0
"""A cluster of tools/kafka, and the folder with Python's confluent-kafka."""
import contextlib
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = "confluent-kafka==2.16.1"
SKIPPED = 77  # ctest takes this exit code as "skipped".


class Skip(Exception):
    """What the tests need cannot be had on this machine."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("MILLRACE_CACHE") or os.path.join(base, "millrace"))


def client_python():
    """The interpreter of a virtual environment with the client, which is made when it is missing."""
    folder = cache_folder() / "tools" / CLIENT.replace("==", "-")
    python = folder / "bin" / "python3"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / "confluent-kafka.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / ".complete").exists():
            return python
        for command in ([sys.executable, "-m", "venv", "--clear", folder],
                        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
                         CLIENT]):
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Skip(f"{CLIENT} cannot be installed: {error}") from error
            if done.returncode != 0:
                raise Skip(f"{CLIENT} cannot be installed: {done.stdout.strip()[-500:]}")
        (folder / ".complete").touch()
    return python


def use_client():
    """Goes on in the virtual environment that has Python's confluent-kafka."""
    with contextlib.suppress(ImportError):
        import confluent_kafka  # noqa: F401
        return
    if os.environ.get("MILLRACE_CHAOS_CLIENT"):
        raise Skip(f"{CLIENT} is installed but cannot be imported")
    python = client_python()
    os.environ["MILLRACE_CHAOS_CLIENT"] = str(python)
    os.execv(python, [str(python), *sys.argv])


class Cluster:
    def __init__(self, folder, *, nodes, version, transaction_version):
        self.folder = folder
        self.count = nodes
        self.version = version
        self.transaction_version = transaction_version
        self.status = None

    def tool(self, *arguments):
        done = subprocess.run([str(ROOT / "tools" / "kafka"), *map(str, arguments), "--dir", str(self.folder)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"tools/kafka {arguments[0]}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def start(self):
        if not (cache_folder() / f"kafka-{self.version}" / ".complete").exists():
            try:
                subprocess.run([str(ROOT / "tools" / "kafka"), "jars", "--version", self.version], check=True,
                               stdout=subprocess.DEVNULL, timeout=600)
            except (OSError, subprocess.SubprocessError) as error:
                raise Skip(f"Kafka {self.version} cannot be had: {error}") from error
        self.status = json.loads(self.tool(
            "start", "--fresh", "--proxied", "--owner", os.getpid(), "--nodes", self.count, "--version", self.version,
            "--feature", f"transaction.version={self.transaction_version}", "--heap", "384m", "--timeout", 240))

    def stop(self):
        self.tool("kill")

    def nodes(self):
        return self.status["nodes"]

    def ids(self):
        return [node["id"] for node in self.nodes()]

    def bootstrap(self):
        """Past the proxy."""
        return self.status["bootstrap"]

    def pid(self, node):
        return next(each["pid"] for each in json.loads(self.tool("status"))["nodes"] if each["id"] == node)

    def kill(self, node):
        self.tool("kill", "--node", node)

    def stop_node(self, node):
        self.tool("stop", "--node", node)

    def start_node(self, node):
        self.tool("start", "--node", node, "--owner", os.getpid(), "--heap", "384m", "--timeout", 240)

    def restart(self, node):
        if self.pid(node) is None:
            self.start_node(node)

    def bounce(self, node):
        """Stops it cleanly and starts it again."""
        self.stop_node(node)
        self.start_node(node)

    def pause(self, node):
        os.kill(self.pid(node), signal.SIGSTOP)

    def resume(self, node):
        pid = self.pid(node)
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
