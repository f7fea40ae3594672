"""Signals that benchmarks share, besides photographs: terrain, text, signals along a line."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import cbook
from PIL import Image, ImageDraw, ImageFont

WORDS = ("signal", "kernel", "sigma", "network", "pixel", "frequency", "terrain", "spectrum")


def terrain(noise=0.0):
    """Return 13,000 cells of a model of the earth in Tennessee, and 20,000 others.

    X in shares of its width, y in meters: X, y, X of the others, y of the others.
    """
    heights = cbook.get_sample_data("jacksboro_fault_dem.npz")["elevation"].astype(float)
    rows, columns = np.indices(heights.shape)
    X = np.stack([columns, rows], axis=-1).reshape(-1, 2) / heights.shape[1]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    learned, others = order[:13_000], order[13_000:33_000]
    y = heights.ravel()
    return X[learned], y[learned] + noise * rng.normal(size=13_000), X[others], y[others]


def text(size, seed=0):
    """Draw words in colors, as an image of `size` x `size` pixels in [0, 1]."""
    rng = np.random.default_rng(seed)
    font = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    picture = Image.new("RGB", (size, size), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        place = tuple(rng.integers(-size // 12, size - size // 6, 2).tolist())
        letters = ImageFont.truetype(font, int(rng.integers(size // 24, size // 6)))
        draw.text(place, rng.choice(WORDS), tuple(rng.integers(0, 256, 3).tolist()), letters)
    return np.asarray(picture) / 255


def line(kind, n_rows=1000):
    """Return rows of [0, 1], a signal there, places between and the signal without noise."""
    rng = np.random.default_rng(0)
    X = np.arange(n_rows)[:, None] / n_rows
    between = (X[:-1] + X[1:]) / 2
    signal = {
        "chirp": lambda t: 0.5 + 0.4 * np.sin(2 * np.pi * (5 * t + 30 * t**2)),
        "steps": lambda t: 0.5 + 0.4 * np.sign(np.sin(10 * np.pi * t + 0.3)),
        "smooth": lambda t: 0.5 + 0.25 * np.sin(6 * np.pi * t) + 0.2 * np.cos(34 * np.pi * t),
    }[kind]
    noise = {"chirp": 0.0, "steps": 0.0, "smooth": 0.1}[kind]
    return X, signal(X) + noise * rng.normal(size=X.shape), between, signal(between)
