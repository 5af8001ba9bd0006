#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of docs/style.md that a text search can check. Prints the violations; the exit code says if there are any.

  check.py seams        no clock, chance, environment, thread, sleep or file outside the files that own the seam
  check.py third-party  each library is included in its one folder only
  check.py leaks        no third-party header is reachable from the public headers, and none of the heavy standard ones
                        from millrace.hpp   (needs --compiler)
  check.py namespaces   headers outside include/millrace/detail define no names of namespace detail, those inside no
                        others
  check.py sizes        no large file, folder, class or function without a reason (sizes.py has the limits)
  check.py first-lines  licence line, and #pragma once in headers
  check.py documents    C++ in documents is part of compiled files, relative links resolve, what docs/operations.md quotes
                        is in the sources, and no text contains a phrase of the word list (prose.py)
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import sizes as oversize

import prose as word_list

# What goes past a seam, and the files (regular expressions) that may.
SEAMS = {
    "clock": (r"std::chrono::\w+_clock::now|\b(clock_gettime|gettimeofday|time)\((nullptr|NULL|CLOCK_)", [r"src/core/clock\.cpp"]),
    "chance": (r"\brandom_device\b|\bs?rand\(|\barc4random", [r"src/core/random\.cpp"]),
    "environment": (r"\b(secure_)?getenv\(|\benviron\b", [r"src/client/settings/\w*config\w*\.cpp", r"src/client/settings/\w*environment\w*\.cpp",
                                                                         r"src/core/fail_points\.cpp"]),
    "threads": (r"std::j?thread\b(?!::)", [r"src/core/thread\.(hpp|cpp)"]),
    "waits": (r"\bcondition_variable", [r"src/core/thread_annotations\.hpp", r"src/client/.*", r"src/testing/embedded/.*"]),
    "sleep": (r"\bsleep_(for|until)\b|\bu?sleep\(|\bnanosleep\(", [r"src/core/fail_points\.cpp"]),
    "files": (r"std::filesystem::(?!path\b)|\bstd::[io]?fstream\b|\bfopen\(|\bmkstemp\(|(?<![\w>])::open\(",
              [r"src/core/\w*file_system\.cpp", r"src/core/text_file\.cpp", r"src/client/settings/\w*config\w*\.cpp", r"src/testing/temporary_folder\.cpp",
               r"src/testing/simulation/state_folders\.(hpp|cpp)"]),
}

# Each library, and the only files that may include it.
THIRD_PARTY = {
    r"librdkafka/|rdkafka\w*\.h": [r"src/kafka/rdkafka/.*"],
    r"rocksdb/": [r"src/state/engine/rocksdb/.*"],
    r"spdlog/|fmt/": [r"src/core/log\.(hpp|cpp)"],
    r"google/protobuf/": [r"include/millrace/serde/protobuf\.hpp"],
    r"xxhash\.h": [r"src/.*"],
    r"nlohmann/": [r"src/state/task/state_directory\.cpp"],
    r"CLI/|xgboost/|benchmark/|gtest/|gmock/": [],
}

# Public headers that bring a library along on purpose.
HEADERS_WITH_THIRD_PARTY = r"include/millrace/(serde/protobuf\.hpp|native/.*)"
THIRD_PARTY_PATHS = r"/(librdkafka|rocksdb|spdlog|fmt|google|nlohmann|CLI|boost|absl|xgboost|openssl|curl)/|/(xxhash|lz4|zstd|zlib)\.h$"

# Files whose text the word list does not apply to. A change of tools/build-librdkafka builds librdkafka again.
PROSE_UNCHECKED = [r"tests/style/.*", r"tools/build-librdkafka"]
# Standard headers that cost every user seconds and that millrace.hpp must not reach.
HEAVY_HEADERS = r"/(filesystem|regex)$"

