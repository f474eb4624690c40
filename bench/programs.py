"""Builds both sides of a comparison and runs them: Sinter's executables, ONNX models, the native helpers."""
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
MODELS = {
    'mnist_mlp': ROOT / 'examples/mnist_mlp.py',
    'cifar_cnn': ROOT / 'examples/cifar_cnn.py',
    'vgg_small': BENCH / 'models/vgg_small.py',
    'mobilenet_v1': BENCH / 'models/mobilenet_v1.py',
    'resnet50': ROOT / 'examples/resnet50.py',
    'vgg16': ROOT / 'examples/vgg16.py',
}


class Missing(Exception):
    """Something that the benchmark needs is not there; the message says how to get it."""


class Tools:
    """Where things lie: sinter, cache, peak, ort_latency, ort_library, onnx_python; peer_version once a peer has run."""

    peer_version = None


class Program:
    """A model compiled by Sinter for a batch: path, layers (of `sinter summary --style json`), macs and params of them."""


def add_arguments(parser):
    parser.add_argument('--sinter', help='the compiler (default: $SINTER, else the newest build/*/bin/sinter, else PATH)')
    parser.add_argument('--cache', default=ROOT / 'build/bench', type=pathlib.Path,
                        help='folder for compiled and generated files (default build/bench)')
    parser.add_argument('--onnxruntime', metavar='PATH', default=os.environ.get('ONNXRUNTIME'),
                        help='libonnxruntime.so, or a folder to look in (default: $ONNXRUNTIME, else the cache folder)')
    parser.add_argument('--compile-option', action='append', default=[], metavar='OPTION',
                        help='one more option of `sinter compile`, as --compile-option=-O2')


def parse_model(text, parser):
    """(name, batch) of MODEL[:BATCH]; batch is None if not given. Ends with a usage error if it is no positive number."""
    name, colon, batch = text.rpartition(':')
    if not colon:
        return text, None
    if not batch.isdigit() or int(batch) < 1:
        parser.error(f'{text}: the batch after the colon must be a positive number')
    return name, int(batch)


def _run(command, what):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"{what} failed (exit {done.returncode}): {' '.join(str(part) for part in command)}\n{done.stderr.strip()}")
    return done.stdout


def _find_sinter(arguments):
    given = arguments.sinter or os.environ.get('SINTER')
    if given:
        return given
    built = sorted(ROOT.glob('build/*/bin/sinter'), key=lambda path: path.stat().st_mtime)
    found = built[-1] if built else shutil.which('sinter')
    if not found:
        raise Missing('no sinter: build it with `cmake --preset release && cmake --build build/release --target sinter`, '
                      'or say --sinter PATH')
    return found


def _native(tools, name, flags):
    """Compiles bench/NAME.cpp into the cache where it is newer than what lies there."""
    source, binary = BENCH / f'{name}.cpp', tools.cache / name
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        compiler = os.environ.get('CXX') or shutil.which('c++') or shutil.which('g++')
        if not compiler:
            raise Missing('no C++ compiler: install g++ or set CXX')
        _run([compiler, '-std=c++20', '-O2', *flags, source, '-o', binary], f'compiling {source.name}')
    return binary


def _find_peer_library(arguments, cache):
    place = pathlib.Path(arguments.onnxruntime) if arguments.onnxruntime else cache / 'npm'
    if place.is_file():
        return place
    arch = {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())
    found = sorted(place.glob(f'**/linux/{arch}/libonnxruntime.so*')) + sorted(place.glob('libonnxruntime.so*'))
    if found:
        return found[-1]
    raise Missing(
        f'the peer, ONNX Runtime, is missing (looked in {place}). Install it into the cache folder:\n'
        f'  mkdir -p {cache}/npm && ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix {cache}/npm onnxruntime-node\n'
        'or say --onnxruntime PATH; --no-peer measures Sinter alone')


def _find_onnx_python():
    for python in dict.fromkeys([sys.executable, '/usr/bin/python3']):
        if os.path.exists(python) and subprocess.run([python, '-c', 'import numpy, onnx'], capture_output=True).returncode == 0:
            return python
    raise Missing("Python's onnx or numpy, which write the peer's models, are missing. Install them:\n"
                  '  apt-get install --no-install-recommends python3-onnx python3-numpy\nor say --no-peer')


