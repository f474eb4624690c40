#!/usr/bin/env python3
"""Checks that the files ir/ops/FAMILY/*.cpp and the list in ir/ops/list.h agree.

Every file without a header of its name is listed once; every line X(Struct, file) names a file that defines that struct, gives the op the
file's name and defines describe_<file>. Prints what does not fit and exits with 1 if there is something.
"""

import argparse
import collections
import pathlib
import re
import sys

LINE = re.compile(r"\bX\((\w+),\s*(\w+)\)")


def check(folder):
    text = (folder / "list.h").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    listed = LINE.findall(code)
    problems = []
    for what, names in (("struct", [s for s, _ in listed]), ("file", [f for _, f in listed])):
        for name, count in collections.Counter(names).items():
            if count > 1:
                problems.append(f"list.h: {what} {name} is listed {count} times")
    files = {path.stem: path for path in folder.glob("*/*.cpp") if not path.with_suffix(".h").exists()}
    for name in sorted(set(files) - {f for _, f in listed}):
        problems.append(f"{name}.cpp: has no line X(…, {name}) in list.h")
    for struct, name in listed:
        if name not in files:
            problems.append(f"list.h: X({struct}, {name}): there is no {name}.cpp")
            continue
        source = files[name].read_text(encoding="utf-8")
        if not re.search(rf"\bstruct {struct}\b", source):
            problems.append(f"{name}.cpp: defines no struct {struct}")
        if not re.search(rf"\bOpInfo describe_{name}\(\)", source):
            problems.append(f"{name}.cpp: defines no describe_{name}()")
        op_name = re.search(r'\bname\s*=\s*"([^"]*)"', source)
        if not op_name or op_name.group(1) != name:
            problems.append(f'{name}.cpp: the op is named "{op_name.group(1) if op_name else ""}", not "{name}"')
    return len(listed), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    count, problems = check(parser.parse_args().root / "ir" / "ops")
    for text in problems:
        print(text)
    if not count:
        print("list.h: lists no op")
    print(f"{count} ops, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
