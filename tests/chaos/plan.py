# SPDX-License-Identifier: Apache-2.0
"""Fault plans: what is disturbed when, for how long. A plan follows from its seed alone."""
import collections
import dataclasses
import random

import proxy

# Requests of the application whose answers matter, with the weight of each in a plan.
DISTURBED = {
    "EndTxn": 6, "TxnOffsetCommit": 4, "AddOffsetsToTxn": 3, "AddPartitionsToTxn": 3, "InitProducerId": 3, "Produce": 3,
    "OffsetCommit": 2, "JoinGroup": 2, "SyncGroup": 2, "Heartbeat": 2, "LeaveGroup": 1, "OffsetFetch": 2, "ListOffsets": 2,
    "Fetch": 1, "FindCoordinator": 1, "Metadata": 1,
}
TRANSACTIONAL = ["EndTxn", "TxnOffsetCommit", "AddOffsetsToTxn", "AddPartitionsToTxn", "InitProducerId"]

PROCESS_FAULTS = {"kill": 5, "pause": 4, "terminate": 2, "wipe": 1, "scale-up": 1}
BROKER_FAULTS = {"broker-kill": 2, "broker-stop": 1, "broker-pause": 1}
NETWORK_FAULTS = {"rule": 12, "cut": 2, "black-hole": 1}

SCENARIOS = {
    "random": {**PROCESS_FAULTS, **BROKER_FAULTS, **NETWORK_FAULTS},
    "processes": PROCESS_FAULTS,
    "brokers": BROKER_FAULTS,
    "network": NETWORK_FAULTS,
    # Disturbs nothing: shows that the harness and the checker agree with an undisturbed run.
    "calm": {},
    # EndTxn that arrives late, when the next transaction may be open.
    "late-end-txn": {"late-end-txn": 1},
    # Requests of a transaction that arrive late, and processes that move their tasks meanwhile.
    "late-requests": {"late-request": 5, "kill": 1, "terminate": 1},
    # Processes receive SIGTERM while a coordinator is down.
    "stops": {"broker-kill": 2, "broker-pause": 1, "terminate": 4},
    # Without faults of brokers: for one node and little time.
    "short": {**PROCESS_FAULTS, **NETWORK_FAULTS, "late-end-txn": 6},
}


@dataclasses.dataclass
class Fault:
    at: float  # Seconds since the start of the run.
    kind: str
    target: int = 0  # A process or a node.
    seconds: float = 0  # How long it lasts.
    rule: proxy.Rule = None

    def __str__(self):
        text = f"{self.at:7.2f} s  {self.kind}"
        if self.rule:
            text += f" {self.rule.request} {self.rule.action}"
            if self.rule.count > 1:
                text += f" × {self.rule.count}"
            if self.rule.seconds:
                text += f", {self.rule.seconds:.2f} s"
            return text
        return text + f" {self.target}, {self.seconds:.2f} s"


def make_rule(chance):
    request = chance.choices(list(DISTURBED), list(DISTURBED.values()))[0]
    actions = list(proxy.ON_REQUEST) + list(proxy.ON_ANSWER)
    weights = {"late": 3, "lose-answer": 3, "cut-answer": 3}
    action = chance.choices(actions, [weights.get(each, 1) for each in actions])[0]
    return proxy.Rule(request, action, seconds=round(chance.uniform(0.2, 8), 2) if action in TIMED else 0,
                      count=chance.choice([1, 1, 1, 2, 4]))


TIMED = ["hold", "late", "delay-answer"]


def make_fault(chance, kind, at, processes, nodes, session_timeout):
    if kind == "rule":
        return Fault(at, kind, rule=make_rule(chance))
    if kind == "late-end-txn":
        return Fault(at, "rule", rule=proxy.Rule("EndTxn", "late", seconds=round(chance.uniform(0.05, 4), 2)))
    if kind == "late-request":
        request = chance.choice(TRANSACTIONAL + ["Produce"])
        return Fault(at, "rule", rule=proxy.Rule(request, "late", seconds=round(chance.uniform(0.05, 4), 2)))
    if kind in ("cut", "black-hole") or kind.startswith("broker-"):
        longest = {"cut": 0, "black-hole": 12, "broker-pause": 10}.get(kind, 15)
        return Fault(at, kind, chance.choice(nodes), round(chance.uniform(0, longest), 2))
    seconds = {"pause": chance.uniform(session_timeout + 1, session_timeout + 6), "scale-up": chance.uniform(5, 25)}
    return Fault(at, kind, chance.randrange(processes), round(seconds.get(kind, chance.uniform(0, 4)), 2))


def make_plan(seed, scenario, seconds, *, processes, nodes, session_timeout, gap=(0.5, 4.0)):
    """Faults in order of their start; the last one starts before `seconds` are over."""
    chance = random.Random(f"plan-{seed}")
    kinds = SCENARIOS[scenario]
    faults = []
    at = chance.uniform(1, 4)
    while kinds and at < seconds:
        kind = chance.choices(list(kinds), list(kinds.values()))[0]
        faults.append(make_fault(chance, kind, round(at, 2), processes, nodes, session_timeout))
        at += chance.uniform(*gap)
    return faults


def summary(faults):
    return dict(collections.Counter(each.kind for each in faults))
