"""Every benchmark at a small setting, in one table: seconds, and how many bars it clears.

    python benchmarks/run_all.py [--only WORD ...]

takes less than ten minutes on two idle cores. It says whether every command still runs, and is a
first look at a machine: the figures of docs/performance.md come from the full settings. The table
and all that the commands print are kept in benchmarks/results/run_all.txt. `--only` picks the
commands that contain one of the words, and then keeps nothing. The photograph is scikit-image's
astronaut and the film is the sample clip, so that no file is needed.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from harness import processor, seconds
from skimage.data import astronaut

from skfourier.datasets import load_sample_video
from skfourier.images import save_image

HERE = Path(__file__).parent
COMMANDS = (
    ("fourier_features.py",),
    ("choosing_sigma.py", "--size", "64"),
    ("coordinate_mlp_defaults.py", "PHOTO", "--only", "sine, schedule-free 1e-2, 2 epochs"),
    ("equation_2.py", "--size", "10", "--steps", "40"),
    ("kernel_regression.py", "PHOTO", "--only", "grid"),
    ("kernel_regression.py", "PHOTO", "--only", "gcv"),
    ("kernel_regression.py", "PHOTO", "--only", "search"),
    ("kernel_selection.py", "--only", "co2"),
    ("network_quality.py", "PHOTO", "--only", "photographs"),
    ("ntk.py",),
    ("training.py", "PHOTO", "--only", "step"),
    ("training_dynamics.py", "--size", "64"),
    ("video.py", "FILM", "--only", "closed"),
    ("video_memory.py", "FILM", "--only", "CoordinateMLPRegressor"),
)


def run(command, files):
    """Run a benchmark; return its row of the table, and what it printed."""
    script, *arguments = (files.get(word, word) for word in command)
    argv = [sys.executable, HERE / script, *arguments]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    duration, done = seconds(lambda: subprocess.run(argv, check=False, **how))
    passed, failed = (len(re.findall(rf"\b{mark}\b", done.stdout)) for mark in ("pass", "FAIL"))
    bars = f"{passed} of {passed + failed}" if passed + failed else "-"
    outcome = "" if done.returncode == 0 else f"stopped with status {done.returncode}"
    shown = " ".join(f'"{word}"' if " " in word else word for word in command)
    return f"{shown:82}{duration:8.1f}  {bars:10}{outcome}".rstrip(), done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="WORD")
    options = parser.parse_args()
    words = options.only or [""]
    commands = [c for c in COMMANDS if any(word in " ".join(c) for word in words)]
    rows = [f"python benchmarks/run_all.py, {date.today()}, {processor()}", ""]
    rows.append(f"{'command':82}{'seconds':>8}  bars cleared")
    print("\n".join(rows), flush=True)
    outputs = []
    with tempfile.TemporaryDirectory() as folder:
        files = {"PHOTO": f"{folder}/astronaut.png", "FILM": str(load_sample_video().filename)}
        save_image(files["PHOTO"], astronaut())
        for command in commands:
            row, output = run(command, files)
            print(row, flush=True)
            rows.append(row)
            outputs.append(f"\n$ {' '.join(command)}\n{output}".replace(folder, "PHOTO"))
            if options.only:
                print(output)
    if options.only is None:
        kept = HERE / "results" / "run_all.txt"
        kept.write_text("\n".join(rows) + "\n" + "".join(outputs))
        print(f"\nkept in {kept}")
    sys.exit(any("stopped with status" in row for row in rows))


if __name__ == "__main__":
    main()
