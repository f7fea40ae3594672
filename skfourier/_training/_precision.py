"""The device and the precision of a network."""

import copy
from itertools import pairwise

import numpy as np
import torch

from skfourier._checks import known_name
from skfourier._training import _processes as processes
from skfourier._training._plan import rows_per_step

# The dtype of the weights. "bfloat16" is that of the hidden layers' products only.
PRECISIONS = {"bfloat16": torch.float32, "float32": torch.float32, "float64": torch.float64}

# So few products train in float64 nearly as fast: what takes the time is the calls. Those are 64
# rows of the default network, or 1,024 of two layers of 64.
_PRODUCTS_IN_FLOAT64 = 2**23
_ROWS_IN_FLOAT64 = 1024


def choose_precision(precision, device, X, batch_size, widths):
    """Resolve precision="auto": float64 where it costs little, bfloat16 where it is fast.

    Parameters
    ----------
    precision : str
    device : torch.device
    X : ndarray of shape (n_samples, n_features)
        Of this process.
    batch_size : int or str
    widths : list of int
        Of the hidden layers.

    Returns
    -------
    str
        The first process's choice.
    """
    n_samples = sum(processes.each(len(X)))
    few = n_samples <= min(rows_per_step(batch_size, n_samples), _ROWS_IN_FLOAT64)
    tiny = few and n_samples * sum(a * b for a, b in pairwise(widths)) <= _PRODUCTS_IN_FLOAT64

    def choice():
        if known_name(precision, ("auto", *PRECISIONS), "precision") != "auto":
            return precision
        if X.dtype == np.float64 and tiny and device.type in ("cpu", "cuda"):
            return "float64"
        return "bfloat16" if bfloat16_is_fast(device) else "float32"

    return processes.of_first(choice)


def bfloat16_is_fast(device):
    """Return whether products in bfloat16 are really faster here than in float32.

    NVIDIA's cards since compute capability 8.0 say so, and CPUs with AMX (four times faster) or
    AVX512-BF16 (twice); on others the products are emulated. It is asked for and not measured: on
    a busy machine two processes would choose differently, and the same seed give two results.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    return any(getattr(torch.cpu, name, bool)() for name in _INSTRUCTIONS)


# What torch knows of the CPU has private names; without them it is "not known to be fast".
_INSTRUCTIONS = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")


def device_here(device):
    """Return the device that a network was trained on, or what of its kind is here, or the CPU."""
    for candidate in (device, device.partition(":")[0]):
        try:
            found = choose_device(candidate)
        except ValueError:
            continue
        if found.type != "meta":  # where tensors have no values
            return found
    return torch.device("cpu")


def on_cpu(module):
    """Return a module with all tensors on the CPU: itself if they are there."""
    tensors = [*module.parameters(), *module.buffers()]
    if all(tensor.device.type == "cpu" for tensor in tensors):
        return module
    copies = {id(tensor): tensor.detach().to("cpu") for tensor in tensors}
    for parameter in module.parameters():
        copies[id(parameter)] = torch.nn.Parameter(copies[id(parameter)], parameter.requires_grad)
    # The copy of the module takes these in place of its own.
    return copy.deepcopy(module, copies)


def state_on_cpu(state):
    """Return the state of an optimizer with all tensors on the CPU."""
    if isinstance(state, torch.Tensor):
        return state.to("cpu")
    if isinstance(state, dict):
        return {name: state_on_cpu(value) for name, value in state.items()}
    if type(state) in (list, tuple):
        return type(state)(state_on_cpu(value) for value in state)
    return state


def choose_device(device):
    """Resolve device="auto": the CUDA device if there is one, else the CPU.

    Raises
    ------
    ValueError
        If torch knows no such device, or cannot reach it here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={str(device)!r} cannot be used here ({str(error).splitlines()[0]}). Take "
            f"'auto', 'cpu', or a device that this build of torch reaches."
        ) from error
    return device
