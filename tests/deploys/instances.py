# SPDX-License-Identifier: Apache-2.0
"""Instances of an application that are started, stopped and killed, and what they say about their tasks."""
import collections
import time

import application


class Failure(Exception):
    """An expectation does not hold."""


class Instances:
    """Processes of system_app; `static`: each is a static member of its group."""

    def __init__(self, command, folder, count, *, static=False):
        self.guard = application.Guard()
        self.processes = []
        for index in range(count):
            member = ["--config", f"group.instance.id=instance-{index}"] if static else []
            self.processes.append(application.Process(index, command + member, folder, self.guard))

    def __getitem__(self, index):
        return self.processes[index]

    def __iter__(self):
        return iter(self.processes)

    def up(self):
        return [each for each in self.processes if each.child is not None]

    def check(self):
        """Throws if an instance has ended by itself, or was not closed in time."""
        for process in self.processes:
            process.check()
            if process.violations:
                raise Failure("; ".join(process.violations))

    def counts(self):
        """Instance to its numbers of active tasks and standbys."""
        return {each.name: (len(each.tasks()), len(each.tasks("standbys"))) for each in self.up()}

    def wait(self, holds, what, patience):
        deadline = time.monotonic() + patience
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise Failure(f"not within {patience:g} s: {what}; tasks and standbys: {self.counts()}")
            time.sleep(0.05)

    def await_counts(self, wanted, patience=60, steady=1.0):
        """`wanted`: of all running instances, in any order. They must last for `steady` seconds."""
        wanted = collections.Counter(wanted)
        since = None

        def holds():
            nonlocal since
            if collections.Counter(self.counts().values()) != wanted:
                since = None
                return False
            since = since or time.monotonic()
            return time.monotonic() - since >= steady
        self.wait(holds, f"tasks and standbys of the instances are {sorted(wanted.elements())}", patience)

    def await_tasks(self, tasks, standbys=0, patience=60):
        """In all, wherever they are."""
        def holds():
            counts = list(self.counts().values())
            return (sum(each[0] for each in counts), sum(each[1] for each in counts)) == (tasks, standbys)
        self.wait(holds, f"{tasks} tasks and {standbys} standbys", patience)

    def destroy(self):
        for process in self.processes:
            process.resume()
            process.kill()
        self.guard.end()
