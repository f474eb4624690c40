#!/usr/bin/env python3
"""Writes a 32x32 RGB gradient as PNG. Usage: make_test_image.py OUT.png"""
import struct
import sys
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


size = 32
rows = b"".join(b"\0" + bytes(v for x in range(size) for v in (8 * x, 8 * y, 4 * (x + y))) for y in range(size))
with open(sys.argv[1], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n")
    out.write(chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)))
    out.write(chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
