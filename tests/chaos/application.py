# SPDX-License-Identifier: Apache-2.0
"""The processes of one application: system_app, its logs and its state folders."""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

CLOSE_SECONDS = 40


class Guard:
    """Kills the processes when this one ends for any reason: the end closes the pipe."""

    PROGRAM = """if True:
        import os, signal, sys
        alive = set()
        for line in sys.stdin:
            (alive.add if line[0] == "+" else alive.discard)(int(line[1:]))
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        """

    def __init__(self):
        self.child = subprocess.Popen([sys.executable, "-c", self.PROGRAM], stdin=subprocess.PIPE, text=True,
                                      start_new_session=True, stderr=subprocess.DEVNULL)
        self.lock = threading.Lock()

    def tell(self, sign, pid):
        with self.lock:
            self.child.stdin.write(f"{sign}{pid}\n")
            self.child.stdin.flush()

    def end(self):
        self.child.stdin.close()
        self.child.wait()


class Process:
    """One process. `running` is what it shall be; the monitor reports when it is not."""

    def __init__(self, name, command, folder, guard):
        self.name = name
        self.guard = guard
        self.folder = pathlib.Path(folder)
        self.command = command + ["--state-dir", str(self.folder / f"state{name}")]
        self.lock = threading.Lock()  # One fault at a time.
        self.child = None
        self.violations = []
        self.ends = 0  # By itself.
        self.events_at = 0

    def log(self, kind):
        return self.folder / f"process{self.name}.{kind}"

    def is_up(self):
        return self.child is not None and self.child.poll() is None

    def start(self):
        if self.child is not None:
            return
        self.events_at = self.log("events").stat().st_size if self.log("events").exists() else 0
        with open(self.log("events"), "ab") as events, open(self.log("log"), "ab") as log:
            self.child = subprocess.Popen(self.command, stdout=events, stderr=log, stdin=subprocess.DEVNULL)
        self.guard.tell("+", self.child.pid)

    def take(self):
        """The process no longer has to run."""
        child, self.child = self.child, None
        return child

    def ended(self, child):
        self.guard.tell("-", child.pid)

    def check(self):
        """A process ends only when it is told to."""
        child = self.child
        if child is not None and child.poll() is not None:
            self.ended(self.take())
            self.ends += 1
            if self.ends <= 3:
                self.violations.append(f"ENDED: process {self.name} ended by itself with {child.returncode}")
                self.start()

    def kill(self):
        child = self.take()
        if child is not None:
            child.kill()
            child.wait()
            self.ended(child)

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        if self.child is not None:
            self.child.send_signal(signal.SIGCONT)

    def terminate(self):
        """SIGTERM: the process closes cleanly, whatever happens to its brokers at the time."""
        child = self.take()
        if child is None:
            return
        begin = time.monotonic()
        child.terminate()
        try:
            code = child.wait(CLOSE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self.violations.append(f"CLOSE: process {self.name} has not ended {CLOSE_SECONDS + 5} s after SIGTERM")
            self.save_stacks(child.pid)
            child.kill()
            code = child.wait()
        self.ended(child)
        if code == -signal.SIGTERM and not self.events():
            return  # Before it could block the signal.
        if code not in (0, -signal.SIGKILL):
            self.violations.append(f"CLOSE: process {self.name} ended with {code}, {time.monotonic() - begin:.1f} s after SIGTERM")

    def save_stacks(self, pid):
        """Of all threads, if gdb is installed: what a process waits for."""
        if shutil.which("gdb"):
            with open(self.log("stacks"), "ab") as file:
                subprocess.run(["gdb", "-batch", "-p", str(pid), "-ex", "thread apply all bt"], stdin=subprocess.DEVNULL,
                               stdout=file, stderr=file)

    def wipe(self):
        shutil.rmtree(self.folder / f"state{self.name}", ignore_errors=True)

    def events(self, since=None):
        """Those since the last start, or from this position of the file."""
        try:
            with open(self.log("events"), "rb") as file:
                file.seek(self.events_at if since is None else since)
                lines = file.read().split(b"\n")
        except OSError:
            return []
        result = []
        for line in lines[:-1]:
            try:
                result.append(json.loads(line))
            except ValueError:
                continue
        return result

    def restored(self):
        """The number of records of each restore that has ended, since the first start."""
        return [event["records"] for event in self.events(0) if event.get("event") == "restored"]

    def tasks(self, kind="tasks"):
        """Of the kind "tasks" (active ones) or "standbys"."""
        found = [event.get(kind, []) for event in self.events() if event.get("event") == "assigned"]
        return found[-1] if found else []


def command_of(binary, *, workload, guarantee, bootstrap, name, inputs, output, threads, commit_interval_ms, standbys, settings):
    """The command line of system_app, without the state directory."""
    command = [str(binary), "--workload", workload, "--bootstrap-servers", bootstrap, "--application-id", name,
               "--input", inputs[0], "--output", output, "--guarantee", guarantee, "--threads", str(threads),
               "--commit-interval-ms", str(commit_interval_ms), "--cache-bytes", "0", "--standby-replicas", str(standbys)]
    if len(inputs) > 1:
        command += ["--input-2", inputs[1]]
    for setting, value in settings.items():
        command += ["--config", f"{setting}={value}"]
    return command


class Application:
    """A fixed number of processes, and one more while it is scaled up."""

    def __init__(self, binary, folder, *, workload, guarantee, bootstrap, name, inputs, output, processes, replication,
                 session_timeout, commit_interval_ms, threads, standbys, static_members):
        self.name = name
        # Event time is in the past, and the brokers delete changelogs of windows by it.
        command = command_of(binary, workload=workload, guarantee=guarantee, bootstrap=bootstrap, name=name, inputs=inputs,
                             output=output, threads=threads, commit_interval_ms=commit_interval_ms, standbys=standbys, settings={
                                 "windowstore.changelog.additional.retention.ms": 31536000000,
                                 # The default of at-least-once is that of Kafka's consumer, read_uncommitted.
                                 "consumer.isolation.level": "read_committed",
                                 "replication.factor": replication,
                                 "session.timeout.ms": int(session_timeout * 1000),
                                 "heartbeat.interval.ms": int(session_timeout * 1000 / 6)})
        self.guard = Guard()
        members = [["--config", f"group.instance.id=process-{index}"] if static_members else [] for index in range(processes + 1)]
        self.processes = [Process(index, command + members[index], folder, self.guard) for index in range(processes)]
        self.extra = Process(processes, command + members[processes], folder, self.guard)
        self.watching = threading.Event()
        self.watcher = threading.Thread(target=self.watch, daemon=True)

    def start(self):
        for process in self.processes:
            process.start()
        self.watcher.start()

    def watch(self):
        while not self.watching.wait(0.2):
            for process in self.processes + [self.extra]:
                if process.lock.acquire(blocking=False):
                    try:
                        process.check()
                    finally:
                        process.lock.release()

    def heal(self):
        for process in self.processes:
            with process.lock:
                process.resume()
                process.start()

    def end(self):
        """SIGTERM for all; afterwards no process is left."""
        self.watching.set()
        self.watcher.join()
        threads = [threading.Thread(target=each.terminate) for each in self.processes + [self.extra]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def destroy(self):
        self.watching.set()
        for process in self.processes + [self.extra]:
            process.resume()
            process.kill()
        self.guard.end()

    def violations(self):
        return [each for process in self.processes + [self.extra] for each in process.violations]

    def assignments(self):
        return {process.name: process.tasks() for process in self.processes if process.is_up()}
