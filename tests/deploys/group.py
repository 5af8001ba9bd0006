# SPDX-License-Identifier: Apache-2.0
"""The generations of a group: what its coordinator writes to __consumer_offsets."""
import struct
import time

from confluent_kafka import Consumer, KafkaException, OFFSET_BEGINNING, TopicPartition

OFFSETS_TOPIC = "__consumer_offsets"
GROUP_METADATA = 2  # The version of keys of records about groups; 0 and 1: of committed offsets.
FIRST_FLEXIBLE = 4  # The first version of values with lengths as variable-length integers.


def group_of_key(key):
    """None: the record is not about the members of a classic group."""
    version, length = struct.unpack_from(">hh", key)
    return key[4:4 + length].decode() if version == GROUP_METADATA else None


def variable_length(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def generation_of_value(value):
    """The value begins with its version, the protocol type and the generation."""
    (version,) = struct.unpack_from(">h", value)
    if version >= FIRST_FLEXIBLE:
        length, at = variable_length(value, 2)
        length -= 1
    else:
        (length,), at = struct.unpack_from(">h", value, 2), 4
    return struct.unpack_from(">i", value, at + length)[0]


class Group:
    """Reads the partitions of __consumer_offsets from their beginning; the topic exists once a group has committed."""

    def __init__(self, bootstrap, name):
        self.name = name
        self.found = []
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "generations", "enable.auto.commit": False,
                                  "log_level": 0})
        self.assigned = []

    def generations(self, patience=30):
        """All since the beginning, in order, each once."""
        deadline = time.monotonic() + patience
        if not self.assigned:
            partitions = self.consumer.list_topics(OFFSETS_TOPIC, timeout=patience).topics[OFFSETS_TOPIC].partitions
            self.assigned = [TopicPartition(OFFSETS_TOPIC, each, OFFSET_BEGINNING) for each in partitions]
            self.consumer.assign(self.assigned)
        ends = {each.partition: self.consumer.get_watermark_offsets(each, timeout=patience)[1] for each in self.assigned}
        while any(each.offset < ends[each.partition] for each in self.consumer.position(self.assigned) if ends[each.partition]):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{OFFSETS_TOPIC} could not be read within {patience} s")
            for message in self.consumer.consume(1000, 0.2):
                self.read(message)
        return self.found

    def read(self, message):
        if message.error() is not None:
            raise KafkaException(message.error())
        if message.value() is None or group_of_key(message.key()) != self.name:
            return
        generation = generation_of_value(message.value())
        if not self.found or self.found[-1] != generation:
            self.found.append(generation)

    def close(self):
        self.consumer.close()
