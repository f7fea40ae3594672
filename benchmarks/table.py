"""What the benchmarks share: a time, a row with its pass mark, the machine's name."""

import platform
import time
from pathlib import Path


def seconds(function):
    """Time one call; return its seconds and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


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


def processor():
    """Name the processor, as Linux tells it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()
