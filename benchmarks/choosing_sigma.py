"""How well sigma and alpha are chosen: PSNR lost between the pixels, against the best candidate.

    python benchmarks/choosing_sigma.py [kodim03.png ...]

scikit-learn's two photographs come first. Each is cut to a square of --size pixels; every second
pixel trains, those diagonally between are tested. "best" is the candidate that does best on these,
which no criterion sees; the columns after it are the PSNR that each criterion loses to it, with its
sigma and alpha. The candidates are FourierKernelRegressorCV's own, the kernel the bare one. --folds
adds five folds of pixels, which take a hundred times as long. "exponential" chooses nothing: the
kernel exp(-r / l) of a spectrum that falls like a photograph's, of one sigma for all of them.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates
from sklearn.datasets import load_sample_images
from sklearn.model_selection import KFold

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr
from skfourier.spectra import Matern

CRITERIA = {
    "leave-one-out": {"criterion": "leave_one_out"},
    "GCV": {"criterion": "gcv"},
    "likelihood": {"alphas": np.logspace(-4, 1, 11)},
}
EXPONENTIAL = FourierKernelRegressor(3, kernel=Matern(nu=0.5), alpha=1e-3)
FOLDS = {
    "5 folds": {"cv": KFold(5, shuffle=True, random_state=0), "scoring": "neg_mean_squared_error"}
}


def split(path, size):
    """Return the pixels that train, and those between."""
    image = load_image(path, size=size)
    X, y = (rows.reshape(size, size, -1) for rows in image_to_samples(image))
    return [
        [rows[start::2, start::2].reshape(-1, rows.shape[2]) for rows in (X, y)] for start in (0, 1)
    ]


def interpolated(y, X, size, order):
    """Interpolate the training pixels at the places of those between."""
    planes = y.reshape(size // 2, size // 2, -1).transpose(2, 0, 1)
    places = X[:, ::-1].T * size / 2  # row and column among the training pixels
    return np.stack([map_coordinates(p, places, order=order, mode="nearest") for p in planes], 1)


def compare(path, size, kernel, criteria):
    """Return the figures of a row, in dB, and what was chosen, a string for each."""
    training, (X, y) = split(path, size)

    def between(model):
        return psnr(y, model.predict(X).clip(0, 1))

    models = {
        name: FourierKernelRegressorCV(kernel=kernel, **params).fit(*training)
        for name, params in criteria.items()
    }
    candidates = models["GCV"].cv_results_["params"]
    fits = (FourierKernelRegressor(kernel=kernel, **c).fit(*training) for c in candidates)
    tried = [between(fit) for fit in fits]
    best = candidates[int(np.argmax(tried))]
    figures = [psnr(y, interpolated(training[1], X, size, o).clip(0, 1)) for o in (1, 3)]
    figures += [between(EXPONENTIAL.fit(*training)), max(tried)]
    figures += [max(tried) - between(model) for model in models.values()]
    chosen = [(best["sigma"], best["alpha"])]
    chosen += [(model.sigma_, model.alpha_) for model in models.values()]
    return figures, ["", "", "", *(f" ({sigma:.0f}, {alpha:.1g})" for sigma, alpha in chosen)]


def print_row(name, figures, notes):
    cells = [f"{figure:.2f}{note}" for figure, note in zip(figures, notes, strict=True)]
    print("| " + " | ".join([name, *cells]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", help="photographs besides scikit-learn's two")
    parser.add_argument(
        "--size", type=int, default=256, help="pixels on a side, half of them train"
    )
    parser.add_argument("--kernel", default="gaussian")
    parser.add_argument("--folds", action="store_true", help="five folds of pixels as well")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "The best candidate is at the edge")
    criteria = CRITERIA | (FOLDS if options.folds else {})
    columns = ["photograph", "bilinear", "cubic", "exponential", "best (sigma, alpha)", *criteria]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    rows = []
    for path in (*load_sample_images().filenames, *options.images):
        figures, chosen = compare(path, options.size, options.kernel, criteria)
        rows.append(figures)
        print_row(Path(path).stem, figures, chosen)
    print_row("mean", np.mean(rows, axis=0), [""] * len(figures))


if __name__ == "__main__":
    main()
