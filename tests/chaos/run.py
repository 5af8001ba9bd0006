# SPDX-License-Identifier: Apache-2.0
"""One run: an application under load and faults, healed in the end, and what a checker says of its output."""
import collections
import concurrent.futures
import json
import shutil
import threading
import time
import zlib

import application
import checker
import load
import plan
import proxy

PARTITIONS = 3
PROCESSES = 2
SESSION_TIMEOUT = 6.0


class Log:
    def __init__(self, path):
        self.file = open(path, "w")
        self.begin = time.monotonic()
        self.lock = threading.Lock()

    def __call__(self, text):
        with self.lock:
            line = f"{time.strftime('%H:%M:%S')} {time.monotonic() - self.begin:7.2f}  {text}"
            print(line, file=self.file, flush=True)


class Run:
    def __init__(self, cluster, options, *, seed, workload, guarantee):
        self.cluster, self.options = cluster, options
        self.seed, self.workload, self.guarantee = seed, workload, guarantee
        self.name = f"chaos-{seed}-{workload}-{'eos' if guarantee == checker.EXACTLY_ONCE else 'alo'}-{int(time.time())}"
        self.folder = options.dir / self.name
        self.folder.mkdir(parents=True)
        self.log = Log(self.folder / "run.log")
        self.violations = []
        self.brokers = {node: threading.Lock() for node in cluster.ids()}
        self.one_broker = threading.Lock()  # Two of three nodes are needed.
        self.healing = threading.Event()
        self.done = collections.Counter()

    def settings(self):
        """What varies between runs, by the seed."""
        mixed = zlib.crc32(str(self.seed).encode())
        return {"commit_interval_ms": [20, 50, 100, 200][mixed % 4], "threads": 1 + mixed // 4 % 2,
                "standbys": mixed // 8 % 2, "static_members": mixed // 16 % 3 == 0}

    def execute(self):
        self.topics = load.Topics(self.cluster.bootstrap())
        self.inputs = [f"{self.name}.in"] + ([f"{self.name}.in2"] if self.workload.endswith("-join") else [])
        self.output = f"{self.name}.out"
        replication = min(3, len(self.cluster.ids()))
        self.topics.create(self.inputs + [self.output], PARTITIONS, replication)
        faults = plan.make_plan(self.seed, self.options.scenario, self.options.seconds, processes=PROCESSES,
                                nodes=self.cluster.ids(), session_timeout=SESSION_TIMEOUT, gap=self.options.gap)
        settings = self.settings()
        self.log(f"{self.name}: Kafka {self.cluster.version}, transaction.version {self.cluster.transaction_version}, {settings}")
        for fault in faults:
            self.log(f"plan {fault}")
        self.proxy = proxy.Proxy(self.cluster.nodes())
        self.application = application.Application(
            self.options.binary, self.folder, workload=self.workload, guarantee=self.guarantee,
            bootstrap=self.proxy.bootstrap(), name=self.name, inputs=self.inputs, output=self.output, processes=PROCESSES,
            replication=replication, session_timeout=SESSION_TIMEOUT, **settings)
        self.load = load.Load(self.cluster.bootstrap(), self.workload, self.inputs, PARTITIONS, self.seed, self.options.rate)
        self.monitor = checker.OffsetsMonitor()
        sampler = threading.Thread(target=self.sample_offsets, daemon=True)
        self.proxy.start()
        self.input_records, self.outputs, self.caught_up = [], [], 0.0
        try:
            self.load.start()
            self.application.start()
            sampler.start()
            self.disturb(faults)
            self.load.stop()
            self.heal()
            caught_up = self.catch_up()
            self.check(caught_up)
        except Exception as error:
            self.log(f"the run failed: {error!r}")
            raise
        finally:
            self.healing.set()
            self.load.stopping.set()
            self.application.destroy()
            self.proxy.stop()
            # No thread may use a client when the interpreter ends.
            for thread in (sampler, self.load.thread):
                if thread.is_alive():
                    thread.join(120)
        return self.report(faults)

    # Faults.

    def disturb(self, faults):
        begin = time.monotonic()
        self.faults_end = begin + self.options.seconds
        with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(faults))) as pool:
            futures = [pool.submit(self.apply, fault, begin) for fault in faults]
            time.sleep(max(0, begin + self.options.seconds - time.monotonic()))
            self.log("end of the faults")
            for future in futures:
                future.result()

    def apply(self, fault, begin):
        time.sleep(max(0, begin + fault.at - time.monotonic()))
        if fault.kind == "rule":
            self.begin(fault)
            self.proxy.add_rule(fault.rule)
        elif fault.kind in ("cut", "black-hole"):
            self.disturb_network(fault)
        elif fault.kind.startswith("broker-"):
            self.disturb_broker(fault)
        else:
            self.disturb_process(fault)

    def begin(self, fault):
        self.log(f"begin {fault}")
        self.done[fault.kind] += 1

    def disturb_network(self, fault):
        self.begin(fault)
        if fault.kind == "cut":
            self.proxy.cut(fault.target)
            return
        self.proxy.black_hole(fault.target, True)
        time.sleep(fault.seconds)
        self.proxy.black_hole(fault.target, False)
        self.log(f"end   {fault}")

    def disturb_broker(self, fault):
        with self.one_broker:
            if self.faults_end < time.monotonic():
                return
            self.begin(fault)
            if fault.kind == "broker-pause":
                self.cluster.pause(fault.target)
                time.sleep(fault.seconds)
                self.cluster.resume(fault.target)
            else:
                (self.cluster.kill if fault.kind == "broker-kill" else self.cluster.stop_node)(fault.target)
                time.sleep(fault.seconds)
                self.cluster.restart(fault.target)
            self.log(f"end   {fault}")

    def disturb_process(self, fault):
        process = self.application.extra if fault.kind == "scale-up" else self.application.processes[fault.target]
        with process.lock:
            if self.faults_end < time.monotonic():
                return
            self.begin(fault)
            if fault.kind == "pause":
                process.pause()
                time.sleep(fault.seconds)
                process.resume()
            elif fault.kind == "scale-up":
                process.start()
            else:
                (process.terminate if fault.kind == "terminate" else process.kill)()
                if fault.kind == "wipe":
                    process.wipe()
                time.sleep(fault.seconds)
                process.start()
        if fault.kind == "scale-up":
            time.sleep(fault.seconds)
            with process.lock:
                process.terminate()
        self.log(f"end   {fault}")

    def heal(self):
        self.proxy.heal()
        for node in self.cluster.ids():
            self.cluster.restart(node)
        self.application.heal()
        self.log("healed")

    # What must hold.

    def sample_offsets(self):
        offsets = load.CommittedOffsets(self.cluster.bootstrap(), self.name, self.inputs)
        while not self.healing.wait(0.3):
            try:
                self.monitor.sample(offsets.read())
            except Exception as error:  # A broker is away.
                self.log(f"offsets of the group could not be read: {error}")
        offsets.close()

    def read_output(self):
        return self.topics.read(self.output, PARTITIONS, integers=self.workload.endswith("count"))

    def read_inputs(self):
        return [self.topics.read(topic, PARTITIONS, integers=False) for topic in self.inputs]

    def catch_up(self):
        begin = time.monotonic()
        while True:
            if self.workload == "windowed-count":
                self.load.flush_windows()
            self.input_records, output = self.read_inputs(), self.read_output()
            took = time.monotonic() - begin
            if checker.is_complete(self.workload, self.input_records, output):
                self.log(f"complete after {took:.1f} s")
                return took
            if took > self.options.patience:
                self.violations.append(f"PROGRESS: the output is not complete {took:.0f} s after healing")
                return took
            time.sleep(1)

    def check(self, caught_up):
        time.sleep(1.5)  # For output that should not come.
        self.violations += self.shared_tasks()
        self.application.end()
        output = self.read_output()
        self.violations += checker.violations(self.workload, self.guarantee, self.input_records, output)
        self.violations += self.application.violations()
        # Without transactions, a commit that arrives late overtakes later ones: the records are processed again.
        if self.guarantee == checker.EXACTLY_ONCE:
            self.violations += self.monitor.violations
        ends = self.topics.ends_of_application(self.name)
        for partition, end in self.topics.ends(self.output, PARTITIONS, stable=False).items():
            ends[self.output, partition] = (self.topics.ends(self.output, PARTITIONS, stable=True)[partition], end)
        self.violations += checker.hanging_transactions(ends)
        self.caught_up, self.outputs = caught_up, output

    def shared_tasks(self):
        """A process that was frozen until now learns a little later that its tasks have another owner."""
        deadline = time.monotonic() + 2 * SESSION_TIMEOUT
        while True:
            found = checker.shared_tasks(self.application.assignments())
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def report(self, faults):
        result = {"name": self.name, "seed": self.seed, "scenario": self.options.scenario, "workload": self.workload,
                  "guarantee": self.guarantee, "kafka": self.cluster.version,
                  "transaction_version": self.cluster.transaction_version, "nodes": len(self.cluster.ids()), **self.settings(),
                  "seconds": self.options.seconds, "input": sum(map(len, self.input_records)),
                  "aborted_input": self.load.aborted, "output": len(self.outputs), "faults": self.done,
                  "rules": {" ".join(rule): count for rule, count in self.proxy.applied.items()},
                  "caught_up_seconds": round(self.caught_up, 1), "violations": self.violations}
        for violation in self.violations:
            self.log(violation)
        if self.violations:
            self.write_records()
        elif not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return result

    def write_records(self):
        with open(self.folder / "records.json", "w") as file:
            json.dump({"inputs": self.input_records, "output": self.outputs}, file)
