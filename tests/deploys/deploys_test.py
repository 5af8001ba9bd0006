#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of the choreographies that need no Kafka."""
import pathlib
import struct
import sys
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# Not installed everywhere, and not used here.
sys.modules.setdefault("confluent_kafka", types.SimpleNamespace(
    **{name: None for name in ("Consumer", "KafkaException", "OFFSET_BEGINNING", "OFFSET_END", "Producer", "TopicPartition")}))
import group
import report
import steady


def group_key(name, version=2):
    return struct.pack(">hh", version, len(name)) + name.encode()


class Generations(unittest.TestCase):
    def test_are_read_from_records_about_the_group_only(self):
        self.assertEqual(group.group_of_key(group_key("application")), "application")
        self.assertIsNone(group.group_of_key(group_key("application", version=1)))

    def test_are_read_from_values_with_fixed_lengths(self):
        value = struct.pack(">hh8si", 3, 8, b"consumer", 41) + b"the rest"
        self.assertEqual(group.generation_of_value(value), 41)

    def test_are_read_from_values_with_variable_lengths(self):
        value = struct.pack(">hB8si", 4, 9, b"consumer", 42) + b"the rest"
        self.assertEqual(group.generation_of_value(value), 42)
        long = b"x" * 200
        value = struct.pack(">hBB", 4, 0x80 | (201 & 0x7f), 201 >> 7) + long + struct.pack(">i", 43)
        self.assertEqual(group.generation_of_value(value), 43)


class Gaps(unittest.TestCase):
    def test_are_the_longest_times_between_two_outputs(self):
        self.assertEqual(steady.longest_gaps({0: [10, 11, 14, 15], 1: [10, 11, 12, 13, 14, 15]}, 10, 16), {0: 3, 1: 1})

    def test_count_from_the_begin_and_to_the_end(self):
        self.assertEqual(steady.longest_gaps({0: [5, 14, 15], 1: [11, 12], 2: []}, 10, 16), {0: 4, 1: 4, 2: 6})

    def test_outside_the_measurement_do_not_count(self):
        self.assertEqual(steady.longest_gaps({0: [1, 9, 11, 12, 30]}, 10, 13), {0: 1})


class Report(unittest.TestCase):
    @staticmethod
    def row(longest):
        result = {"measurement": "kill", "guarantee": "at_least_once", "heartbeat_ms": None, "state_mb": 0, "median": 0.5,
                  "most_restored": 7, "goal": 1.0}
        return report.table([{**result, "longest": each} for each in longest]).splitlines()[-1]

    def test_has_the_median_and_the_extremes_of_several_runs(self):
        self.assertIn("| 1.10 s (0.90–3.00) |", self.row([0.9, 3.0, 1.1]))

    def test_marks_what_reaches_its_goal_in_every_run(self):
        self.assertIn("**0.95 s (0.90–1.00)**", self.row([0.9, 1.0]))
        self.assertNotIn("**", self.row([0.9, 1.01]))


if __name__ == "__main__":
    unittest.main()
