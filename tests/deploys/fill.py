# SPDX-License-Identifier: Apache-2.0
"""State of a given size, before a measurement."""
import time

from confluent_kafka import Consumer, Producer, TopicPartition

KEY_BYTES = 1000


def fill(bootstrap, topic, partitions, megabytes):
    """A count keeps one row of about KEY_BYTES for each record."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "queue.buffering.max.kbytes": 65536, "log_level": 0})
    padding = "x" * (KEY_BYTES - 12)
    for number in range(megabytes * 1_000_000 // KEY_BYTES):
        while True:
            try:
                producer.produce(topic, key=f"{number:012}{padding}", value="f", partition=number % partitions)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush(120)


def await_processed(bootstrap, instances, partitions, patience=900):
    """Until all input is committed."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": instances.name, "enable.auto.commit": False,
                         "log_level": 0})
    inputs = [TopicPartition(instances.input, each) for each in range(partitions)]
    ends = {each.partition: consumer.get_watermark_offsets(each, timeout=30)[1] for each in inputs}

    def processed():
        time.sleep(0.5)
        return all(each.offset >= ends[each.partition] or not ends[each.partition] for each in consumer.committed(inputs, timeout=30))
    try:
        instances.wait(processed, "all input is processed", patience)
    finally:
        consumer.close()
