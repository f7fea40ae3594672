"""Train one network on several processes: torchrun --nproc-per-node 2 several_processes.py."""

import numpy as np
import torch.distributed as dist

from skfourier import CoordinateMLPRegressor, FourierFeatures


def signal(X):
    """Return the values of a pattern at coordinates, which stand for measured ones."""
    return np.sin(20 * X[:, 0]) * np.cos(31 * X[:, 1])


dist.init_process_group("gloo")
rank, n_processes = dist.get_rank(), dist.get_world_size()

# The rows of this process, for example from its own file.
X = np.random.default_rng(rank).uniform(size=(20_000, 2))
y = signal(X)

network = CoordinateMLPRegressor(
    (64, 64),
    embedding=FourierFeatures(sigma=3),
    random_state=0,
    checkpoint="training.pt",
    resume=True,
)
network.fit(X, y)

if rank == 0:  # all have the same network
    places = np.random.default_rng(n_processes).uniform(size=(1000, 2))
    print(f"R^2 of {n_processes} processes: {network.score(places, signal(places)):.4f}")
    network.save("network.safetensors")
dist.destroy_process_group()
