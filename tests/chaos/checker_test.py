#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check finds the faults that it is for, and none in a right output."""
import unittest

import checker
from checker import AT_LEAST_ONCE, EXACTLY_ONCE, Record


def records(*rows, partition=0, step_ms=1000):
    """Rows are (key, value)."""
    return [Record(partition, at, key, value, at * step_ms) for at, (key, value) in enumerate(rows)]


def found(workload, guarantee, inputs, output):
    """The kinds of the violations."""
    return sorted({each.partition(":")[0] for each in checker.violations(workload, guarantee, inputs, output)})


def without(items, *positions):
    return [item for at, item in enumerate(items) if at not in positions]


def again(items, position):
    return items[:position + 1] + [items[position]._replace(offset=items[position].offset + 0.5)] + items[position + 1:]


def swapped(items, one, other):
    result = list(items)
    result[one], result[other] = (items[other]._replace(offset=items[one].offset),
                                  items[one]._replace(offset=items[other].offset))
    return result


class Copy(unittest.TestCase):
    source = [records(("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"))]
    right = records(("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"))

    def check(self, output, exactly, at_least):
        self.assertEqual(found("copy", EXACTLY_ONCE, self.source, output), exactly)
        self.assertEqual(found("copy", AT_LEAST_ONCE, self.source, output), at_least)

    def test_the_right_output_passes(self):
        self.check(self.right, [], [])

    def test_a_lost_record_is_found(self):
        self.check(without(self.right, 2), ["LOST"], ["LOST"])

    def test_the_last_record_lost_is_found(self):
        self.check(without(self.right, 3), ["LOST"], ["LOST"])

    def test_a_doubled_record_is_a_fault_of_exactly_once_only(self):
        self.check(again(self.right, 2), ["DOUBLED"], [])

    def test_another_order_is_found(self):
        self.check(swapped(self.right, 2, 3), ["ORDER"], ["ORDER"])

    def test_a_value_of_an_aborted_transaction_is_found(self):
        self.check(self.right + records(("a", "aborted1:9")), ["WRONG"], ["WRONG"])

    def test_a_key_that_nobody_wrote_is_found(self):
        self.check(self.right + records(("z", "1")), ["WRONG"], ["WRONG"])

    def test_a_key_in_two_partitions_is_found(self):
        self.check(self.right[:3] + [self.right[3]._replace(partition=1)], ["ORDER"], ["ORDER"])

    def test_an_empty_output_is_found(self):
        self.check([], ["LOST"], ["LOST"])


class Counts(unittest.TestCase):
    source = [records(("a", "g1:1"), ("b", "g2:2"), ("a", "g1:3"), ("a", "g2:4"))]
    by_key = records(("a", 1), ("b", 1), ("a", 2), ("a", 3))
    by_prefix = records(("g1", 1), ("g2", 1), ("g1", 2), ("g2", 2))

    def test_right_outputs_pass(self):
        for workload, output in (("count", self.by_key), ("repartitioned-count", self.by_prefix)):
            self.assertEqual(found(workload, EXACTLY_ONCE, self.source, output), [])
            self.assertEqual(found(workload, AT_LEAST_ONCE, self.source, output), [])

    def test_an_update_lost_from_the_output_is_found(self):
        self.assertEqual(found("count", EXACTLY_ONCE, self.source, without(self.by_key, 2)), ["LOST"])

    def test_a_doubled_update_is_found(self):
        self.assertEqual(found("count", EXACTLY_ONCE, self.source, again(self.by_key, 2)), ["DOUBLED"])

    def test_a_record_that_was_counted_twice_is_found(self):
        self.assertEqual(found("count", EXACTLY_ONCE, self.source, self.by_key + records(("a", 4))), ["WRONG"])

    def test_a_count_that_began_again_is_found(self):
        output = self.by_key[:2] + records(("a", 1), ("a", 2))
        self.assertEqual(found("count", EXACTLY_ONCE, self.source, output), ["DOUBLED", "LOST"])
        self.assertEqual(found("count", AT_LEAST_ONCE, self.source, output), ["LOST"])

    def test_updates_in_another_order_are_found(self):
        self.assertEqual(found("repartitioned-count", EXACTLY_ONCE, self.source, swapped(self.by_prefix, 0, 2)), ["ORDER"])

    def test_at_least_once_may_count_too_high_but_not_too_low(self):
        self.assertEqual(found("count", AT_LEAST_ONCE, self.source, self.by_key + records(("a", 4))), [])
        self.assertEqual(found("count", AT_LEAST_ONCE, self.source, without(self.by_key, 3)), ["LOST"])


