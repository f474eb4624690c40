#!/usr/bin/env python3
"""Writes pictures of a data set of MNIST's kind (IDX files, gzipped or not) as PNG files.

Usage: write_test_images.py DIR OUT [COUNT]: the first COUNT (default 10) test images, as OUT/<index>_label<label>.png.
"""
import gzip
import pathlib
import struct
import sys
import zlib


def read(folder, name):
    for path in (folder / name, folder / (name + ".gz")):
        if path.exists():
            data = path.read_bytes()
            return gzip.decompress(data) if path.suffix == ".gz" else data
    sys.exit(f"{folder}: no {name}")


def png(width, height, pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main(folder, out, count):
    images = read(folder, "t10k-images-idx3-ubyte")
    labels = read(folder, "t10k-labels-idx1-ubyte")
    height, width = struct.unpack(">II", images[8:16])
    out.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pixels = images[16 + i * width * height:16 + (i + 1) * width * height]
        (out / f"{i:05}_label{labels[8 + i]}.png").write_bytes(png(width, height, pixels))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 10)
