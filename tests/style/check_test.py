#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style checks themselves: each finds a planted violation, passes a clean tree, and refuses an empty one."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = LICENCE + "#pragma once\n"
CLEAN = {
    "include/millrace/core/a.hpp": HEADER + "#include <vector>\n",
    "src/core/a.cpp": LICENCE + '#include "millrace/core/a.hpp"\n',
}


def run(command, files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        result = subprocess.run([part.format(root=root) for part in command], capture_output=True, text=True)
        return result.returncode, " ".join((result.stdout + result.stderr).split())


def check(name, files):
    return run([sys.executable, str(ROOT / "tests/style/check.py"), name, "--root", "{root}"], files)


def layers(files):
    return run(["cmake", "-D", "SOURCE_DIR={root}", "-P", str(ROOT / "cmake/CheckLayers.cmake")], files)


def check_compile(text):
    return run([sys.executable, str(ROOT / "tests/compile_fail/check_compile.py"), "{root}/case.cpp", "c++",
                "-std=c++20", "-I", "{root}"], {"case.cpp": text, "other.hpp": "int f() { return missing; }\n"})


class StyleChecks(unittest.TestCase):
    def assert_finds(self, result, text):
        code, output = result
        self.assertNotEqual(code, 0, output)
        self.assertIn(text, output)

    def test_every_check_passes_a_clean_tree_and_refuses_an_empty_one(self):
        for name in ("seams", "third-party", "leaks", "namespaces", "sizes", "first-lines"):
            with self.subTest(name):
                self.assertEqual(check(name, CLEAN), (0, "ok"))
                self.assert_finds(check(name, {"README.md": ""}), "no files below")
        self.assertEqual(layers(CLEAN)[0], 0)
        self.assert_finds(layers({"README.md": ""}), "no headers or no sources found")

    def test_documents(self):
        page = "# A\n```cpp\nint f();\n```\n[b](docs/b.md)\n"
        compiled = {"README.md": page, "docs/b.md": "", "tests/f.cpp": LICENCE + "    int f();\n"}
        self.assertEqual(check("documents", compiled), (0, "ok"))
        self.assert_finds(check("documents", {**compiled, "tests/f.cpp": LICENCE}), "is in no compiled file: int f();")
        self.assert_finds(check("documents", {**compiled, "README.md": page + "[c](c.md)"}), "broken link: c.md")
        for link in ("docs/b.md#two-words", "#own"):
            linked = {**compiled, "README.md": f"# Own\n{page}[c]({link})", "docs/b.md": "## Two `words`\n"}
            self.assertEqual(check("documents", linked), (0, "ok"))
            self.assert_finds(check("documents", {**linked, "README.md": f"{page}[c]({link}s)"}), f"no such heading: {link}s")
        self.assert_finds(check("documents", {"src/a.cpp": LICENCE}), "no files below")
        said = {"src/a.cpp": LICENCE + 'log("the disk is "\n    "full");'}
        self.assertEqual(check("documents", {**said, "docs/operations.md": '"the disk is full"'}), (0, "ok"))
        self.assert_finds(check("documents", {**said, "docs/operations.md": '"the moon is full"'}), "not in the sources: the moon is full")

    def test_word_list(self):
        def page(text):
            return {"README.md": text, "examples/a.cpp": LICENCE}

        def source(text):
            return {"README.md": "", "examples/a.cpp": LICENCE + text}

        for text in ("It is\nsaid.", "# For certain", "* a | whoever"):
            self.assert_finds(check("documents", page(text)), "README.md:1: '")
        for text in ("/// Waits; nobody\n/// hears of it.", "/* It goes\n * on. */", 'log("it goes " "on");',
                     "    x();  ///< One's\n          ///< own."):
            self.assert_finds(check("documents", source(text)), "examples/a.cpp:2: '")
        self.assert_finds(check("documents", {**page(""), "tools/run": "# Once\n# more."}), "tools/run:1: 'Once more': write again")
        self.assert_finds(check("documents", {**page(""), "src/core/a.cpp": "// The program."}), "'program': write topology")
        for files in (page("```\ntold\n```\n`told`"), source("int told; f('\"'); // a program"), source('R"(told)"'),
                      {"docs/style.md": "| is told | is called |\n", "examples/a.cpp": LICENCE}):
            self.assertEqual(check("documents", files), (0, "ok"))

    def test_seams(self):
        for text in ("std::chrono::steady_clock::now()", "std::random_device d;", 'std::getenv("A")',
                     "std::this_thread::sleep_for(1s)", "std::filesystem::remove(p)", "std::ifstream in(p);",
                     "std::thread t;", "std::condition_variable c;"):
            with self.subTest(text):
                bad = {**CLEAN, "src/runtime/b.cpp": LICENCE + text + "\n"}
                self.assert_finds(check("seams", bad), "src/runtime/b.cpp:2: goes past the seam")
        allowed = {**CLEAN, "src/core/clock.cpp": LICENCE + "std::chrono::system_clock::now()\n",
                   "src/runtime/c.cpp": LICENCE + "std::filesystem::path p; // not sleep_for\n",
                   "src/runtime/d.hpp": HEADER + "std::thread::id id;\n", "src/core/thread.hpp": HEADER + "std::thread t;\n"}
        self.assertEqual(check("seams", allowed), (0, "ok"))

    def test_third_party(self):
        for include in ("<librdkafka/rdkafka.h>", '"rdkafka_int.h"', "<rocksdb/db.h>", "<spdlog/spdlog.h>",
                        "<google/protobuf/message.h>", "<nlohmann/json.hpp>"):
            with self.subTest(include):
                bad = {**CLEAN, "src/runtime/b.hpp": HEADER + f"#include {include}\n"}
                self.assert_finds(check("third-party", bad), "src/runtime/b.hpp:3")
        allowed = {**CLEAN, "src/state/engine/rocksdb/b.cpp": LICENCE + "#include <rocksdb/db.h>\n",
                   "src/kafka/rdkafka/b.cpp": LICENCE + "#include <librdkafka/rdkafka.h>\n"}
        self.assertEqual(check("third-party", allowed), (0, "ok"))

    def test_leaks(self):
        bad = {**CLEAN, "include/millrace/core/b.hpp": HEADER + "#include <spdlog/version.h>\n"}
        self.assert_finds(check("leaks", bad), "spdlog/version.h")
        broken = {**CLEAN, "include/millrace/core/b.hpp": HEADER + "#include <no/such/file.h>\n"}
        self.assert_finds(check("leaks", broken), "do not compile together")
        on_purpose = {**CLEAN, "include/millrace/serde/protobuf.hpp": HEADER + "#include <spdlog/version.h>\n"}
        self.assertEqual(check("leaks", on_purpose), (0, "ok"))
        for heavy in ("filesystem", "regex"):
            elsewhere = {**CLEAN, "include/millrace/core/b.hpp": HEADER + f"#include <{heavy}>\n"}
            self.assertEqual(check("leaks", elsewhere), (0, "ok"))
            reached = {**elsewhere, "include/millrace/millrace.hpp": HEADER + '#include "millrace/core/b.hpp"\n'}
            self.assert_finds(check("leaks", reached), "millrace.hpp reaches")

    def test_namespaces(self):
        public, inside = "include/millrace/core/b.hpp", "include/millrace/detail/core/b.hpp"
        for name, text, found in (
                (public, "namespace millrace {\nnamespace detail {\nstruct A {\n    int a;\n};\n}\n}", "core/b.hpp: namespace millrace::detail is not"),
                (public, "namespace millrace::detail {\nvoid f();\n}", "not for this header: void f()"),
                (public, "namespace millrace::state {\nusing A = int;\n}", "not for this header: using A = int"),
                (public, "namespace millrace::testing {\nstruct A {};\n}", "not for this header: struct A"),
                (inside, "namespace millrace {\nstruct A : B {\n    int a;\n};\n}", "a public name below detail/: struct A"),
                (inside, "namespace millrace {\ntemplate <class T>\nconcept A = B<T>;\n}", "a public name below detail/"),
                (inside, "namespace millrace::stores {\nvoid f();\n}", "a public name below detail/: void f()")):
            with self.subTest(text):
                self.assert_finds(check("namespaces", {**CLEAN, name: HEADER + text + "\n"}), found)
        for name, text in (
                (public, "namespace millrace {\nnamespace detail {\ntemplate <class T>\nclass A;  // {\n}\nstruct B {\n    int f() { return 0; }\n};\n}"),
                (public, "template <>\nstruct std::hash<millrace::A> {\n};"),
                (inside, "namespace millrace {\nclass A;\n}\nnamespace millrace::detail {\nstruct B {};\n}"),
                (inside, "namespace millrace {\ntemplate <class T>\nstruct Serde<detail::A<T>> {\n};\nvoid A::f() {\n}\n}"),
                ("include/millrace/testing/b.hpp", "namespace millrace::testing {\nstruct A {};\n}"),
                ("include/millrace/state/b.hpp", "namespace millrace {\nnamespace stores {\nvoid f();\n}\n}")):
            with self.subTest(text):
                self.assertEqual(check("namespaces", {**CLEAN, name: HEADER + text + "\n"}), (0, "ok"))

    def test_sizes(self):
        def lines(text, count):
            return "".join(text.format(i) + "\n" for i in range(count))

        long_file = {**CLEAN, "src/core/b.cpp": LICENCE + "\n" * 400}
        self.assert_finds(check("sizes", long_file), "src/core/b.cpp: 401 lines")
        reason = {"tests/style/size_exceptions.txt": "src/core/b.cpp: a table\n"}
        self.assertEqual(check("sizes", {**long_file, **reason}), (0, "ok"))
        self.assert_finds(check("sizes", {**CLEAN, **reason}), "is not too large (any more)")
        self.assertEqual(check("sizes", {**CLEAN, "tests/b.cpp": LICENCE + "\n" * 399}), (0, "ok"))
        self.assert_finds(check("sizes", {**CLEAN, "tests/b.cpp": LICENCE + "\n" * 400}), "tests/b.cpp: 401 lines")

        crowded = {f"src/core/b{i}.cpp": LICENCE for i in range(20)}
        self.assert_finds(check("sizes", {**CLEAN, **crowded}), "src/core: 21 sources")

        function = "void f() {{\n{}}}\n".format(lines("    g();", 59))
        self.assert_finds(check("sizes", {**CLEAN, "src/core/b.cpp": LICENCE + function}), "src/core/b.cpp: f: a function of 61 lines, at line 2")
        self.assert_finds(check("sizes", {**CLEAN, "src/core/b.cpp": LICENCE + function, **reason}), "b.cpp: f: a function of 61 lines")
        of_function = {"tests/style/size_exceptions.txt": "src/core/b.cpp: f: one switch\n"}
        self.assertEqual(check("sizes", {**CLEAN, "src/core/b.cpp": LICENCE + function, **of_function}), (0, "ok"))
        member = "template <class A>\nauto B<A>::many(A a,\n                std::map<int, A> m) const\n    -> int {{\n{}}}\n".format(lines("    g();", 59))
        self.assert_finds(check("sizes", {**CLEAN, "src/core/b.cpp": LICENCE + member}), "src/core/b.cpp: many: a function of 61 lines")
        self.assertEqual(check("sizes", {**CLEAN, "src/core/b.cpp": LICENCE + function.replace("    g();\n", "", 1)}), (0, "ok"))

        members = "class B {{\n    int f_();\n{}}};\n".format(lines("    std::map<int, F<void()>> m{}_;  // Why.", 21))
        self.assert_finds(check("sizes", {**CLEAN, "src/core/b.hpp": HEADER + members}), "src/core/b.hpp: B: 1 private functions, 21 members")
        functions = "class B {{\n  public:\n    int f();\n  private:\n{}}};\n".format(lines("    int f{}(int a,\n          int b);", 21))
        self.assert_finds(check("sizes", {**CLEAN, "src/core/b.hpp": HEADER + functions}), "B: 21 private functions, 0 members")
        open_functions = functions.replace("  private:\n", "")
        self.assertEqual(check("sizes", {**CLEAN, "src/core/b.hpp": HEADER + open_functions}), (0, "ok"))

    def test_first_lines(self):
        self.assert_finds(check("first-lines", {**CLEAN, "src/core/b.cpp": "\n"}), "src/core/b.cpp: must begin with")
        self.assert_finds(check("first-lines", {**CLEAN, "src/core/b.hpp": LICENCE}), "has no #pragma once")

    def test_layers(self):
        for name, include, text in (
                ("include/millrace/core/b.hpp", "millrace/dsl/kstream.hpp", "layer 'core' may not include"),
                ("include/millrace/core/b.hpp", "millrace/millrace.hpp", "is for users"),
                ("include/millrace/other/b.hpp", "millrace/core/a.hpp", "missing from the layer table"),
                ("src/other/b.cpp", "millrace/core/a.hpp", "missing from the layer table"),
                ("src/kafka/b.cpp", "runtime/thread/a.hpp", "layer 'kafka' may not include"),
                ("src/runtime/task/b.cpp", "millrace/dsl/kstream.hpp", "layer 'runtime/task' may not include"),
                ("src/runtime/task/b.cpp", "runtime/thread/a.hpp", "layer 'runtime/task' may not include"),
                ("src/state/memtable/b.cpp", "state/stores/a.hpp", "layer 'state/memtable' may not include"),
                ("src/runtime/thread/b.cpp", "kafka/rdkafka/consumer.hpp", "layer 'runtime/thread' may not include")):
            with self.subTest(name + " " + include):
                folders = {"src/runtime/thread/a.hpp": HEADER, "src/kafka/consumer.hpp": HEADER,
                           "src/kafka/rdkafka/consumer.hpp": HEADER, "src/state/stores/a.hpp": HEADER}
                bad = {**CLEAN, **folders, name: HEADER + f'#include "{include}"\n'}
                self.assert_finds(layers(bad), text)

    def test_layers_in_use(self):
        unused = run(["cmake", "-D", "SOURCE_DIR={root}", "-D", "ALL_IN_USE=ON", "-P", str(ROOT / "cmake/CheckLayers.cmake")],
                     {**CLEAN, "include/millrace/serde/b.hpp": HEADER})
        self.assert_finds(unused, "layer 'serde' may include 'core' and does not")

    def test_compile_fail(self):
        self.assertEqual(check_compile("// error: missing\nint i = missing;\n")[0], 0)
        self.assertEqual(check_compile("// compiles\nint i = 1;\n")[0], 0)
        self.assert_finds(check_compile("// error: missing\nint i = 1;\n"), "compiles, and should not")
        self.assert_finds(check_compile("// error: other words\nint i = missing;\n"), "does not say 'other words'")
        self.assert_finds(check_compile('// error: missing\n#include "other.hpp"\n'), "not in the case itself")
        self.assert_finds(check_compile("// compiles\nint i = missing;\n"), "does not compile cleanly")
        self.assert_finds(check_compile("int i = 1;\n"), "the first line must be")


if __name__ == "__main__":
    unittest.main()