class Windows(unittest.TestCase):
    # Windows of 10 s with 5 s grace: the record at 26 s closes those up to 20 s, the one at 300,000 s all others.
    source = [[Record(0, 0, "a", "", 1_000), Record(0, 1, "a", "", 12_000), Record(0, 2, "a", "", 9_000),
               Record(0, 3, "b", "", 26_000), Record(0, 4, "a", "", 2_000), Record(0, 5, "z", "", 300_000_000)]]
    right = records(("a@0", 2), ("a@10000", 1), ("b@20000", 1))

    def check(self, output, kinds):
        self.assertEqual(found("windowed-count", EXACTLY_ONCE, self.source, output), kinds)

    def test_the_right_output_passes(self):
        self.check(self.right, [])
        self.assertEqual(found("windowed-count", AT_LEAST_ONCE, self.source, self.right), [])

    def test_a_window_that_was_never_emitted_is_found(self):
        self.check(without(self.right, 2), ["LOST"])

    def test_a_window_that_was_emitted_twice_is_found(self):
        self.check(again(self.right, 0), ["DOUBLED"])

    def test_a_window_with_a_wrong_count_is_found(self):
        self.check([self.right[0]._replace(value=3)] + self.right[1:], ["LOST", "WRONG"])

    def test_a_window_that_is_not_closed_is_found(self):
        self.check(self.right + records(("z@300000000", 1)), ["WRONG"])

    def test_stream_time_is_that_of_the_partition(self):
        other = [Record(1, 0, "c", "", 1_000)]
        self.assertEqual(found("windowed-count", EXACTLY_ONCE, [self.source[0] + other], self.right), [])


class TableJoin(unittest.TestCase):
    source = [records(("a", "l1"), ("a", "l2"), ("b", "l3")), records(("a", "r1"), ("b", "r2"), ("a", "r3"))]
    right = records(("a", "l1,r1"), ("a", "l2,r3"), ("b", "l3,r2"))

    def check(self, output, exactly, at_least):
        self.assertEqual(found("stream-table-join", EXACTLY_ONCE, self.source, output), exactly)
        self.assertEqual(found("stream-table-join", AT_LEAST_ONCE, self.source, output), at_least)

    def test_the_right_output_passes(self):
        self.check(self.right, [], [])

    def test_a_record_that_was_not_joined_is_found(self):
        self.check(without(self.right, 0), ["LOST"], ["LOST"])

    def test_a_record_that_was_joined_twice_is_found(self):
        self.check(again(self.right, 1), ["DOUBLED"], [])

    def test_a_row_of_another_key_is_found(self):
        self.check(self.right[:2] + records(("b", "l3,r1")), ["WRONG"], ["WRONG"])

    def test_a_row_that_was_replaced_before_is_found(self):
        self.check(records(("a", "l1,r3"), ("a", "l2,r1"), ("b", "l3,r2")), ["ORDER"], [])


class StreamJoin(unittest.TestCase):
    source = [[Record(0, 0, "a", "l1", 0), Record(0, 1, "a", "l2", 15_000)],
              [Record(0, 0, "a", "r1", 10_000), Record(0, 1, "a", "r2", 30_000), Record(0, 2, "b", "r3", 0)]]
    right = records(("a", "l1,r1"), ("a", "l2,r1"))

    def check(self, output, exactly, at_least):
        self.assertEqual(found("stream-stream-join", EXACTLY_ONCE, self.source, output), exactly)
        self.assertEqual(found("stream-stream-join", AT_LEAST_ONCE, self.source, output), at_least)

    def test_the_right_output_passes_in_any_order(self):
        self.check(self.right, [], [])
        self.check(swapped(self.right, 0, 1), [], [])

    def test_a_missing_pair_is_found(self):
        self.check(without(self.right, 1), ["LOST"], ["LOST"])

    def test_a_doubled_pair_is_found(self):
        self.check(again(self.right, 1), ["DOUBLED"], [])

    def test_a_pair_outside_the_window_is_found(self):
        self.check(self.right + records(("a", "l2,r2")), ["WRONG"], ["WRONG"])


class Others(unittest.TestCase):
    def test_an_offset_that_moved_back_is_found(self):
        monitor = checker.OffsetsMonitor()
        for offset in (3, 5, 5):
            monitor.sample({("in", 0): offset})
        monitor.sample({})
        self.assertEqual(monitor.violations, [])
        monitor.sample({("in", 0): 4})
        self.assertEqual(len(monitor.violations), 1)

    def test_a_hanging_transaction_is_found(self):
        self.assertEqual(checker.hanging_transactions({("out", 0): (5, 5)}), [])
        self.assertEqual(len(checker.hanging_transactions({("out", 0): (4, 5)})), 1)

    def test_a_task_with_two_owners_is_found(self):
        self.assertEqual(checker.shared_tasks({0: ["0_0"], 1: ["0_1"]}), [])
        self.assertEqual(len(checker.shared_tasks({0: ["0_0"], 1: ["0_0", "0_1"]})), 1)

    def test_an_output_is_complete_when_no_record_is_missing(self):
        self.assertFalse(checker.is_complete("copy", Copy.source, Copy.right[:3]))
        self.assertTrue(checker.is_complete("copy", Copy.source, Copy.right))
        self.assertFalse(checker.is_complete("copy", Copy.source, Copy.right[:3] * 2))
        self.assertFalse(checker.is_complete("stream-stream-join", StreamJoin.source, StreamJoin.right[:1]))
        self.assertTrue(checker.is_complete("stream-table-join", TableJoin.source, TableJoin.right))


if __name__ == "__main__":
    unittest.main()
