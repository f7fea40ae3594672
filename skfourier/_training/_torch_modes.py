"""torch's modes: the caller's own do not reach into our computations."""

from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def own_torch_modes():
    """Compute as outside all of torch's modes, whichever surround the call.

    `torch.autocast` would round what is promised in float32, `torch.no_grad` and
    `torch.inference_mode` would leave nothing to differentiate, and `torch.device` would put new
    tensors somewhere else.
    """
    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.enable_grad())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                modes.enter_context(torch.autocast(device, enabled=False))
        # `get_default_device` of torch 2.7 does not see the mode, which costs time in every call.
        if torch.empty(0).device.type != "cpu":
            modes.enter_context(torch.device("cpu"))
        yield
