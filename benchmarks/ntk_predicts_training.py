"""Predict a training before it happens: two kernels against the network, at every step.

The one-dimensional experiment of Tancik et al. (2020): 32 of 256 points of a random signal with a
decaying spectrum, features of frequencies j = 1 ... 16 and amplitudes j^-p, and a wide ReLU network
with three hidden layers. Plain gradient descent trains it in the NTK parametrization, its initial
function subtracted. Two kernels predict its errors: an infinitely wide network's and its own.

A relative error of an eigenvalue acts like an error of the clock: a loss that has fallen by k
decades is off by k times as much. So predictions and training differ where the loss is small, and
first for large p. docs/performance.md has the measurements.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.ntk import NeuralTangentKernel, empirical_ntk, predict_training
from skfourier.spectra import Frequencies

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=1024, help="4096 takes some 20 minutes")
parser.add_argument("--seed", type=int, default=0, help="of the weights")
options, _ = parser.parse_known_args()

# %%
# The signal: normal Fourier coefficients over 1 + frequency, up to 63 cycles, in [-1/2, 1/2].
rng = np.random.default_rng(0)
coefficients = rng.normal(size=(64, 2)) @ (1, 1j) / (1 + np.arange(64))
signal = np.fft.ifft(coefficients, 256).real
signal = (signal - signal.min()) / np.ptp(signal) - 0.5
rows, train = np.arange(256).reshape(-1, 1) / 256, np.arange(256) % 8 == 0
X, y, X_test, y_test = rows[train], signal[train], rows[~train], signal[~train]


def mapping(p):
    """Return the frequencies, of mean square amplitude 1; p = inf leaves only the first."""
    frequencies = np.arange(1.0, 17.0 if p < np.inf else 2.0)[:, None]
    amplitudes = frequencies[:, 0] ** (-p if p < np.inf else 0)
    return Frequencies(frequencies, amplitudes / np.sqrt(np.mean(amplitudes**2)))


def train_network(module, learning_rate, steps):
    """Train in the NTK parametrization; return the functions minus the initial one at the steps."""
    inner, places, target = module.unscaled, torch.tensor(rows), torch.tensor(y)
    # He's weights are standard normal ones times the root of 2 / fan_in; biases stay 0.
    layers = [layer for layer in inner if isinstance(layer, torch.nn.Linear)]
    groups = [{"params": [m.weight], "lr": learning_rate * 2 / m.in_features} for m in layers]
    optimizer, functions = torch.optim.SGD(groups), []
    for step in range(max(steps) + 1):
        if step in steps:
            with torch.no_grad():
                functions.append(inner(places)[:, 0])
        optimizer.zero_grad()
        error = inner(places[train])[:, 0] - functions[0][train] - target
        (0.5 * error.square().sum()).backward()
        optimizer.step()
    return (torch.stack(functions) - functions[0]).numpy()


def differences(observed, predicted):
    """Print the largest relative difference while the loss is over 10 %, 1 % and 0.1 %."""
    apart = np.abs(observed / predicted - 1)
    return "".join(f"{apart[observed > s * observed[0]].max():8.1%}" for s in (0.1, 0.01, 1e-3))


# %%
# One learning rate for all mappings: half of the largest stable one of the widest kernel.
kernels = {p: NeuralTangentKernel(3, base=mapping(p)) for p in (0, 0.5, 1, 1.5, 2, np.inf)}
learning_rate = 1 / max(np.linalg.eigvalsh(kernel(X))[-1] for kernel in kernels.values())
steps = np.unique(np.append(0, np.geomspace(1, 300, 60).astype(int)))
known = {"X_test": X_test, "learning_rate": learning_rate, "steps": steps, "loss": "half_sum"}
zero = {"initial_train": np.zeros(32), "initial_test": np.zeros(224), "parametrization": "ntk"}
figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
shares, header = (
    f"{'10 %':>8}{'1 %':>8}{'0.1 %':>8}",
    f"width {options.width}, by loss / first loss:",
)
print(f"{'':30}{'infinitely wide':^24}{'its own kernel':^24}  its slow quarter")
print(f"{header:30}{shares}{shares}{'misses':>10}{'moves':>8}")
for i, (p, kernel) in enumerate(kernels.items()):
    embedding = FourierFeatures(distribution=mapping(p))
    network = CoordinateMLPRegressor([options.width] * 3, "relu", embedding=embedding, max_iter=0)
    network.set_params(initialization="he", random_state=options.seed).fit(X, y)
    limit = predict_training(kernel, X, y, **known)
    own = predict_training(network, X, y, **known, **zero)
    before = empirical_ntk(network, X, parametrization="ntk")
    functions = train_network(network.module_, learning_rate, steps)
    changes = kernel(X) - before, empirical_ntk(network, X, parametrization="ntk") - before
    values, vectors = np.linalg.eigh(before)
    slow = [np.abs(np.diag(vectors.T @ c @ vectors) / values)[:8].mean() for c in changes]
    errors = (functions - signal) ** 2
    loss, test_loss = (errors[:, part].mean(axis=1) for part in (train, ~train))
    cells = differences(loss, limit.loss) + differences(loss, own.loss)
    print(f"p = {p:<26}{cells}{slow[0]:10.1%}{slow[1]:8.1%}", flush=True)
    for style, training, test, last in (
        ("-", loss, test_loss, functions[-1, ~train]),
        ("--", own.loss, own.test_loss(y_test), own.test[-1]),
        (":", limit.loss, limit.test_loss(y_test), limit.test[-1]),
    ):
        axes[0].semilogy(steps, training, style, color=f"C{i}")
        axes[1].semilogy(steps, test, style, color=f"C{i}", label=f"p = {p}" * (style == "-"))
        if p in (0, np.inf):
            axes[2].plot(X_test, last, style, color=f"C{i}")
figure.suptitle("solid: observed; dashed: predicted by its own kernel; dotted: by infinite width")
axes[0].set(title="training points", ylabel="mean squared error", ylim=(1e-6, 0.1), xlabel="steps")
axes[1].set(title="between them", ylim=(0.009, 0.06), xlabel="steps")
axes[1].legend()
axes[2].plot(rows, signal, "k", X, y, "ok", linewidth=0.7, markersize=4)
axes[2].set(title="signal, and functions after 300 steps", xlabel="x", xlim=(0.3, 0.7))
Path("output").mkdir(parents=True, exist_ok=True)
figure.savefig(f"output/ntk_predicts_training_{options.width}.png", dpi=100)
plt.show()
