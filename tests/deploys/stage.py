# SPDX-License-Identifier: Apache-2.0
"""What choreographies and measurements share: topics and instances of one application."""
import contextlib
import time

import application
import instances
import load

SESSION_TIMEOUT_MS = 6_000


class Stage:
    def __init__(self, cluster, binary, folder):
        self.cluster, self.binary, self.folder = cluster, binary, folder
        self.topics = load.Topics(cluster.bootstrap())

    @contextlib.contextmanager
    def application(self, name, count, *, partitions, workload="count", guarantee="at_least_once", threads=1, standbys=0,
                    static=False, settings=None):
        """Instances that are not started yet, with the attributes `name`, `input` and `output`."""
        name = f"{name}-{time.time_ns() // 1_000_000}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        source, output = f"{name}.in", f"{name}.out"
        self.topics.create([source, output], partitions, 1)
        command = application.command_of(
            self.binary, workload=workload, guarantee=guarantee, bootstrap=self.cluster.bootstrap(), name=name, inputs=[source],
            output=output, threads=threads, commit_interval_ms=100, standbys=standbys,
            settings={"session.timeout.ms": SESSION_TIMEOUT_MS, **(settings or {})})
        found = instances.Instances(command, folder, count, static=static)
        found.name, found.input, found.output = name, source, output
        try:
            yield found
        finally:
            found.destroy()
