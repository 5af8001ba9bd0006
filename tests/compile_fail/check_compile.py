#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles one case and compares the result with the case's first line:

  // error: <text>   it does not compile, the first error is in the case itself (where its author would look for the
                     mistake), and the compiler's output contains <text>
  // compiles        it compiles without a warning: shows that the other cases fail for the right reason

  check_compile.py CASE COMPILER [ARGUMENTS...]
"""
import re
import subprocess
import sys


def verdict(case, command):
    with open(case) as file:
        first_line = file.readline().rstrip("\n")
    result = subprocess.run([*command, "-fsyntax-only", "-Wall", "-Wextra", case], capture_output=True, text=True)
    said = result.stderr
    if first_line == "// compiles":
        return "" if result.returncode == 0 and not said else f"does not compile cleanly:\n{said}"
    expected = re.fullmatch("// error: (.+)", first_line)
    if not expected:
        return "the first line must be '// error: <text>' or '// compiles'"
    if result.returncode == 0:
        return "compiles, and should not"
    first_error = re.search(r"^(.*?):\d+:\d+: (fatal )?error: ", said, re.MULTILINE)
    if not first_error or first_error.group(1) != case:
        return f"the first error is not in the case itself:\n{said}"
    if expected.group(1) not in said:
        return f"the compiler does not say '{expected.group(1)}':\n{said}"
    return ""


if __name__ == "__main__":
    problem = verdict(sys.argv[1], sys.argv[2:])
    print(f"{sys.argv[1]}: {problem or 'ok'}")
    sys.exit(1 if problem else 0)
