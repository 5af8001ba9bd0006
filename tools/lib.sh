# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of this folder.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${MILLRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace}

clang_format_version=18.1.8
clang_format=$cache/tools/clang-format-$clang_format_version/bin/clang-format

say() { printf '== %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Prints the C++ files of the project: all, or those that changed since a revision.
cpp_files() {
    if [ -n "${1:-}" ]; then
        git -C "$root" diff --name-only --diff-filter=d "$1" -- '*.cpp' '*.hpp'
    else
        git -C "$root" ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp'
    fi | while read -r file; do [ ! -e "$root/$file" ] || printf '%s\n' "$file"; done
}
