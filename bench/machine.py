"""What the machine can do at most, the floors that follow from it, and what else ran on it."""
import json
import math
import os
import resource
import subprocess


def measure(peak_program, threads):
    return json.loads(subprocess.run([peak_program, str(threads)], check=True, capture_output=True, text=True).stdout)


def _limits_of(limits, threads):
    return next(entry for entry in limits['threads'] if entry['threads'] == threads)


def peak_gflops(limits, threads):
    return _limits_of(limits, threads)['gflops']


def bandwidth(limits, threads, size):
    """GB/s at which `threads` together read `size` bytes again and again, interpolated over log(size)."""
    points = [(math.log(point['bytes']), point['gbytes_per_s']) for point in _limits_of(limits, threads)['read']]
    at = math.log(max(size, 1))
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if at <= x1:
            return y0 + (y1 - y0) * max(at - x0, 0) / (x1 - x0)
    return points[-1][1]


def floor_ms(limits, layers, batch, threads):
    """No program that does the layers' multiply-accumulates one by one can be faster: each layer needs the greater of its
    operations at the FMA peak and the reading of its parameters, which come from where all parameters together fit."""
    peak = peak_gflops(limits, threads)
    read = bandwidth(limits, threads, 4 * sum(layer['params'] for layer in layers))
    return sum(max(2e-6 * layer['macs'] * batch / peak, 4e-6 * layer['params'] / read) for layer in layers)


def kernel_floor_us(limits, kernel, threads):
    """Operations at the peak, or all bytes that the kernel reads and writes at the bandwidth of data of that size."""
    size = kernel['gbytes_per_s'] * kernel['us'] * 1e3
    return max(kernel['gflops'] * kernel['us'] / peak_gflops(limits, threads),
               size * 1e-3 / bandwidth(limits, threads, size))


def describe(limits):
    lines = []
    for entry in limits['threads']:
        reads = ', '.join(f"{_size(point['bytes'])} {point['gbytes_per_s']:.0f}" for point in entry['read'])
        lines.append(f"{entry['threads']} thread(s): {entry['gflops']:.0f} GFLOP/s f32 FMA ({8 * limits['vector_bytes']} bit); "
                     f'read GB/s: {reads}')
    return '\n'.join(lines)


def _size(size):
    return f'{size >> 20}M' if size >= 1 << 20 else f'{size >> 10}K'


class Load:
    """The share of all processors that processes other than ours have used since this object was made."""

    def __init__(self):
        self.start = self._now()

    @staticmethod
    def _now():
        with open('/proc/stat') as file:
            fields = [int(text) for text in file.readline().split()[1:9]]
        tick = os.sysconf('SC_CLK_TCK')
        idle = fields[3] + fields[4]
        own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(fields) / tick, (sum(fields) - idle) / tick, own

    def others(self):
        total, busy, own = (now - start for now, start in zip(self._now(), self.start))
        return max(0.0, (busy - own) / total) if total > 0 else 0.0
