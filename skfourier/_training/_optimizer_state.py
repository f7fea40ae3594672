"""The state of an optimizer as arrays and numbers, and an optimizer that goes on from them."""

import math

import numpy as np
import torch

from skfourier._training._optimizers import build_optimizer


def optimizer_state(optimizer, network, settings):
    """Return what an optimizer knows beyond its settings.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Not in training mode, where it has one.
    network : CoordinateNetwork
    settings : dict
        Of `build_optimizer`, which made it.

    Returns
    -------
    dict
    """
    state = optimizer.state_dict()
    fresh = build_optimizer(network, **settings).state_dict()["param_groups"]
    return {
        "parameters": {
            str(place): {name: _plain(value) for name, value in entries.items()}
            for place, entries in state["state"].items()
        },
        # Counters and the like: schedule-free Adam has them here.
        "groups": [
            {name: value for name, value in group.items() if value != before[name]}
            for group, before in zip(state["param_groups"], fresh, strict=True)
        ],
    }


def restored_optimizer(state, network, settings):
    """Build an optimizer that goes on from its state.

    Parameters
    ----------
    state : State
        Of what `optimizer_state` returned.
    network : CoordinateNetwork
    settings : dict

    Returns
    -------
    torch.optim.Optimizer

    Raises
    ------
    ValueError
        If the state is not that of such an optimizer over such a network.
    """
    optimizer = build_optimizer(network, **settings)
    parameters, groups = state.part("parameters"), state.take("groups", list)
    state.finish()
    shapes = [tuple(p.shape) for group in optimizer.param_groups for p in group["params"]]
    total = sum(map(math.prod, shapes))
    restored = {
        place: {
            name: _restored(value, shape, total, name)
            for name, value in parameters.take(str(place), dict).items()
        }
        for place, shape in enumerate(shapes)
        if str(place) in parameters
    }
    parameters.finish()
    fresh = optimizer.state_dict()["param_groups"]
    for group, moved in zip(fresh, groups, strict=True):
        _check_moved(group, moved)
    changed = [group | moved for group, moved in zip(fresh, groups, strict=True)]
    optimizer.load_state_dict({"state": restored, "param_groups": changed})
    return optimizer


def _check_moved(group, moved):
    """Check that a group's changed entries are numbers, where the optimizer has such numbers."""
    for name, value in moved.items():
        if type(value) not in (int, float) or type(value) is not type(group.get(name)):
            raise ValueError(f"{name} of an optimizer is {value!r:.60}")
        _check_finite(value, name)


def _restored(value, shape, total, name):
    """Turn arrays of a parameter's state into tensors; check shapes and values.

    Of a matrix "adafactor" has sums along its axes, and "lbfgs" lists for all parameters at once.
    """
    if isinstance(value, list):
        return [_restored(part, shape, total, name) for part in value]
    if isinstance(value, np.ndarray):
        sums = [(shape[0], 1), (1, shape[1])] if len(shape) == 2 else []
        if value.dtype not in (np.float32, np.float64) or value.shape not in (
            *((), shape, (total,)),
            *sums,
        ):
            raise ValueError(f"{name} of an optimizer has shape {value.shape} and {value.dtype}")
        _check_finite(value, name)
        return torch.tensor(np.array(value))
    if value is not None:
        if type(value) not in (int, float):
            raise ValueError(f"{name} of an optimizer is {value!r:.60}")
        _check_finite(value, name)
    return value


def _check_finite(value, name):
    if not np.all(np.isfinite(value)):
        raise ValueError(f"{name} of an optimizer is not finite")


def _plain(value):
    """Turn tensors, alone or in lists, into arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    return [_plain(part) for part in value] if isinstance(value, list) else value
