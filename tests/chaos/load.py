# SPDX-License-Identifier: Apache-2.0
"""Input in transactions of a few records, some of them aborted, and what independent readers see of the topics."""
import random
import threading
import time

from confluent_kafka import Consumer, IsolationLevel, KafkaException, OFFSET_BEGINNING, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

import checker

KEYS = 20
DAY_MS = 24 * 3600 * 1000
AGE_DAYS = 200  # Of the first record: brokers refuse records from the future, so event time jumps towards the present.
FLUSH_KEY = "flush"


class Topics:
    """Topics, their contents and the offsets of groups, read past the proxy."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def create(self, names, partitions, replication):
        for future in self.admin.create_topics([NewTopic(name, partitions, replication) for name in names],
                                               operation_timeout=30, request_timeout=60).values():
            future.result(90)

    def ends(self, topic, partitions, *, stable):
        level = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
        asked = {TopicPartition(topic, each): OffsetSpec.latest() for each in range(partitions)}
        deadline = time.monotonic() + 60
        while True:
            try:
                found = self.admin.list_offsets(asked, isolation_level=level, request_timeout=30)
                return {partition.partition: future.result(60).offset for partition, future in found.items()}
            except KafkaException:  # The leader has just changed.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def ends_of_application(self, application):
        """(topic, partition) to (stable end, end) of its internal topics."""
        result = {}
        for topic, description in self.admin.list_topics(timeout=30).topics.items():
            if topic.startswith(application + "-") and not topic.startswith("__"):
                partitions = len(description.partitions)
                stable = self.ends(topic, partitions, stable=True)
                for partition, end in self.ends(topic, partitions, stable=False).items():
                    result[topic, partition] = (stable[partition], end)
        return result

    def read(self, topic, partitions, *, integers, patience=120):
        """All committed records up to the stable end, as `checker.Record`s."""
        ends = self.ends(topic, partitions, stable=True)
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader", "isolation.level": "read_committed",
                             "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True,
                             "log_level": 0})
        records = []
        deadline = time.monotonic() + patience
        try:
            consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in range(partitions)])
            remaining = {partition for partition, end in ends.items() if end > 0}
            while remaining:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{topic} could not be read within {patience} s")
                for message in consumer.consume(500, 0.5):
                    if message.error() is None:
                        value = message.value()
                        records.append(checker.Record(
                            message.partition(), message.offset(), (message.key() or b"").decode(),
                            int.from_bytes(value, "big", signed=True) if integers else value.decode(),
                            message.timestamp()[1]))
                for position in consumer.position([TopicPartition(topic, each) for each in remaining]):
                    if position.offset >= ends[position.partition]:
                        remaining.discard(position.partition)
        finally:
            consumer.close()
        return records


class CommittedOffsets:
    """Of a group, read through a consumer that does not join it: the admin client's function crashes when the coordinator
    changes (librdkafka 2.14 and 2.16)."""

    def __init__(self, bootstrap, group, topics):
        self.topics = topics
        self.group = group
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False,
                                  "isolation.level": "read_uncommitted", "log_level": 0})

    def read(self):
        """(topic, partition) to offset, for the input and the repartition topics."""
        known = self.consumer.list_topics(timeout=10).topics
        partitions = [TopicPartition(topic, partition) for topic, description in known.items()
                      if topic in self.topics or (topic.startswith(self.group + "-") and topic.endswith("-repartition"))
                      for partition in description.partitions]
        return {(each.topic, each.partition): each.offset for each in self.consumer.committed(partitions, timeout=10)
                if each.error is None and each.offset >= 0}

    def close(self):
        self.consumer.close()


class Load:
    """Writes the input of one run until it is stopped. What was committed is read from the topics afterwards."""

    def __init__(self, bootstrap, workload, inputs, partitions, seed, rate):
        self.bootstrap, self.workload, self.inputs, self.partitions = bootstrap, workload, inputs, partitions
        self.chance = random.Random(f"load-{seed}")
        self.rate = rate
        self.now_ms = int(time.time() * 1000) - AGE_DAYS * DAY_MS
        self.last_jump_ms = self.now_ms + (AGE_DAYS - 10) * DAY_MS
        self.number = 0
        self.aborted = self.committed = self.transactions = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.error = None
        self.producer = None
        self.identity = f"load-{inputs[0]}"

    def connect(self):
        while True:
            self.producer = Producer({"bootstrap.servers": self.bootstrap, "transactional.id": self.identity, "linger.ms": 2,
                                      "transaction.timeout.ms": 60000, "message.timeout.ms": 60000, "log_level": 0,
                                      "error_cb": lambda error: None})
            try:
                self.producer.init_transactions(60)
                return
            except KafkaException:
                time.sleep(1)

    def start(self):
        self.connect()
        if self.workload == "stream-table-join":
            self.transaction([(self.inputs[1], f"k{key}", f"row{key}.0", self.now_ms, -1) for key in range(KEYS)], False)
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        if self.error:
            raise self.error

    def run(self):
        try:
            while not self.stopping.is_set():
                begin = time.monotonic()
                abort = self.chance.random() < 0.25
                records = [self.record(abort) for _ in range(self.chance.randint(1, 20))]
                self.transaction(records, abort)
                pause = len(records) / self.rate * self.chance.uniform(0.5, 1.5) - (time.monotonic() - begin)
                self.stopping.wait(max(pause, 0.001))
        except Exception as error:  # The main thread reports it.
            self.error = error

    def record(self, abort):
        """(topic, key, value, timestamp, partition)"""
        self.number += 1
        timestamp = self.advance()
        key = f"k{self.chance.randrange(KEYS)}"
        kind = "aborted" if abort else "g"
        topic = self.inputs[0]
        if len(self.inputs) > 1 and self.chance.random() < (0.5 if self.workload == "stream-stream-join" else 0.1):
            topic = self.inputs[1]
        return topic, key, f"{kind}{self.chance.randrange(7)}:{self.number}", timestamp, -1

    def advance(self):
        """Event time: mostly forward, some records out of order, some too late; it jumps past the retention at times."""
        self.now_ms += self.chance.randint(0, 60)
        if self.workload != "windowed-count":
            return self.now_ms
        luck = self.chance.random()
        if luck < 0.002 and self.now_ms < self.last_jump_ms:
            self.now_ms += 3 * DAY_MS
        elif luck < 0.005:
            self.now_ms += self.chance.randint(10_000, 60_000)
        elif luck < 0.05:
            return self.now_ms - self.chance.randint(0, 5_000)
        elif luck < 0.055:
            return self.now_ms - self.chance.randint(15_000, 60_000)
        return self.now_ms

    def transaction(self, records, abort):
        """Tries until it is clear that it is over; an unclear end is followed by a new producer, not by a repetition."""
        try:
            self.producer.begin_transaction()
            for topic, key, value, timestamp, partition in records:
                arguments = {} if partition < 0 else {"partition": partition}
                self.producer.produce(topic, key=key, value=value, timestamp=timestamp, **arguments)
                self.producer.poll(0)
            if abort:
                self.producer.flush(60)  # Otherwise records that wait to be sent are dropped.
                self.producer.abort_transaction(60)
            else:
                self.producer.commit_transaction(60)
            self.transactions += 1
            self.aborted += len(records) if abort else 0
            self.committed += 0 if abort else len(records)
        except (KafkaException, BufferError):
            self.connect()

    def flush_windows(self):
        """Closes the windows of every partition; called again, it lets them be emitted and closes none."""
        self.transaction([(self.inputs[0], f"{FLUSH_KEY}{partition}", "f", self.now_ms + DAY_MS, partition)
                          for partition in range(self.partitions)], False)
