#!/usr/bin/env python3
"""Writes the table of ops into README.md. Usage: update_readme.py SINTER [--check]; with --check, only says whether it is current."""
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- begin: sinter ops --markdown -->\n", "<!-- end -->\n"
readme = pathlib.Path(__file__).resolve().parent.parent / "README.md"
table = subprocess.run([sys.argv[1], "ops", "--markdown"], capture_output=True, text=True, check=True).stdout
text = readme.read_text()
head, rest = text.split(BEGIN)
tail = rest.split(END, 1)[1]
current = head + BEGIN + table + END + tail
if "--check" in sys.argv:
    if current != text:
        sys.exit("README.md: the table of ops is not current; run scripts/update_readme.py build/release/bin/sinter")
elif current != text:
    readme.write_text(current)