# What headers outside detail/ may define names in, by folder; in other namespaces they may only declare types.
PUBLIC_NAMESPACES = [(r"millrace", r".*"), (r"millrace::stores", r"state/.*"), (r"millrace::testing", r"testing/.*")]
DETAIL_NAMESPACES = r"millrace(::testing)?::detail"
TYPE_DECLARATION = r"(template <[^{;]*> )?(class|struct) \w+( final)?"
NEW_NAME = r"(template <.*> )?(requires.*)?(concept \w|using \w|enum |inline constexpr |(class|struct) \w+( final)?( :[^:].*)?$)"

SIZE_EXCEPTIONS = "tests/style/size_exceptions.txt"


class NothingChecked(Exception):
    """A check that looked at nothing must not pass."""


def files_below(root, *folders, suffixes=(".hpp", ".cpp", ".h", ".c")):
    found = sorted(path for folder in folders for path in (root / folder).rglob("*") if path.suffix in suffixes)
    if not found:
        raise NothingChecked(f"no files below {', '.join(folders)} of {root}")
    return found


def name_of(root, path):
    return path.relative_to(root).as_posix()


def without_comments(line):
    return line.split("//")[0]


def is_allowed(name, patterns):
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def check_lines(root, rules, prefix, verdict):
    for path in files_below(root, "include", "src"):
        name = name_of(root, path)
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            for rule, (pattern, allowed) in rules.items():
                if re.search(prefix + "(" + pattern + ")", without_comments(line)) and not is_allowed(name, allowed):
                    yield f"{name}:{number}: {verdict.format(rule)}: {line.strip()}"


def seams(root, _):
    return check_lines(root, SEAMS, "", "goes past the seam of '{}'")


def third_party(root, _):
    rules = {pattern: (pattern, allowed) for pattern, allowed in THIRD_PARTY.items()}
    return check_lines(root, rules, '^ *# *include *[<"]', "'{}' is not to be included here")


def leaks(root, options):
    headers = [path for path in files_below(root, "include", suffixes=(".hpp",))
               if not re.fullmatch(HEADERS_WITH_THIRD_PARTY, name_of(root, path))]
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.writelines(f'#include "{path}"\n' for path in headers)
        source.flush()
        result = subprocess.run([options.compiler, "-std=c++20", "-M", "-I", str(root / "include"), source.name],
                                capture_output=True, text=True)
    if result.returncode != 0:
        yield "the public headers do not compile together:\n" + result.stderr
        return
    for path in result.stdout.replace("\\\n", " ").split():
        if re.search(THIRD_PARTY_PATHS, path):
            yield f"a public header reaches {path}"
    for header in (path for path in headers if path.name == "millrace.hpp"):
        result = subprocess.run([options.compiler, "-std=c++20", "-M", "-I", str(root / "include"), "-x", "c++", str(header)],
                                capture_output=True, text=True)
        for path in result.stdout.replace("\\\n", " ").split():
            if re.search(HEAVY_HEADERS, path):
                yield f"millrace.hpp reaches {path}"


