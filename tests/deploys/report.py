# SPDX-License-Identifier: Apache-2.0
"""Tables of measurements."""
import statistics


def seconds(values):
    """The median of several runs with the shortest and the longest, or the only one."""
    text = f"{statistics.median(values):.2f} s"
    return text + f" ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else text


def table(results):
    """Of the lines of a summary. The goal is bold where each run reaches it."""
    groups = {}
    for each in results:
        groups.setdefault((each["measurement"], each["guarantee"], each["heartbeat_ms"], each["state_mb"]), []).append(each)
    lines = ["| deploy | guarantee | heartbeats | state | runs | longest gap of a partition | median of partitions | records restored "
             "per task, at most | goal |", "|---|---|---|---|---|---|---|---|---|"]
    for (name, guarantee, heartbeat_ms, state_mb), found in groups.items():
        longest = seconds([each["longest"] for each in found])
        if max(each["longest"] for each in found) <= found[0]["goal"]:
            longest = f"**{longest}**"
        lines.append(f"| {name} | `{guarantee}` | {f'{heartbeat_ms / 1000:g} s' if heartbeat_ms else 'default'} | {state_mb} MB | {len(found)} | {longest} | "
                     f"{seconds([each['median'] for each in found])} | {max(each['most_restored'] for each in found):,} | "
                     f"{found[0]['goal']:g} s |")
    return "\n".join(lines)
