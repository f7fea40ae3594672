"""Files of models, damaged at random: what does `load` make of them?

    python tests/files/fuzzing.py --mutations 20000

Half of the mutations change bytes of a file. They must be refused, or change nothing: then what is
loaded is saved as the original file to the byte. The other half change what the file says and give
it a digest of its own, as an attacker would: they must be refused, or load to a model that answers
or refuses with a ValueError. None may take long, run code, or import or write anything.
"""

import argparse
import collections
import contextlib
import json
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from saved_models import MAKERS, answers, made

import skfourier
from skfourier._saving._container import read_file, write_file

# In seconds. The largest of the files loads in a hundredth.
SECONDS = 5
# What a load may raise.
REFUSALS = (ValueError, OSError)
# What it may not do, by the names of Python's audit events.
FORBIDDEN = (
    *("compile", "exec", "import", "pickle.find_class", "marshal.loads", "os.system", "os.exec"),
    *("os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "os.remove", "os.rename"),
    *("ctypes.dlopen", "shutil.rmtree"),
)

NONSENSE = [
    *(None, True, -1, 0, 1, 2, 10**18, -0.5, 1e308, "", "x", "cpu", "meta", "cuda:7", [], {}),
    *({"float": "nan"}, {"float": "inf"}, {"array": "x"}, {"tuple": []}, {"tuple": [1, 2]}),
    *({"dict": {}}, {"dict": {"x": 1}}, {"class": "optim.SGD"}, {"class": "os.system"}),
    {"partial": "optim.SGD", "keywords": {"lr": 1}},
    {"partial": "os.system", "keywords": {"command": "true"}},
    {"object": "optim.SGD", "params": {}},
    {"object": "os.system", "params": {"command": "true"}},
    {"object": "sklearn.Pipeline", "params": {"steps": []}},
    {"object": "spectra.Basic", "params": {}},
    {"object": "spectra.Matern", "params": {"nu": 1e300}},
    {"object": "FourierFeatures", "params": {}},
    {"object": "FourierFeatures", "params": {}, "fitted": {}},
    {"object": "CoordinateMLPRegressor", "params": {"hidden_layer_sizes": [10**9]}},
    {"scalar": "float32", "value": 1e308},
    {"scalar": "int8", "value": 1000},
    {"device": "cuda:0"},
]


# Bytes ------------------------------------------------------------------------------------------


def change_bytes(data, rng, others):
    """Change some bytes of a file."""
    data, place = bytearray(data), rng.randrange(len(data))
    length = min(rng.choice([1, 1, 2, 8, 64, 1000]), len(data) - place)
    kind = rng.randrange(11)
    if kind == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[place] = rng.randrange(256)
    elif kind == 2:
        del data[place:]
    elif kind == 3:
        del data[place : place + length]
    elif kind == 4:
        data[place:place] = rng.randbytes(length)
    elif kind == 5:
        data[place : place + length] = rng.randbytes(length)
    elif kind == 6:
        data[place : place + length] = bytes(length)
    elif kind == 7:
        other = rng.randrange(len(data))
        part = data[place : place + length]
        data[other : other + len(part)] = part
    elif kind == 8:
        n_bits = rng.choice([8, 16, 24, 32, 48, 64])
        data[:8] = rng.getrandbits(n_bits).to_bytes(8, "little")
    elif kind == 9:
        data[place:] = rng.choice(others)[place:]
    else:
        # The header is where most of the meaning is, and little of the file.
        place = 8 + rng.randrange(int.from_bytes(data[:8], "little"))
        data[place] = rng.choice(b'0123456789{}[]",:.-eEnfluINaN\\ \x00\xff')
    return bytes(data)


# Meaning ----------------------------------------------------------------------------------------


def change_meaning(content, arrays, rng):
    """Change an entry or an array."""
    content, arrays = json.loads(json.dumps(content)), dict(arrays)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if arrays and rng.random() < 0.4:
            change_an_array(arrays, rng)
        else:
            change_an_entry(content, rng)
    return content, arrays


def change_an_array(arrays, rng):
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    kind = rng.randrange(9)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[f"{name}x"] = array
    elif kind == 2:
        arrays[name] = array.ravel()
    elif kind == 3:
        arrays[name] = array[None]
    elif kind == 4:
        arrays[name] = array[1:] if array.ndim else array.reshape(1)
    elif kind == 5:
        dtype = rng.choice(["f2", "f4", "f8", "i1", "i8", "u8", "?"])
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(dtype)
    elif kind == 6:
        arrays[name] = array.copy()
        if array.size:
            value = rng.choice([np.nan, np.inf, -1, 0, 1e300])
            with np.errstate(all="ignore"):
                arrays[name].flat[rng.randrange(array.size)] = np.asarray(value).astype(array.dtype)
    elif kind == 7:
        other = rng.choice(sorted(arrays))
        arrays[name], arrays[other] = arrays[other], array
    else:
        arrays[name] = np.zeros((0, *array.shape[1:]), array.dtype)


def change_an_entry(content, rng):
    parents = [(holder, key) for holder, key in entries(content) if key != "version"]
    if not parents:
        return
    holder, key = rng.choice(parents)
    kind = rng.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        holder[key] = rng.choice(NONSENSE)
    elif kind == 2:
        other, place = rng.choice(parents)
        holder[key] = json.loads(json.dumps(other[place]))
    elif kind == 3 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    else:
        holder[key] = nested(holder[key], rng.choice([1, 3, 50, 400]))


def nested(value, times):
    for _ in range(times):
        value = [value]
    return value


def entries(value):
    """Yield every entry of JSON as what holds it and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(items):
        yield value, key
        if isinstance(part, dict | list):
            yield from entries(part)


# The fuzz ---------------------------------------------------------------------------------------


class Watch:
    """Notes what Python's audit events tell while it is on; there is no way to take it off."""

    def __init__(self):
        self.on, self.seen = False, []
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if self.on and (event in FORBIDDEN or (event == "open" and writes(arguments))):
            self.seen.append((event, str(arguments)[:200]))

    @contextlib.contextmanager
    def watching(self):
        self.on, self.seen = True, []
        try:
            yield
        finally:
            self.on = False


def writes(arguments):
    mode = arguments[1]
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


class TooLong(BaseException):
    """Raised by the alarm; nothing catches it by mistake."""


def too_long(*_):
    raise TooLong


def fuzz(n_mutations, seed=0, report=lambda _: None):
    """Load so many damaged files; return how many of each outcome there were.

    Raises AssertionError, with the file kept, at the first that does what none may do.
    """
    rng, counts = random.Random(seed), collections.Counter()
    slowest, watch = 0.0, Watch()
    signal.signal(signal.SIGALRM, too_long)
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder) / "damaged.safetensors", Path(folder) / "again.safetensors"
        originals = []
        for name in MAKERS:
            model, X, _ = made(name, rng.choice(["float32", "float64"]))
            skfourier.save(model, path)
            # What loading and its messages import, they import now.
            repr((skfourier.load(path), answers(skfourier.load(path), X[:3])))
            originals.append((name, path.read_bytes(), read_file(path), X[:3]))
        files = [data for _, data, _, _ in originals]
        for i in range(n_mutations):
            name, data, (content, arrays), X = rng.choice(originals)
            by_bytes = i % 2 == 0
            if by_bytes:
                path.write_bytes(change_bytes(data, rng, files))
            else:
                try:
                    write_file(path, *change_meaning(content, arrays, rng))
                except (ValueError, RecursionError):  # it is too deep to be written
                    continue
            before = time.perf_counter()
            try:
                outcome = loaded(path, again, files if by_bytes else None, X, watch)
            except BaseException as error:
                kept = Path(tempfile.gettempdir()) / f"fuzzed-{seed}-{i}.safetensors"
                kept.write_bytes(path.read_bytes())
                raise AssertionError(f"mutation {i} of {name}, kept in {kept}") from error
            slowest = max(slowest, time.perf_counter() - before)
            counts["bytes" if by_bytes else "meaning", outcome] += 1
            if i % 1000 == 999:
                report(f"{i + 1} of {n_mutations}")
    return counts, slowest


def loaded(path, again, originals, X, watch):
    """Load a file within the time, and name the outcome.

    Parameters
    ----------
    originals : list of bytes, or None
        What the file has to be saved as again: the one that it was, or all of whose bytes took its
        place. None where the meaning was changed.
    """
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with watch.watching():
            model = skfourier.load(path)
    except REFUSALS:
        return "refused"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert not watch.seen, watch.seen
    if originals is not None:
        skfourier.save(model, again)
        assert again.read_bytes() in originals
        return "exact"
    try:
        with np.errstate(all="ignore"):
            values = answers(model, X)
    except (ValueError, FloatingPointError):
        return "loaded; answers with a ValueError"
    assert len(values) == len(X)
    return "loaded, and answers"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    outcomes, slowest_load = fuzz(options.mutations, options.seed, report=print)
    for (what, outcome), count in sorted(outcomes.items()):
        print(f"{what:10} {outcome:40} {count:8,}")
    print(f"slowest {slowest_load:.2f} s, all {time.perf_counter() - start:.0f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest memory {peak:.0f} MiB")
