"""What the benchmarks share: the command line, times, peaks of memory, rows of a table."""

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch


def run(doc, measurements, *positional, **options):
    """Read the command line, name the machine, and take the measurements that are asked for.

    `measurements` is a function of the options, or several, which `--only` picks by what follows
    the first underscore of their names. The name of a positional argument ends in "*" or "+" where
    there may be several; the others come with their defaults.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    chosen = [measurements] if callable(measurements) else measurements
    named = {measure.__name__.partition("_")[2]: measure for measure in chosen}
    if not callable(measurements):
        options["only"] = list(named)
    for name in positional:
        parser.add_argument(name.rstrip("*+"), nargs=name[-1] if name[-1] in "*+" else None)
    for name, default in options.items():
        several = isinstance(default, list)
        kind = str if default is None else type(default[0] if several else default)
        how = {"action": "store_true"} if default is False else {"type": kind, "default": default}
        how |= {"nargs": "+"} if several else {}
        parser.add_argument(f"--{name}", **how, help="default: %(default)s")
    given = parser.parse_args()
    versions = f"NumPy {np.__version__}, torch {torch.__version__}"
    print(f"{processor()}; {versions}, {torch.get_num_threads()} threads")
    for name in named if callable(measurements) else given.only:
        named[name](given)


def processor():
    """Name the processor, as Linux tells it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()


def seconds(function):
    """Time one call; return its seconds and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def fastest(*functions, repetitions=5):
    """Call functions in turn, as a machine has slower minutes; return the least seconds of each."""
    times = [[seconds(function)[0] for function in functions] for _ in range(repetitions)]
    return np.min(times, axis=0)


def memory(what="VmRSS"):
    """Read the megabytes that this process holds, or "VmHWM", their peak (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"/proc/self/status has no {what}.")


def peak_megabytes(function):
    """Return the most that the process held during a call, and what it held before."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is forgotten
    before = memory()
    function()
    return memory("VmHWM"), before


def row(what, value, bar=None, *, at_most=False):
    """Print a row of the table, with its bar and a pass mark."""
    mark = ""
    if bar is not None:
        passed = value <= bar if at_most else value >= bar
        mark = f"{'at most' if at_most else 'at least'} {bar:g}: {'pass' if passed else 'FAIL'}"
    print(f"{what:84} {value:10.4g}  {mark}".rstrip(), flush=True)


def note(what):
    """Print what stands behind a row."""
    print(f"  {what}", flush=True)


def cells(*values):
    """Print a row of a table in Markdown."""
    print("| " + " | ".join(values) + " |", flush=True)
