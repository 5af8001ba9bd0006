# SPDX-License-Identifier: Apache-2.0
"""Compares the output of an application with what its input demands.

Pure functions over lists of `Record`s, read by a client of another code base with isolation level read_committed.
`violations` returns sentences, none for a correct output.
"""
import collections
import typing

WINDOW_MS = 10_000
GRACE_MS = 5_000
JOIN_MS = 10_000

EXACTLY_ONCE = "exactly_once_v2"
AT_LEAST_ONCE = "at_least_once"
WORKLOADS = ["copy", "count", "repartitioned-count", "windowed-count", "stream-table-join", "stream-stream-join"]


class Record(typing.NamedTuple):
    partition: int
    offset: int
    key: str
    value: typing.Any  # str; in the output of counts, int.
    timestamp: int


def by_key(records):
    """Key to its values, in the order of the records' partition. All records of a key are in one partition."""
    result = collections.defaultdict(list)
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        result[record.key].append(record.value)
    return dict(result)


def split_keys(records):
    """Keys that were written to more than one partition: then there is no order to check."""
    partitions = collections.defaultdict(set)
    for record in records:
        partitions[record.key].add(record.partition)
    return sorted(key for key, found in partitions.items() if len(found) > 1)


def prefix(value):
    return value.partition(":")[0]


def counts_of(keys):
    return {key: list(range(1, number + 1)) for key, number in collections.Counter(keys).items()}


def closed_windows(records):
    """Name of each closed window to its count. A window is closed once stream time has passed its end and the grace."""
    open_windows = collections.Counter()
    stream_times = collections.defaultdict(lambda: -1)
    partitions = {}
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        now = stream_times[record.partition] = max(stream_times[record.partition], record.timestamp)
        start = record.timestamp // WINDOW_MS * WINDOW_MS
        if start + WINDOW_MS + GRACE_MS > now:  # Else the record is late and dropped.
            open_windows[f"{record.key}@{start}"] += 1
            partitions[f"{record.key}@{start}"] = (record.partition, start)
    return {window: count for window, count in open_windows.items()
            if partitions[window][1] + WINDOW_MS + GRACE_MS <= stream_times[partitions[window][0]]}


def expected_values(workload, records):
    """Key to the values that exactly-once writes, in order."""
    if workload == "copy":
        return by_key(records)
    if workload == "count":
        return counts_of(record.key for record in records)
    if workload == "repartitioned-count":
        return counts_of(prefix(record.value) for record in records)
    if workload == "windowed-count":
        return {window: [count] for window, count in closed_windows(records).items()}
    raise ValueError(workload)


def shorten(values):
    return repr(values) if len(values) <= 12 else f"{values[:6]!r}…{values[-3:]!r} ({len(values)})"


def compare_exactly(expected, found):
    for key in sorted(set(expected) | set(found)):
        want, got = expected.get(key, []), found.get(key, [])
        if want == got:
            continue
        missing = collections.Counter(want) - collections.Counter(got)
        extra = collections.Counter(got) - collections.Counter(want)
        if missing:
            yield f"LOST: key {key}: {shorten(sorted(missing.elements()))} missing of {len(want)}"
        if extra:
            known = set(want)
            doubled = sorted(value for value in extra.elements() if value in known)
            invented = sorted(value for value in extra.elements() if value not in known)
            if doubled:
                yield f"DOUBLED: key {key}: {shorten(doubled)}"
            if invented:
                yield f"WRONG: key {key}: {shorten(invented)} follows from no input"
        if not missing and not extra:
            at = next(i for i, (a, b) in enumerate(zip(want, got)) if a != b)
            yield f"ORDER: key {key}: position {at} has {got[at]!r} instead of {want[at]!r}"


def compare_at_least(expected, found, *, counts):
    """Doubles are allowed, also of counts, which then are higher; nothing may be missing."""
    for key, want in sorted(expected.items()):
        got = found.get(key, [])
        if counts:
            if max(got, default=0) < max(want):
                yield f"LOST: key {key}: the highest count is {max(got, default=0)}, less than {max(want)}"
            continue
        written, wanted = set(got), set(want)
        missing = [value for value in want if value not in written]
        if missing:
            yield f"LOST: key {key}: {shorten(missing)} missing of {len(want)}"
            continue
        first = list(dict.fromkeys(got))
        wanted_first = [value for value in first if value in wanted]
        if wanted_first != list(dict.fromkeys(want)):
            yield f"ORDER: key {key}: first occurrences are not in the order of the input"
    for key, got in sorted(found.items()):
        wanted = set(expected.get(key, []))
        invented = [value for value in got if value not in wanted]
        if key not in expected or (invented and not counts):
            yield f"WRONG: key {key}: {shorten(invented)} follows from no input"


