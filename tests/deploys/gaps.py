# SPDX-License-Identifier: Apache-2.0
"""How long output of a partition stops during a deploy, under a steady load.

Each measurement drives instances and yields the moments between which the longest time without output counts.
"""
import dataclasses
import json
import os
import statistics
import threading
import time

import fill
import steady

PARTITIONS = 18
SETTLE = 3.0  # Seconds of steady output before and after what is measured.


@dataclasses.dataclass
class Measurement:
    """`act` gets the instances and disturbs them; `goal`: seconds without output of any partition."""
    act: object
    goal: float
    instances: int = 3  # That run before.
    standbys: int = 1  # num.standby.replicas
    static: bool = False
    session_ms: int = 6_000
    kept_state: bool = True  # Only the tail of a changelog may be restored.
    settings: dict = dataclasses.field(default_factory=dict)


def restart(instances, index):
    instances[index].terminate()
    instances[index].start()


def settle(instances, patience=120):
    """Until all tasks and standbys are placed and no task moves for a while."""
    standbys = PARTITIONS if instances.standbys and len(instances.up()) > 1 else 0
    instances.await_tasks(PARTITIONS, standbys, patience)
    since, counts = time.monotonic(), instances.counts()
    while time.monotonic() - since < SETTLE:
        time.sleep(0.1)
        instances.check()
        if instances.counts() != counts:
            since, counts = time.monotonic(), instances.counts()


def nothing(instances, meter):
    time.sleep(10)


def rolling_restart(instances, meter):
    for index in range(3):
        begin = time.monotonic()
        restart(instances, index)
        instances.wait(lambda begin=begin: meter.all_have_output_since(begin + 0.1), "output of all partitions", 60)
        settle(instances)


def kill(instances, meter):
    instances[0].kill()
    begin = time.monotonic()
    instances.wait(lambda: meter.all_have_output_since(begin + 0.1), "output of all partitions", 90)
    settle(instances)


def kill_and_restart(instances, meter):
    instances[0].kill()
    instances[0].start()
    begin = time.monotonic()
    instances.wait(lambda: meter.all_have_output_since(begin + 0.1), "output of all partitions", 90)
    settle(instances)


def scale(instances, meter):
    for index in (1, 2):
        instances[index].start()
        settle(instances)
    for index in (1, 2):
        instances[index].terminate()
        settle(instances)


def scale_out(instances, meter):
    """Running tasks move to an instance that has caught up with them."""
    instances[1].start()
    instances.await_counts([(PARTITIONS // 2, PARTITIONS // 2)] * 2, 120)
    settle(instances)


def scale_in(instances, meter):
    """An instance is closed; the other one has standbys of its tasks."""
    instances[1].terminate()
    settle(instances)


MEASUREMENTS = {
    "no deploy": Measurement(nothing, 1.0),
    "rolling restart of static members": Measurement(rolling_restart, 1.0, static=True, session_ms=45_000),
    "rolling restart": Measurement(rolling_restart, 3.0),
    "kill -9 with a standby elsewhere": Measurement(kill, 7.0),
    "scaling 1 → 3 → 1": Measurement(scale, 1.0, instances=1, kept_state=False),
    # Without this setting, the few records of state are restored by the new owner, not by a standby before.
    "hand-over to a new instance": Measurement(scale_out, 0.3, instances=1, settings={"acceptable.recovery.lag": 50}),
    "hand-over by close": Measurement(scale_in, 0.3, instances=2),
    "kill -9 and restart": Measurement(kill_and_restart, 8.0, instances=2, standbys=0),
    "kill -9 and restart of static members": Measurement(kill_and_restart, 2.0, instances=2, standbys=0, static=True),
}


def load_average():
    return os.getloadavg()[0]


def measure(stage, options, name, log):
    what = MEASUREMENTS[name]
    count = max(3, what.instances)
    settings = {"session.timeout.ms": what.session_ms, **what.settings}
    if options.heartbeat_ms:
        settings["heartbeat.interval.ms"] = options.heartbeat_ms
    with stage.application("gaps", count, partitions=PARTITIONS, guarantee=options.guarantee, standbys=what.standbys,
                           static=what.static, settings=settings) as instances:
        instances.standbys = what.standbys
        if options.state_mb:
            fill.fill(stage.cluster.bootstrap(), instances.input, PARTITIONS, options.state_mb)
        for each in instances.processes[:what.instances]:
            each.start()
        if options.state_mb:
            fill.await_processed(stage.cluster.bootstrap(), instances, PARTITIONS)
        meter = steady.Meter(stage.cluster.bootstrap(), instances.output, PARTITIONS,
                             committed=options.guarantee == "exactly_once_v2")
        source = steady.SteadyLoad(stage.cluster.bootstrap(), instances.input, PARTITIONS, options.rate)
        meter.start()
        source.start()
        loads, ended = [], threading.Event()
        watch = threading.Thread(target=lambda: [loads.append(load_average()) for _ in iter(lambda: ended.wait(2), True)])
        try:
            instances.wait(lambda: meter.all_have_output_since(0), "output of all partitions", 120)
            settle(instances)
            watch.start()
            source.worst_delay = 0.0
            before = {each.name: len(each.restored()) for each in instances}
            begin = time.monotonic()
            what.act(instances, meter)
            gaps = meter.gaps(begin, time.monotonic())
            restored = [after for each in instances for after in each.restored()[before[each.name]:]]
        finally:
            ended.set()
            source.stop()
            meter.stop()
    return {"measurement": name, "goal": what.goal, "guarantee": options.guarantee, "heartbeat_ms": options.heartbeat_ms,
            "session_ms": what.session_ms, "standbys": what.standbys, "static": what.static, "state_mb": options.state_mb,
            "rate": options.rate, "gaps": [round(gaps[each], 3) for each in range(PARTITIONS)],
            "longest": round(max(gaps.values()), 3), "median": round(statistics.median(gaps.values()), 3),
            "restored": sum(restored), "most_restored": max(restored, default=0),
            "load": round(statistics.mean(loads or [load_average()]), 1), "sender_delay": round(source.worst_delay, 3)}


def measure_all(stage, options, log):
    names = [each for each in MEASUREMENTS if not options.only or each in options.only.split(",")]
    for _ in range(options.repeat):
        for name in names:
            result = measure(stage, options, name, log)
            log(f"{name}: longest {result['longest']:.2f} s, median {result['median']:.2f} s, restored {result['restored']} "
                f"(at most {result['most_restored']}), load {result['load']}, sender late by {result['sender_delay']:.2f} s")
            if options.summary:
                with open(options.summary, "a") as file:
                    print(json.dumps(result), file=file)
