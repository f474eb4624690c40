#!/usr/bin/env python3
"""Checks that includes point only where the layers allow:

    support <- ir <- { frontend, passes <- codegen } <- driver        schema <- everyone
    schema <- formats <- { frontend, codegen, driver, runtime }

codegen lowers what passes made, so it sees them; passes never see codegen. formats and runtime go into generated binaries: of
support they see what has no source file. LLVM is codegen's alone. Tests and benchmarks see everything.

Prints every include that does not fit and exits with 1 if there is one.
"""

import argparse
import pathlib
import re
import sys

ALLOWED = {
    "support": set(),
    "schema": set(),
    "formats": {"schema"},
    "ir": {"support", "schema"},
    "frontend": {"support", "ir", "schema", "formats"},
    "passes": {"support", "ir", "schema"},
    "codegen": {"support", "ir", "passes", "schema", "formats"},
    "runtime": {"schema", "formats"},
    "driver": {"support", "ir", "frontend", "passes", "codegen", "runtime", "schema", "formats"},
}
LAYERS = set(ALLOWED) | {"tests", "bench"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def problem(root, folder, quoted, system):
    """What is wrong with one include in a file of `folder`, or None."""
    path = quoted or system
    if path.split("/")[0] in ("llvm", "llvm-c", "lld"):
        return None if folder == "codegen" else "LLVM belongs to codegen"
    if quoted is None:
        return None
    target = quoted.split("/")[0]
    if target == folder:
        return None
    if target not in LAYERS:
        return "includes start with a folder of the project"
    if folder in ("formats", "runtime") and target == "support":
        source = (root / quoted).with_suffix(".cpp")
        return f"{folder} sees only headers of support without a source file, and there is {source.name}" if source.exists() else None
    if target not in ALLOWED[folder]:
        return f"{folder} must not see {target}"
    return None


def check(root):
    problems = []
    files = 0
    for folder in sorted(ALLOWED):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp", ".inc"):
                continue
            files += 1
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                what = problem(root, folder, match.group(1), match.group(2))
                if what:
                    problems.append(f"{path.relative_to(root)}:{number}: {match.group(1) or match.group(2)}: {what}")
    return files, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    files, problems = check(root)
    for text in problems:
        print(text)
    if not files:
        print(f"{root}: no source files")
    print(f"{files} files, {len(problems)} includes against the layers")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