def join_table(left, table, output, exactly_once):
    """Each left record joins one version of its row, in order; rows are written before the first left record."""
    versions = by_key(table)
    lefts = by_key(left)
    found = by_key(output)
    for key in sorted(set(found) | set(lefts)):
        pairs = [value.partition(",") for value in found.get(key, [])]
        rows = versions.get(key, [])
        wanted = lefts.get(key, []) if rows else []
        if exactly_once:
            yield from compare_exactly({key: wanted}, {key: [pair[0] for pair in pairs]})
        else:
            yield from compare_at_least({key: wanted}, {key: [pair[0] for pair in pairs]}, counts=False)
        strange = [pair[2] for pair in pairs if pair[2] not in rows]
        if strange:
            yield f"WRONG: key {key}: joined with {shorten(strange)}, which the table never had"
        elif exactly_once:
            positions = [rows.index(pair[2]) for pair in pairs]
            if positions != sorted(positions):
                yield f"ORDER: key {key}: a record joined an older row than the record before it"


def expected_pairs(left, right):
    others = collections.defaultdict(list)
    for record in right:
        others[record.key].append(record)
    pairs = collections.defaultdict(list)
    for record in left:
        for other in others[record.key]:
            if abs(record.timestamp - other.timestamp) <= JOIN_MS:
                pairs[record.key].append(f"{record.value},{other.value}")
    return pairs


def join_streams(left, right, output, exactly_once):
    """The right set of pairs; their order depends on how the two topics were read."""
    expected = {key: sorted(values) for key, values in expected_pairs(left, right).items() if values}
    found = {key: sorted(values) for key, values in by_key(output).items()}
    if exactly_once:
        yield from compare_exactly(expected, found)
    else:
        yield from compare_at_least(expected, {key: sorted(set(values)) for key, values in found.items()}, counts=False)


def violations(workload, guarantee, inputs, output):
    """`inputs`: the committed records of each input topic; `output`: those of the output topic."""
    exactly_once = guarantee == EXACTLY_ONCE
    result = [f"ORDER: key {key} is in several partitions of the output" for key in split_keys(output)]
    if workload == "stream-table-join":
        return result + list(join_table(inputs[0], inputs[1], output, exactly_once))
    if workload == "stream-stream-join":
        return result + list(join_streams(inputs[0], inputs[1], output, exactly_once))
    expected = expected_values(workload, inputs[0])
    found = by_key(output)
    if exactly_once:
        return result + list(compare_exactly(expected, found))
    return result + list(compare_at_least(expected, found, counts=workload.endswith("count")))


def is_complete(workload, inputs, output):
    """True when nothing is missing any more: when to stop waiting. Repeated records do not stand for missing ones."""
    return not any(each.startswith("LOST") for each in violations(workload, AT_LEAST_ONCE, inputs, output))


class OffsetsMonitor:
    """Committed offsets of a group, sampled while the application runs: they never move back."""

    def __init__(self):
        self.highest = {}
        self.violations = []

    def sample(self, offsets):
        """`offsets`: (topic, partition) to offset; partitions without an offset are absent."""
        for partition, offset in offsets.items():
            before = self.highest.get(partition, -1)
            if offset < before:
                self.violations.append(f"OFFSETS: {partition[0]}-{partition[1]} was committed at {before}, then at {offset}")
            self.highest[partition] = offset


def hanging_transactions(ends):
    """`ends`: (topic, partition) to (end for read_committed, end for read_uncommitted), after the application ended."""
    return [f"HANGING: {topic}-{partition}: a transaction is open at offset {stable} of {end}"
            for (topic, partition), (stable, end) in sorted(ends.items()) if stable < end]


def shared_tasks(assignments):
    """`assignments`: process to its active tasks: no task has two owners."""
    owners = collections.defaultdict(list)
    for process, tasks in sorted(assignments.items()):
        for task in tasks:
            owners[task].append(process)
    return [f"OWNERS: task {task} is active in processes {names}" for task, names in sorted(owners.items())
            if len(names) > 1]
