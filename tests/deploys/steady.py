# SPDX-License-Identifier: Apache-2.0
"""A steady load, and a meter of the longest time without output of each partition."""
import threading
import time

from confluent_kafka import Consumer, KafkaException, OFFSET_END, Producer, TopicPartition


def key_of(partition):
    """The same record key for all records of an input partition: the output shows where its input was."""
    return f"partition-{partition}"


def longest_gaps(arrivals, begin, end):
    """Partition to its longest time without output between `begin` and `end`, from its sorted times of arrival."""
    result = {}
    for partition, times in arrivals.items():
        inside = [begin] + [each for each in times if begin <= each <= end] + [end]
        result[partition] = max(after - before for before, after in zip(inside, inside[1:]))
    return result


class SteadyLoad:
    """Writes records to all partitions in turn, `rate` of them a second."""

    def __init__(self, bootstrap, topic, partitions, rate):
        self.topic, self.partitions, self.rate = topic, partitions, rate
        self.producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, "acks": "all", "log_level": 0})
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.sent = 0
        self.worst_delay = 0.0  # Of this thread: a machine that is too busy to send steadily.

    def start(self):
        self.thread.start()

    def run(self):
        begin = time.monotonic()
        while not self.stopping.is_set():
            now = time.monotonic()
            due = int((now - begin) * self.rate)
            if due > self.sent:
                self.worst_delay = max(self.worst_delay, now - begin - self.sent / self.rate)
            while self.sent < due:
                partition = self.sent % self.partitions
                self.producer.produce(self.topic, key=key_of(partition), value=str(self.sent), partition=partition)
                self.sent += 1
            self.producer.poll(0)
            time.sleep(0.002)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.producer.flush(30)


class Meter:
    """When output of each input partition has arrived."""

    def __init__(self, bootstrap, topic, partitions, *, committed):
        self.partitions = {key_of(each).encode(): each for each in range(partitions)}
        self.arrivals = {each: [] for each in range(partitions)}
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "meter", "enable.auto.commit": False,
                                  "isolation.level": "read_committed" if committed else "read_uncommitted",
                                  "fetch.wait.max.ms": 20, "log_level": 0})
        self.consumer.assign([TopicPartition(topic, each, OFFSET_END) for each in range(partitions)])
        self.stopping = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def run(self):
        try:
            while not self.stopping.is_set():
                messages = self.consumer.consume(1000, 0.01)
                now = time.monotonic()
                for message in messages:
                    if message.error() is not None:
                        raise KafkaException(message.error())
                    partition = self.partitions.get(message.key())
                    if partition is not None:
                        self.arrivals[partition].append(now)
        except Exception as error:  # The main thread reports it.
            self.error = error

    def all_have_output_since(self, begin):
        if self.error:
            raise self.error
        return all(times and times[-1] >= begin for times in self.arrivals.values())

    def gaps(self, begin, end):
        """Partition to seconds."""
        if self.error:
            raise self.error
        return longest_gaps(self.arrivals, begin, end)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.consumer.close()
