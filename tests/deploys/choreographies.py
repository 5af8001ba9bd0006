# SPDX-License-Identifier: Apache-2.0
"""Deploys on a real Apache Kafka, step by step, as in Kafka Streams' own system tests, and what must hold after each step.

A choreography raises `Failure` if an expectation does not hold.
"""
import contextlib
import time

import checker
import group
import load
import steady
from instances import Failure


def standby_counts(stage, log):
    """Twelve steps of starting and stopping three instances, with six tasks and two standbys of each."""
    one, two, three = [(6, 0)], [(3, 3)] * 2, [(2, 4)] * 3
    steps = [("start", 0, one), ("start", 1, two), ("start", 2, three), ("stop", 0, two), ("stop", 1, one), ("start", 0, two),
             ("start", 1, three), ("stop", 2, two), ("stop", 0, one), ("start", 2, two), ("start", 0, three), ("stop", 1, two)]
    with stage.application("standby-counts", 3, partitions=6, standbys=2) as instances, \
            steady_load(stage, instances, partitions=6, rate=60):
        for number, (verb, index, wanted) in enumerate(steps, 1):
            begin = time.monotonic()
            (instances[index].start if verb == "start" else instances[index].terminate)()
            instances.await_counts(wanted, steady=0.5)
            log(f"step {number}: {verb} instance {index}: tasks and standbys {sorted(instances.counts().values())} after "
                f"{time.monotonic() - begin:.1f} s")


@contextlib.contextmanager
def steady_load(stage, instances, *, partitions, rate):
    source = steady.SteadyLoad(stage.cluster.bootstrap(), instances.input, partitions, rate)
    source.start()
    try:
        yield source
    finally:
        source.stop()


def static_bounces(stage, log, rounds=3):
    """Rolling restarts of static members: no rebalance, and each instance has the same tasks as before."""
    with stage.application("static-bounces", 3, partitions=18, threads=3, standbys=1, static=True,
                           settings={"session.timeout.ms": 45_000}) as instances, \
            steady_load(stage, instances, partitions=18, rate=180):
        for each in instances:
            each.start()
        instances.await_counts([(6, 6)] * 3, steady=2)
        known = group.Group(stage.cluster.bootstrap(), instances.name)
        try:
            before = known.generations()[-1]
            tasks = {each.name: each.tasks() for each in instances}
            for number in range(rounds):
                for each in instances:
                    begin = time.monotonic()
                    each.terminate()
                    each.start()
                    instances.wait(lambda each=each: each.tasks() == tasks[each.name], f"instance {each.name} has its tasks again", 40)
                    log(f"round {number + 1}: instance {each.name} has its tasks again after {time.monotonic() - begin:.1f} s")
            instances.await_counts([(6, 6)] * 3, steady=1)
            found = known.generations()
            if found[-1] != before:
                raise Failure(f"the generation was {before} before the restarts and is {found[-1]}: {found}")
            if {each.name: each.tasks() for each in instances} != tasks:
                raise Failure("tasks have moved to another instance")
            log(f"generation {before} throughout")
        finally:
            known.close()


class CheckedLoad:
    """Transactions of records, some aborted, into a count; the checker of tests/chaos judges its output."""

    PARTITIONS = 6
    SETTINGS = {"consumer.isolation.level": "read_committed"}  # Also with at-least-once.

    def __init__(self, stage, instances, guarantee):
        self.stage, self.instances, self.guarantee = stage, instances, guarantee
        self.load = load.Load(stage.cluster.bootstrap(), "count", [instances.input], self.PARTITIONS, instances.name, 200)

    def __enter__(self):
        self.load.start()
        return self

    def __exit__(self, *_):
        self.load.stopping.set()
        self.load.thread.join()

    def check(self, log, patience=120):
        self.load.stop()
        begin = time.monotonic()
        while True:
            inputs = [self.stage.topics.read(self.instances.input, self.PARTITIONS, integers=False)]
            output = self.stage.topics.read(self.instances.output, self.PARTITIONS, integers=True)
            if checker.is_complete("count", inputs, output):
                break
            if time.monotonic() - begin > patience:
                raise Failure(f"the output is not complete after {patience} s: {len(inputs[0])} records in, {len(output)} out")
            time.sleep(0.5)
        for each in self.instances.up():
            each.terminate()
        self.instances.check()
        output = self.stage.topics.read(self.instances.output, self.PARTITIONS, integers=True)
        violations = checker.violations("count", self.guarantee, inputs, output)
        if violations:
            raise Failure("; ".join(violations[:10]))
        log(f"{len(inputs[0])} records in, {len(output)} out, as the input demands")


def instances_under_load(stage, log, guarantee, bounce_broker=False):
    """Instances join and leave under load, one of them killed; with `bounce_broker`, the broker restarts meanwhile."""
    steps = [("start", 0), ("start", 1), ("start", 2), ("terminate", 0), ("start", 0), ("kill", 1), ("terminate", 2),
             ("start", 1), ("start", 2), ("terminate", 1)]
    with stage.application("under-load", 3, partitions=CheckedLoad.PARTITIONS, guarantee=guarantee, standbys=1,
                           settings=CheckedLoad.SETTINGS) as instances, \
            CheckedLoad(stage, instances, guarantee) as source:
        for number, (verb, index) in enumerate(steps, 1):
            getattr(instances[index], verb)()
            log(f"step {number}: {verb} instance {index}")
            if bounce_broker and number in (3, 7):
                stage.cluster.bounce(1)
                log("the broker has restarted")
            instances.await_tasks(6, 6 if len(instances.up()) > 1 else 0, patience=120)
            time.sleep(1)
        source.check(log)


def broker_bounce_under_load(stage, log, guarantee):
    instances_under_load(stage, log, guarantee, bounce_broker=True)


def rolling_upgrade(stage, log, guarantee):
    """To a build that writes the next version of the group member data, and back."""
    with stage.application("rolling-upgrade", 3, partitions=CheckedLoad.PARTITIONS, guarantee=guarantee, standbys=1,
                           settings=CheckedLoad.SETTINGS) as instances, \
            CheckedLoad(stage, instances, guarantee) as source:
        for each in instances:
            each.start()
        instances.await_counts([(2, 2)] * 3)
        ours = {each.name: each.command for each in instances}
        for later in (["--next-version"], []):
            for each in instances:
                each.terminate()
                each.command = ours[each.name] + later
                each.start()
                instances.await_counts([(2, 2)] * 3)
                log(f"instance {each.name} writes {'the next' if later else 'this'} version")
        source.check(log)


def short(stage, log):
    """For ctest: the first two, with one round of restarts."""
    standby_counts(stage, log)
    static_bounces(stage, log, rounds=1)


def of_guarantees(choreography):
    return {suffix: (lambda stage, log, guarantee=guarantee: choreography(stage, log, guarantee))
            for suffix, guarantee in (("", checker.EXACTLY_ONCE), ("-at-least-once", checker.AT_LEAST_ONCE))}


ALL = {"standby-counts": standby_counts, "static-bounces": static_bounces}
for name, choreography in (("instances-under-load", instances_under_load), ("broker-bounce", broker_bounce_under_load),
                           ("rolling-upgrade", rolling_upgrade)):
    ALL.update({name + suffix: function for suffix, function in of_guarantees(choreography).items()})
ALL["short"] = short