def statements(text):
    """The statements of a header, each with the namespace that it is in; without bodies."""
    text = re.sub(r"^\s*#.*$", "", re.sub(r"//.*$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    text = re.sub(r'"(\\.|[^"\\])*"', '""', text)
    namespaces, start, depth = [], 0, 0
    for position, character in enumerate(text):
        statement = " ".join(text[start:position].split())
        opened = re.fullmatch(r"namespace ([\w:]+)", statement)
        if character == "{" and depth == 0 and opened:
            namespaces.append(opened.group(1))
            start = position + 1
        elif character == "{":
            if depth == 0 and statement:
                yield "::".join(namespaces), statement, True
            depth += 1
        elif character == "}" and depth == 0:
            namespaces.pop()
            start = position + 1
        elif character == "}":
            depth -= 1
            start = position + 1
        elif character == ";" and depth == 0:
            if statement:
                yield "::".join(namespaces), statement, False
            start = position + 1


def namespaces(root, _):
    for path in files_below(root, "include", suffixes=(".hpp",)):
        name = name_of(root, path)
        place = name.removeprefix("include/millrace/")
        for namespace, statement, has_body in statements(path.read_text()):
            declares_type = not has_body and re.fullmatch(TYPE_DECLARATION, statement)
            if declares_type or statement.startswith("template <> struct std::hash<"):
                continue
            if not place.startswith("detail/"):
                if not any(re.fullmatch(known, namespace) and re.fullmatch(folder, place) for known, folder in PUBLIC_NAMESPACES):
                    yield f"{name}: namespace {namespace} is not for this header: {statement}"
            elif not re.fullmatch(DETAIL_NAMESPACES, namespace) and (namespace != "millrace" or re.match(NEW_NAME, statement)):
                yield f"{name}: a public name below detail/: {statement}"


def sizes(root, _):
    reasons = {}
    listed = root / SIZE_EXCEPTIONS
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line and not line.startswith("#"):
                name, _, reason = line.rpartition(": ")
                reasons[name] = reason.strip()
    folders = [folder for folder in oversize.FOLDERS if (root / folder).exists()]
    too_large = dict(oversize.oversized(root, files_below(root, *folders)))
    for name, size in too_large.items():
        if not reasons.get(name):
            yield f"{name}: {size}; split it, or give a reason in {SIZE_EXCEPTIONS}"
    for name in sorted(set(reasons) - set(too_large)):
        yield f"{SIZE_EXCEPTIONS}: {name} is not too large (any more)"


def first_lines(root, _):
    folders = [folder for folder in ("include", "src", "tests", "bench", "examples") if (root / folder).exists()]
    for path in files_below(root, *folders):
        lines = path.read_text().splitlines()
        start = 1 if lines and re.match("// (error: |compiles$)", lines[0]) else 0  # tests/compile_fail
        licence = "SPDX-License-Identifier: Apache-2.0"
        if lines[start:start + 1] not in (["// " + licence], ["/* " + licence + " */"]):
            yield f"{name_of(root, path)}: must begin with // {licence}"
        if path.suffix in (".hpp", ".h") and "#pragma once" not in lines:
            yield f"{name_of(root, path)}: has no #pragma once"


def without_indent(text):
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def texts_below(root):
    """Sources, scripts and pages with comments, messages or prose."""
    for folder in ("include", "src", "examples", "bench", "tests", "tools"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and (path.suffix in (".hpp", ".cpp", ".h", ".c", ".md", ".py", ".sh") or folder == "tools"):
                yield path


def anchors(page):
    """The fragments that link to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def documents(root, _):
    pages = sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")])
    if not pages:
        raise NothingChecked("no files below docs")
    compiled = "\n".join(without_indent(path.read_text()) for folder in ("examples", "tests")
                         if (root / folder).exists() for path in sorted((root / folder).rglob("*.cpp")))
    for page in pages:
        name, text = name_of(root, page), page.read_text()
        for block in re.findall(r"^```cpp\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            if without_indent(block) not in compiled:
                yield f"{name}: C++ that is in no compiled file: {block.strip().splitlines()[0]}"
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", prose):
            linked = page.parent / target if target else page
            if not linked.exists():
                yield f"{name}: broken link: {target}"
            elif anchor and linked.suffix == ".md" and anchor not in anchors(linked):
                yield f"{name}: no such heading: {target}{anchor}"
    operations = root / "docs/operations.md"
    if operations.exists():
        sources = "".join(re.sub(r'"\s*"', "", path.read_text()) for path in files_below(root, "src"))
        for words in re.findall(r'"([^"\n]+)"', operations.read_text()):
            if words not in sources:
                yield f"docs/operations.md: not in the sources: {words}"
    for path in sorted({*pages, *texts_below(root)}):
        if not is_allowed(name_of(root, path), PROSE_UNCHECKED):
            yield from word_list.violations(name_of(root, path), path)


CHECKS = {"seams": seams, "third-party": third_party, "leaks": leaks, "namespaces": namespaces, "sizes": sizes, "first-lines": first_lines,
          "documents": documents}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--compiler", default="c++")
    options = parser.parse_args()
    try:
        violations = list(CHECKS[options.check](options.root.resolve(), options))
    except NothingChecked as error:
        violations = [str(error)]
    print("\n".join(violations) if violations else "ok")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
