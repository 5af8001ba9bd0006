# SPDX-License-Identifier: Apache-2.0
"""How large files, folders, classes and functions are.

Reads the layout that clang-format gives: one statement a line or continued, and a block that closes where it began.
"""
import re

FOLDERS = ("include", "src", "tests", "bench", "examples")
MAX_LINES = 400         # Of a file.
MAX_SOURCES = 20        # Of a folder of include/ and src/; a header and its source are one.
MAX_FUNCTION_LINES = 60
MAX_PRIVATE_FUNCTIONS = 20
MAX_MEMBERS = 20

LITERALS = re.compile(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'|//.*')
CLASS = re.compile(r"^ *(?:template <.*> )?(class|struct) (?:\[\[\w+\]\] )?(\w+)[^;()]*\{$")
NO_FUNCTION = re.compile(r"\s*(namespace|class|struct|enum|union|extern)\b|.*= ?\{$|.*\bconstexpr std::array\b|\s*:")
FUNCTION = re.compile(r"[^=]*?[\w~>&*\])]\s*(operator\S+)?\(")
MEMBER = re.compile(r"\b\w+_( = .*|\{.*\}|\[.*\]| MILLRACE_GUARDED_BY\(.*\))*;$")
NO_MEMBER = ("using ", "friend ", "static constexpr ", "enum ", "static_assert")


def without_literals(line):
    return LITERALS.sub(lambda found: "" if found[0].startswith("//") else '""', line).rstrip()


def without_templates(statement):
    while True:
        shorter = re.sub(r"<[^<>()]*>|<[^<>]*>", "", statement)
        if shorter == statement:
            return statement
        statement = shorter


def block_end(lines, start):
    """The index of the line that closes the block which `lines[start]` opens."""
    depth = 0
    for at in range(start, len(lines)):
        depth += lines[at].count("{") - lines[at].count("}")
        if depth <= 0:
            return at
    return len(lines) - 1


def function_name(lines, at):
    """The name in the signature whose last line is `lines[at]`; it begins after a blank line or the end of a statement."""
    start = at
    while start > 0 and lines[start - 1].strip() and not lines[start - 1].rstrip().endswith((";", "}", ":", "{", ">")):
        start -= 1
    found = re.search(r"(~?\w+|operator\S+)\(", without_templates(" ".join(lines[start:at + 1])))
    return found[1] if found else "a function"


def long_functions(lines):
    """(line, name, length) of each outermost function that is too long."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.endswith("{") and not NO_FUNCTION.match(line) and (")" in line or line.lstrip().startswith("->")):
            end = block_end(lines, at)
            if end - at + 1 > MAX_FUNCTION_LINES:
                yield at + 1, function_name(lines, at), end - at + 1
            at = end
        at += 1


def statements(lines, start):
    """(statement, whether it is private) of the class that `lines[start]` opens, without the bodies of its functions."""
    private = CLASS.match(lines[start])[1] == "class"
    depth, text = 1, ""
    for line in lines[start + 1:]:
        before = depth
        depth += line.count("{") - line.count("}")
        if depth <= 0:
            return
        if before > 1:
            if depth == 1 and not line.rstrip().endswith("};"):
                yield text, private
                text = ""
            elif depth == 1:
                text = ""
            continue
        access = re.match(r"\s*(public|private|protected):", line)
        if access:
            private, text = access[1] != "public", ""
            continue
        text += " " + line.strip()
        if depth == 1 and line.rstrip().endswith((";", "}")):
            yield text.strip(), private
            text = ""


def full_classes(lines):
    """(name, private functions, members) of each class that has too many."""
    for at, line in enumerate(lines):
        found = CLASS.match(line)
        if not found:
            continue
        functions = members = 0
        for statement, private in statements(lines, at):
            plain = without_templates(statement)
            if plain.startswith(NO_MEMBER) or re.match(r"(class|struct) \w+[^()]*$", plain):
                continue
            if MEMBER.search(plain) and not re.search(r"\)( const)?( noexcept)?;$", plain.split("_GUARDED_BY")[0]):
                members += 1
            elif private and FUNCTION.match(plain):
                functions += 1
        if functions > MAX_PRIVATE_FUNCTIONS or members > MAX_MEMBERS:
            yield found[2], functions, members


def crowded_folders(root):
    for top in ("include", "src"):
        for folder in sorted(path for path in (root / top).rglob("*") if path.is_dir()):
            sources = {path.stem for path in folder.iterdir() if path.suffix in (".hpp", ".cpp", ".h", ".c")}
            if len(sources) > MAX_SOURCES:
                yield folder.relative_to(root).as_posix(), f"{len(sources)} sources"


def oversized(root, files):
    """(what, how large) of everything that is above a limit; `files` are those of FOLDERS."""
    yield from crowded_folders(root)
    for path in files:
        name = path.relative_to(root).as_posix()
        top = name.split("/")[0]
        text = path.read_text().splitlines()
        if len(text) > MAX_LINES:
            yield name, f"{len(text)} lines"
        if top not in ("include", "src"):
            continue
        lines = [without_literals(line) for line in text]
        for line, function, length in long_functions(lines):
            yield f"{name}: {function}", f"a function of {length} lines, at line {line}"
        for type_name, functions, members in full_classes(lines):
            yield f"{name}: {type_name}", f"{functions} private functions, {members} members"
