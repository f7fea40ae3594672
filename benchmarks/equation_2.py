"""Equation 2 of the paper on its own network: what the sigmoid, batch norm and Adam change.

    python benchmarks/equation_2.py [--size 32] [--steps 400]

Equation 2 holds for plain gradient descent of a network whose tangent kernel stays what it was. The
paper's network has a width of 256, batch normalization and a sigmoid, and is trained by Adam at
1e-4. Here each of these is put in by itself, on a gray photograph of scikit-learn's, full batch.
The network's own tangent kernel before the training (equation 1, of the batch as a whole where it
is normalized) predicts the loss; then the training is observed. Gradient descent goes at half of
the largest stable learning rate. Adam has none that equation 2 knows; it gets the one that fits
best, until the loss is a hundredth of what it was.

The columns: the loss at the end, observed and predicted, over that at the start; the factor by
which they differ at most, over all steps and until the loss is down to a hundredth; the latter
for a theory that is begun anew after a quarter of the steps, with the kernel of then; and by how
much the kernel has changed at the end, relative to its (Frobenius) norm. A sixth of an hour on two
cores.
"""

from dataclasses import dataclass

import numpy as np
import torch
from harness import run
from sklearn.datasets import load_sample_images
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples, load_image

# As in the paper: 128 frequencies of sigma 10, three hidden layers of 256.
SIGMA, N_FREQUENCIES, HIDDEN, ADAMS_RATE = 10, 128, (256,) * 3, 1e-4
FALLEN = 0.01
COLUMNS = f"{'loss: end / start':>28}{'factor':>18}{'to 1 %':>8}{'anew':>8}{'kernel':>9}"


@dataclass(frozen=True)
class Tangent:
    """A network's function and kernel at one moment, as eigenvalues and components of the error."""

    kernel: np.ndarray
    eigenvalues: np.ndarray
    error: np.ndarray

    @classmethod
    def of(cls, network, features, y):
        """Differentiate each row's output by all parameters: equation 1."""
        parameters = list(network.parameters())
        outputs = network(features)[:, 0]
        jacobian = torch.empty(len(outputs), sum(p.numel() for p in parameters))
        for row, output in zip(jacobian, outputs, strict=True):
            gradients = torch.autograd.grad(output, parameters, retain_graph=True)
            torch.cat([gradient.ravel() for gradient in gradients], out=row)
        kernel = (jacobian @ jacobian.T).double().numpy()
        eigenvalues, vectors = np.linalg.eigh(kernel)
        return cls(kernel, eigenvalues, vectors.T @ (outputs.detach() - y).double().numpy())

    def largest_stable_rate(self):
        """Return 2 / largest eigenvalue, for the mean squared error."""
        return len(self.error) / self.eigenvalues[-1]

    def loss(self, rate, steps, continuous):
        """Evaluate equation 2's mean squared error, or its discrete form."""
        x = 2 * rate / len(self.error) * self.eigenvalues
        steps = steps[:, None]
        left = np.exp(-2 * x * steps) if continuous else np.abs(1 - x) ** (2 * steps)
        return (left * self.error**2).mean(axis=1)


def untrained(X, y, **params):
    """Build the network of an estimator without training it."""
    network = CoordinateMLPRegressor(
        HIDDEN,
        "relu",
        embedding=FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES),
        initialization="torch",
        solver="sgd",
        batch_size="full",
        max_iter=0,
        random_state=0,
        precision="float32",
        **params,
    )
    module = network.fit(X, y).module_.train()
    for layer in module:
        if isinstance(layer, nn.BatchNorm1d):  # statistics of the batch, always
            layer.track_running_stats, layer.running_mean, layer.running_var = False, None, None
    with torch.no_grad():
        return module[1:], module[0](torch.tensor(X)).float()


def observe(network, features, y, optimizer, n_steps):
    """Train; return the loss before each step, and after the last one."""
    losses = []
    for step in range(n_steps + 1):
        loss = (network(features)[:, 0] - y).square().mean()
        losses.append(loss.item())
        if step < n_steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return np.array(losses)


def best_rate(tangent, observed):
    """Find the rate with which equation 2 comes nearest to a loss, in the mean of squared logs."""
    end = _fallen(observed)
    rates = tangent.largest_stable_rate() * np.geomspace(1e-3, 1e3, 241)

    def distance(rate):
        predicted = tangent.loss(rate, np.arange(end), continuous=True)
        return np.mean(np.log(np.maximum(predicted, 1e-300) / observed[:end]) ** 2)

    return min(rates, key=distance)


def compare(name, X, y, n_steps, *, adam, **params):
    """Print how far equation 2 is off for one network."""
    network, features = untrained(X, y, **params)
    y = torch.tensor(y[:, 0]).float()
    before = Tangent.of(network, features, y)
    rate = before.largest_stable_rate() / 2
    if adam:
        optimizer = torch.optim.Adam(network.parameters(), lr=ADAMS_RATE)
    else:
        optimizer = torch.optim.SGD(network.parameters(), lr=rate)
    quarter = n_steps // 4
    first = observe(network, features, y, optimizer, quarter)
    middle = Tangent.of(network, features, y)
    second = observe(network, features, y, optimizer, n_steps - quarter)
    observed = np.concatenate([first[:-1], second])
    if adam:
        rate = best_rate(before, observed)
    predicted = before.loss(rate, np.arange(n_steps + 1), continuous=adam)
    again = middle.loss(
        best_rate(middle, second) if adam else rate, np.arange(len(second)), continuous=adam
    )
    end, end_again = _fallen(observed), _fallen(second)
    after = Tangent.of(network, features, y)
    moved = np.linalg.norm(after.kernel - before.kernel) / np.linalg.norm(before.kernel)
    print(
        f"{name:32}{observed[-1] / observed[0]:9.1e} "
        f"(predicted {predicted[-1] / predicted[0]:7.1e})"
        f"{_factor(observed, predicted):13.3g}{_factor(observed[:end], predicted[:end]):8.3g}"
        f"{_factor(second[:end_again], again[:end_again]):8.3g}{moved:9.2f}",
        flush=True,
    )


def _factor(observed, predicted):
    return np.exp(np.abs(np.log(observed / np.maximum(predicted, 1e-300))).max())


def _fallen(losses):
    """Count the steps until the loss has fallen to 1 % of the first, or all of them."""
    below = np.flatnonzero(losses < FALLEN * losses[0])
    return int(below[0]) if len(below) else len(losses)


def table(options):
    X, y = image_to_samples(load_image(load_sample_images().filenames[0], size=options.size))
    y = y.mean(axis=1, keepdims=True)
    print(f"{'':34}{COLUMNS}")
    sigmoid = {"output_activation": "sigmoid"}
    normalized = sigmoid | {"batch_norm": True}
    compare("gradient descent", X, y, options.steps, adam=False)
    compare("and a sigmoid", X, y, options.steps, adam=False, **sigmoid)
    compare("and batch norm", X, y, options.steps, adam=False, **normalized)
    compare("Adam", X, y, options.steps, adam=True)
    compare("Adam, sigmoid", X, y, options.steps, adam=True, **sigmoid)
    compare("Adam, sigmoid, batch norm: paper", X, y, options.steps, adam=True, **normalized)


if __name__ == "__main__":
    run(__doc__, table, size=32, steps=400)