def prepare(arguments, wanted):
    """Finds and builds what every row needs; `wanted` holds 'peer' if ONNX Runtime will run."""
    tools = Tools()
    tools.sinter, tools.cache, tools.options = _find_sinter(arguments), arguments.cache.resolve(), arguments.compile_option
    tools.cache.mkdir(parents=True, exist_ok=True)
    tools.peak = _native(tools, 'peak', ['-march=native', '-ffp-contract=fast', '-pthread'])
    if 'peer' in wanted:
        tools.ort_library = _find_peer_library(arguments, tools.cache)
        tools.onnx_python = _find_onnx_python()
        tools.ort_latency = _native(tools, 'ort_latency', ['-ldl'])
    return tools


def build(tools, name, batch):
    source = MODELS.get(name, pathlib.Path(name))
    if not source.exists():
        raise Missing(f'no model {name}: neither a file nor one of ' + ', '.join(MODELS))
    program = Program()
    program.name, program.batch, program.path = name, batch, tools.cache / f'{source.stem}-{batch}'
    _run([tools.sinter, 'compile', source, '--random-weights', '--batch', batch, *tools.options, '-o', program.path],
         f'compiling {name}')
    summary = json.loads(_run([tools.sinter, 'summary', source, '--costs', '--style', 'json'], f'the summary of {name}'))
    program.layers = summary['layers']
    program.macs = sum(layer['macs'] for layer in program.layers)
    program.params = summary['total_params']
    return program


class SinterSide:
    """Called with seconds: runs the program for about that long and returns the median time of a run in ms."""

    def __init__(self, program, threads):
        self.command = [program.path, 'bench', '--batch', program.batch, '--threads', threads, '--json']
        self.expected_ms = None

    def __call__(self, seconds):
        if self.expected_ms is None:
            self.expected_ms = json.loads(_run([*self.command, '--repeat', 5], 'bench'))['median_ms']
        repeat = max(5, int(1e3 * seconds / self.expected_ms))
        self.expected_ms = json.loads(_run([*self.command, '--repeat', repeat], 'bench'))['median_ms']
        return self.expected_ms


class PeerSide:
    """The same for ONNX Runtime, on a model of equal layers. A process a round: nothing of it spins afterwards."""

    def __init__(self, tools, program, threads):
        model = tools.cache / f'{program.name}-{program.batch}.onnx'
        facts_file = model.with_suffix('.json')
        writer = BENCH / 'make_onnx.py'
        if not facts_file.exists() or facts_file.stat().st_mtime < writer.stat().st_mtime:
            text = _run([tools.onnx_python, writer, program.name, program.batch, model], f'writing {model.name}')
            facts_file.write_text(text)
        facts = json.loads(facts_file.read_text())
        if (facts['macs'], facts['params']) != (program.macs, program.params):
            raise Missing(f"the two sides of {program.name} differ: {facts['macs']} multiply-accumulates and {facts['params']} "
                          f'parameters in ONNX, {program.macs} and {program.params} in Sinter')
        shapes = [','.join(str(size) for size in facts[key]) for key in ('input', 'output')]
        self.command = [tools.ort_latency, tools.ort_library, model, *shapes, threads]
        self.tools = tools

    def __call__(self, seconds):
        result = json.loads(_run([*self.command, seconds], 'ONNX Runtime'))
        self.tools.peer_version = result['version']
        return result['median_ms']


def time_kernels(program, threads, rounds):
    """[{name, us, gflops, gbytes_per_s}]: per kernel the median over `rounds` processes."""
    command = [program.path, 'bench', '--batch', program.batch, '--threads', threads, '--per-kernel', '--json']
    runs = [json.loads(_run(command, 'bench'))['kernels'] for _ in range(rounds)]
    kernels = []
    for versions in zip(*runs):
        middle = statistics.median_low([version['median_us'] for version in versions])
        chosen = next(version for version in versions if version['median_us'] == middle)
        kernels.append({'name': chosen['name'], 'us': middle, 'gflops': chosen['gflops'], 'gbytes_per_s': chosen['gbytes_per_s']})
    return kernels
