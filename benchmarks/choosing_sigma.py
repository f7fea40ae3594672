"""How well sigma and alpha are chosen: PSNR lost between the pixels, against the best candidate.

    python benchmarks/choosing_sigma.py [kodim03.png ...]

scikit-learn's two photographs come first. Each is cut to a square of --size pixels; every second
pixel trains, those diagonally between are tested. "best" is the candidate that does best on these,
which no criterion sees; the other columns are the PSNR that each criterion loses to it, and its
sigma. The candidates are FourierKernelRegressorCV's own, the kernel the bare one.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.model_selection import KFold

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr

CRITERIA = {
    "leave-one-out": {},
    "GCV": {"cv": "gcv"},
    "likelihood": {"scoring": "log_marginal_likelihood"},
    "5 folds": {"cv": KFold(5, shuffle=True, random_state=0)},
}


def split(path, size):
    """Return the pixels that train, and those between."""
    image = load_image(path, size=size)
    X, y = (rows.reshape(size, size, -1) for rows in image_to_samples(image))
    return [
        [rows[start::2, start::2].reshape(-1, rows.shape[2]) for rows in (X, y)] for start in (0, 1)
    ]


def compare(path, size, distribution):
    """Return the cells of a row, and the PSNR that each criterion loses."""
    training, (X, y) = split(path, size)

    def between(model):
        return psnr(y, model.predict(X).clip(0, 1))

    cells, regrets, tried = [], {}, None
    for name, params in CRITERIA.items():
        start = time.perf_counter()
        model = FourierKernelRegressorCV(distribution=distribution, **params).fit(*training)
        seconds = time.perf_counter() - start
        if tried is None:
            tried = [
                between(
                    FourierKernelRegressor(distribution=distribution, **candidate).fit(*training)
                )
                for candidate in model.cv_results_["params"]
            ]
            best = model.cv_results_["params"][int(np.argmax(tried))]
            cells.append(f"{max(tried):.2f} ({best['sigma']:.0f}, {best['alpha']:g})")
        regrets[name] = max(tried) - between(model)
        cells.append(f"{regrets[name]:.2f} ({model.sigma_:.0f}, {model.alpha_:g}), {seconds:.1f} s")
    return cells, regrets


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", help="photographs besides scikit-learn's two")
    parser.add_argument(
        "--size", type=int, default=256, help="pixels on a side, half of them train"
    )
    parser.add_argument("--distribution", default="gaussian")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "The best candidate is at the edge")
    print("| photograph | best, dB (sigma, alpha) | " + " | ".join(CRITERIA) + " |")
    print("|---" * (2 + len(CRITERIA)) + "|")
    regrets = []
    for path in (*load_sample_images().filenames, *options.images):
        cells, lost = compare(path, options.size, options.distribution)
        regrets.append(list(lost.values()))
        print(f"| {Path(path).stem} | " + " | ".join(cells) + " |", flush=True)
    means = [f"{mean:.2f}" for mean in np.mean(regrets, axis=0)]
    print("| mean | | " + " | ".join(means) + " |")


if __name__ == "__main__":
    main()
