"""Where and in what precision the network computes."""

import numpy as np
import torch

PRECISIONS = {"float32": torch.float32, "float64": torch.float64}

# So few rows train in float64 as fast: what takes the time is the calls.
_ROWS_IN_FLOAT64 = 1024


def choose_precision(precision, X, n_rows_per_step, device):
    """Resolve precision="auto": float64 where it costs nothing, else float32.

    Returns
    -------
    str
    """
    if precision != "auto":
        return precision
    tiny = X.dtype == np.float64 and len(X) <= min(n_rows_per_step, _ROWS_IN_FLOAT64)
    return "float64" if tiny and device.type in ("cpu", "cuda") else "float32"


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
