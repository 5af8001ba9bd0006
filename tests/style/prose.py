# SPDX-License-Identifier: Apache-2.0
"""The word list of docs/style.md, "Prose": phrases that documents, comments and messages must not contain."""
import re

# A phrase (regular expression) and the plain alternative.
PHRASES = [
    (r"told", "is called, receives, is configured"),
    (r"hears? (?:of|about)|heard (?:of|about)", "is called, is notified"),
    (r"(?:is|are|was) said", "is logged, is documented"),
    (r"l(?:ets?|etting) go", "evicts (cache), flushes (commit), releases (memory)"),
    (r"giv(?:es?|ing|en) up (?:its|their|all|the) (?:partition|task)s?|giv(?:es?|ing|en) (?:its|their|all|the) \w+ up", "revokes"),
    (r"(?:one's|of our) own", "custom, separate, another"),
    (r"as much again", "the same amount"),
    (r"who(?:m|se)?ever", "the caller, any thread"),
    (r"somebody|nobody(?!\")", "a user, no thread, no member"),
    (r"stands? in", "replaces, appears in"),
    (r"for certain", "is guaranteed"),
    (r"for good", "permanently"),
    (r"for ever", "forever, indefinitely"),
    (r"none of it", "name what is missing"),
    (r"besides", "also, in addition to"),
    (r"anew", "again"),
    (r"once more", "again"),
    (r"all the same", "still"),
    (r"at hand", "current"),
    (r"in place of", "instead of"),
    (r"on (?:its|their) way", "in flight"),
    (r"comes? (?:and|or) goes?|come and go", "is added and removed, joins and leaves"),
    (r"c[ao]mes? to nothing", "fails"),
    (r"of no (?:more )?use", "cannot be used"),
    (r"to be had", "available"),
    (r"go(?:es|ing)? on", "continues"),
    (r"thrown (?:out|away)", "removed, deleted"),
    (r"looks? after", "serves, handles"),
    (r"cut short", "truncated"),
    (r"forgets?|forgotten|forgetting", "drops, deletes"),
    (r"bears?", "supports"),
    (r"heeds?", "handles"),
]
# The same, where a topology is meant.
TOPOLOGY = (r"programs?", "topology, application, process")
TOPOLOGY_FOLDERS = r"(include|src)/"

# Not checked: the left column of the table in docs/style.md, and this list with its test.
STYLE_PAGE = "docs/style.md"

LITERAL = r'"(?:\\.|[^"\\\n])*"'
CPP_TEXT = re.compile(r"(?P<comment>//[^\n]*(?:\n[ \t]*//[^\n]*)*|/\*.*?\*/)"
                      r'|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"'
                      rf"|(?P<literal>{LITERAL}(?:\s*{LITERAL})*)|'(?:\\.|[^'\\\n])'", re.DOTALL)
MARKERS = re.compile(r"\n[ \t]*(?://[/<!]*|\*|#)[ \t]*")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def cpp_texts(text):
    """The comments and string literals of a source file, each with its position. One that spans lines is one text."""
    for match in CPP_TEXT.finditer(text):
        if match.group("comment"):
            yield match.start(), MARKERS.sub(blank, match.group("comment"))
        elif match.group("literal"):
            yield match.start(), re.sub(r'"\s*"', "", match.group("literal"))


def script_texts(text):
    for match in re.finditer(r"^[ \t]*#[^\n]*(?:\n[ \t]*#[^\n]*)*", text, re.MULTILINE):
        yield match.start(), MARKERS.sub(blank, match.group())


def page_texts(name, text):
    text = re.sub(r"^```.*?^```", blank, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`", blank, text)
    if name == STYLE_PAGE:
        text = re.sub(r"^\|[^|\n]*\|", blank, text, flags=re.MULTILINE)
    for match in re.finditer(r"[^\n]+(?:\n[^\n]+)*", text):
        yield match.start(), match.group()


def texts_of(path, name):
    text = path.read_text()
    if path.suffix == ".md":
        return text, page_texts(name, text)
    if path.suffix in (".hpp", ".cpp", ".h", ".c"):
        return text, cpp_texts(text)
    return text, script_texts(text)


def violations(name, path):
    text, parts = texts_of(path, name)
    phrases = PHRASES + ([TOPOLOGY] if re.match(TOPOLOGY_FOLDERS, name) else [])
    for position, part in parts:
        for phrase, alternative in phrases:
            for found in re.finditer(rf"\b(?:{phrase})\b".replace(" ", r"\s+"), part, re.IGNORECASE):
                line = text.count("\n", 0, position) + part.count("\n", 0, found.start()) + 1
                yield f"{name}:{line}: '{' '.join(found.group().split())}': write {alternative}"
