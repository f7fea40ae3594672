"""What is no file of a whole model is refused, with a sentence, in no time."""

import json
import pickle
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import safetensors.numpy
from fuzzing import fuzz
from saved_models import MAKERS, made

import skfourier
from skfourier._saving import _container
from skfourier._saving._container import read_file, write_file

# Models whose arrays are all of the fit: none is a parameter, of any shape and dtype.
WITHOUT_ARRAYS_AS_PARAMETERS = [
    *("features", "network", "network_on_features", "ensemble", "cholesky", "cg", "nufft"),
    *("kronecker", "toeplitz", "masked_kronecker", "motion", "no_motion", "pipeline_of_a_kernel"),
    *("pipeline_of_a_network", "network_in_blocks"),
]
# Of any length; of any value; and of any dtype, as they are parameters.
ANY_LENGTH = ("loss_curve_", "validation_scores_")
ANY_VALUE = ("validation_scores_", "scaler.scale_", "scaler.min_", "max_", "min_", "range_")
ANY_VALUE += ("scaler.mean_", "scaler.var_")
ANY_DTYPE = ("spectrum_.sigma",)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def saved(path):
    def save(name):
        skfourier.save(made(name)[0], path)
        return path

    return save


def refused(path, message=None):
    """Check that a file is refused with a sentence, fast."""
    start = time.perf_counter()
    with pytest.raises(ValueError, match=message) as caught:
        skfourier.load(path)
    assert time.perf_counter() - start < 5
    assert str(path) in str(caught.value)


def write_anew(path, data):
    """Write to a new file: a file system may write what is cut to the disk at once, and wait."""
    path.unlink()
    path.write_bytes(data)


class TestBytes:
    def test_cut_short_anywhere(self, saved):
        path = saved("features")
        data = path.read_bytes()
        for length in range(len(data)):
            write_anew(path, data[:length])
            refused(path, r"damaged|not a skfourier file|cut short")

    def test_any_bit_flipped(self, saved):
        path = saved("features")
        data = path.read_bytes()
        for place in range(len(data)):
            # All eight come in turn, at each of the eight bytes of a number too.
            bit = (place + place // 8) % 8
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            write_anew(path, flipped)
            try:
                again = skfourier.load(path)
            except ValueError:
                continue
            # A space within the header may become a tab: the model is the same.
            skfourier.save(again, path)
            assert path.read_bytes() == data

    def test_more_bytes_at_the_end(self, saved):
        path = saved("network")
        path.write_bytes(path.read_bytes() + b"\0")
        refused(path, "incomplete metadata, file not fully covered")

    @pytest.mark.parametrize("length", [0, 1, 2**23 + 1, 2**31, 2**62, 2**64 - 1])
    def test_a_header_of_another_length(self, length, saved):
        path = saved("network")
        data = path.read_bytes()
        path.write_bytes(length.to_bytes(8, "little") + data[8:])
        refused(path, r"cut short|as safetensors it cannot be read")

    def test_a_header_as_long_as_the_longest(self, path):
        header = b'{"' + b"a" * (2**23 - 6) + b'":1}'
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        refused(path, "as safetensors it cannot be read")

    @pytest.mark.parametrize("data", [b"", b"x", b"\0" * 8, b"\0" * 100, b"{}", b"\xff" * 99])
    def test_hardly_any(self, data, path):
        path.write_bytes(data)
        refused(path, "not a skfourier file, or is cut short")

    def test_pickles(self, path):
        class Bomb:
            def __reduce__(self):
                return (pytest.fail, ("a pickle was loaded",))

        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            path.write_bytes(pickle.dumps(Bomb(), protocol))
            refused(path, "pickles are joblib.load's")
            path.write_bytes(pickle.dumps(made("network")[0], protocol))
            refused(path, "pickles are joblib.load's")

    def test_other_safetensors(self, path):
        safetensors.numpy.save_file({"x": np.zeros(3)}, path)
        refused(path, r"a safetensors file, but not a skfourier file: its metadata hold \[\]")
        safetensors.numpy.save_file({"x": np.zeros(3)}, path, {"format": "pt"})
        refused(path, r"its metadata hold \['format'\]")


class TestPaths:
    def test_of_nothing(self, path):
        with pytest.raises(FileNotFoundError, match=r"does not exist\. Check the path"):
            skfourier.load(path)

    def test_of_a_folder(self, tmp_path):
        with pytest.raises(IsADirectoryError):
            skfourier.load(tmp_path)

    def test_of_a_pipe(self, tmp_path):
        import os  # noqa: PLC0415 (as no other test needs it)

        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="is not a file"):
            skfourier.load(tmp_path / "pipe")

    def test_as_text(self, saved):
        path = saved("features")
        assert repr(skfourier.load(str(path))) == repr(made("features")[0])


def written(path, text, arrays=()):
    """Write JSON as it is, with its digest."""
    arrays = dict(arrays)
    header = {"skfourier": f"{_container._digest(text, arrays)} {text}"}
    safetensors.numpy.save_file(arrays, path, header)
    return path


class TestJson:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "Expecting value"),
            ("[]", "no object"),
            ("3", "no object"),
            ("{}", "does not say of which format"),
            ('{"format": 1}', "does not say of which format"),
            ('{"format": true, "version": "1"}', "does not say of which format"),
            ('{"format": "1", "version": "1"}', "does not say of which format"),
            ('{"format": 0, "version": "1"}', "does not say of which format"),
            ('{"format": 1, "version": 1}', "does not say of which format"),
            ('{"format": 1, "format": 1, "version": "1"}', "a name occurs twice"),
            ('{"format": NaN, "version": "1"}', "NaN is no number"),
            ('{"format": -Infinity, "version": "1"}', "-Infinity is no number"),
            ('{"format": 1e999, "version": "1"}', "1e999 is no finite number"),
            ('{"format": ' + "9" * 5000 + ', "version": "1"}', "limit"),
            ('{"format": 1, "version": "1"}', r"entries \['format', 'version'\]"),
            ('{"format": 1, "version": "1", "model": {}}', "no model"),
            ('{"format": 1, "version": "1", "model": []}', "no model"),
            ('{"format": 1, "version": "1", "model": {"float": "nan"}}', "no model"),
            ('{"format": 1, "version": "1", "model": {"object": []}}', "no model"),
            ("[" * 100_000, "cannot be read"),
            ("[" * 100_000 + "]" * 100_000, "cannot be read"),
            ('{"a":' * 100_000 + "1" + "}" * 100_000, "cannot be read"),
            ('{"format": 1, "version": "1", "model": {"object": "os.system"}}', "no model"),
        ],
        ids=lambda text: text[:60],
    )
    def test_that_says_no_model(self, text, message, path):
        refused(written(path, text), message)

    @pytest.mark.parametrize("levels", [20, 90, 200])
    def test_of_deeply_nested_parameters(self, levels, path):
        model = {"object": "FourierFeatures", "params": {"sigma": 1}, "fitted": {}}
        for _ in range(levels):
            model["params"] = {"distribution": model["params"]}
            model["params"] = {"sigma": {"dict": model["params"]}}
        text = json.dumps({"format": 1, "version": "1", "model": model})
        refused(written(path, text), "nested too deeply|parameters|unknown form")

    def test_of_a_later_format(self, path):
        text = '{"format": 2, "version": "7.0", "new": 1}'
        refused(written(path, text), r"of format 2, written by skfourier 7.0; .* up to 1. Install")

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            ({"object": "Ridge", "params": {}}, "no model"),
            ({"object": "spectra.Gaussian", "params": {}}, "no model"),
            ({"object": "FourierFeatures", "params": {"sigma": 1}}, "not fitted"),
            ({"object": "FourierFeatures", "params": {"omega": 1}}, r"no parameters \['omega'\]"),
            ({"object": "FourierFeatures", "params": [], "fitted": {}}, "unknown form"),
            ({"object": "FourierFeatures"}, "unknown form"),
            ({"object": "sklearn.Pipeline", "params": {"steps": []}}, "a Pipeline has no steps"),
            (
                {"object": "sklearn.Pipeline", "params": {"steps": [["a", 1]]}},
                "the step 'a' is a int",
            ),
            (
                {
                    "object": "FourierFeatures",
                    "params": {"sigma": {"object": "spectra.Missing", "params": {}}},
                },
                "'spectra.Missing', which this version does not know",
            ),
            (
                {
                    "object": "FourierFeatures",
                    "params": {"sigma": {"object": "optim.SGD", "params": {}}},
                },
                "made in a fit only",
            ),
            (
                {"object": "FourierFeatures", "params": {"sigma": {"class": "builtins.eval"}}},
                "unknown form",
            ),
            (
                {"object": "FourierFeatures", "params": {"sigma": {"array": "sigma"}}},
                "array 'sigma' is missing",
            ),
            (
                {
                    "object": "FourierFeatures",
                    "params": {},
                    "fitted": {"n_features_in_": 2},
                },
                "sigma_ of FourierFeatures is missing",
            ),
        ],
        ids=lambda part: str(part)[:70],
    )
    def test_of_models_that_are_none(self, model, message, path):
        text = json.dumps({"format": 1, "version": "1", "model": model})
        refused(written(path, text), message)


class TestArrays:
    @pytest.mark.parametrize("name", WITHOUT_ARRAYS_AS_PARAMETERS)
    def test_that_do_not_belong(self, name, saved):
        path = saved(name)
        content, arrays = read_file(path)
        accepted = []
        for key, array in arrays.items():
            others = [None, array[None], array[..., None]]
            if not key.endswith(ANY_DTYPE):
                with np.errstate(over="ignore"):
                    others.append(array.astype(np.float16))
            if array.dtype.kind == "f" and not key.endswith(ANY_VALUE):
                others.append(np.full_like(array, np.nan))
            if array.ndim and not key.endswith(ANY_LENGTH):
                others.append(np.concatenate([array, array[:1]]))
                others.append(array[:0])
            for other in others:
                changed = {**arrays, key: other}
                if other is None:
                    del changed[key]
                write_file(path, content, changed)
                try:
                    skfourier.load(path)
                except ValueError:
                    continue
                accepted.append((key, np.shape(other), getattr(other, "dtype", None)))
        assert not accepted

    def test_that_nothing_uses(self, saved):
        path = saved("cholesky")
        content, arrays = read_file(path)
        write_file(path, content, {**arrays, "more": np.zeros(3)})
        refused(path, r"nothing uses its arrays \['more'\]")

    @pytest.mark.parametrize("name", MAKERS)
    def test_and_entries_that_are_missing(self, name, saved):
        path = saved(name)
        content, arrays = read_file(path)
        optional = {"feature_names_in_", "weight", "sigma_search_"}
        if name == "network_in_blocks":
            optional |= {"stream"}  # its optimizer may begin anew
        for holder in learned(content["model"]):
            for key in sorted(holder.keys() - optional):
                entry = holder.pop(key)
                write_file(path, content, arrays)
                refused(path)
                holder[key] = entry
                holder["more"] = 1
                write_file(path, content, arrays)
                refused(path)
                del holder["more"]

    def test_of_dtypes_that_numpy_does_not_have(self, path):
        header = {"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}
        header["__metadata__"] = {"skfourier": "0 {}"}
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0")
        refused(path, "as safetensors it cannot be read")


def learned(value):
    """Yield the dicts of what was learned, at any depth, outermost first."""
    if isinstance(value, dict):
        if "fitted" in value:
            yield value["fitted"]
        for part in value.values():
            yield from learned(part)
    elif isinstance(value, list):
        for part in value:
            yield from learned(part)


class TestMemory:
    @pytest.mark.parametrize(
        "parameters", [{"hidden_layer_sizes": [10**9, 10**9]}, {"hidden_layer_sizes": [2] * 10**5}]
    )
    def test_of_layers_that_are_not_there(self, parameters, saved):
        path = saved("network")
        content, arrays = read_file(path)
        structure = content["model"]["fitted"]["structure"]["dict"]
        structure["hidden_layer_sizes"] = parameters["hidden_layer_sizes"]
        write_file(path, content, arrays)
        refused(path, "linear1.weight|linear3.weight")

    def test_of_a_grid_without_rows(self, saved):
        path = saved("kronecker")
        content, arrays = read_file(path)
        problem = content["model"]["fitted"]["solver"]["dict"]["problem"]["dict"]
        problem["shape"]["tuple"] = [50_000, 50_000]
        arrays["solver.problem.axes"] = np.tile(np.arange(50_000.0), 2)
        write_file(path, content, arrays)
        refused(path, "has 2500000000 points")

    @pytest.mark.parametrize("name", ["nufft", "cholesky", "chosen_in_blocks"])
    def test_of_columns_that_are_not_there(self, name, saved):
        path = saved(name)
        content, arrays = read_file(path)
        content["model"]["fitted"]["n_features_in_"] = 10**18
        write_file(path, content, arrays)
        refused(path, "columns")

    def test_of_a_kernel_that_no_fit_leaves_behind(self, saved):
        path = saved("cholesky")
        content, arrays = read_file(path)
        content["model"]["fitted"]["kernel_"] = {"object": "spectra.Basic", "params": {}}
        write_file(path, content, arrays)
        refused(path, "no kernel of a fit")


def test_fuzzed_files():
    # The command in fuzzing.py does more of them.
    counts, slowest = fuzz(400, seed=1)
    assert sum(counts.values()) > 350
    assert counts["bytes", "refused"] > 150
    assert slowest < 5


def test_loading_imports_no_module_that_a_file_names(saved):
    # In a process that has not imported them yet: names reach no import.
    path = saved("features")
    content, arrays = read_file(path)
    content["model"]["params"]["distribution"] = {"object": "antigravity.fly", "params": {}}
    write_file(path, content, arrays)
    code = f"""
        import sys, skfourier
        try:
            skfourier.load({str(path)!r})
        except ValueError:
            sys.exit("antigravity" in sys.modules or "torch" in sys.modules)
        sys.exit("it was loaded")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


class TestStreams:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"groups": [{"train_mode": True}]}, "train_mode of an optimizer is False"),
            ({"groups": [{"k": 1.5}]}, "k of an optimizer is 1.5"),
            ({"groups": [{"lr": "fast"}]}, "lr of an optimizer is 'fast'"),
            ({"groups": [{"momentum": 0.9}]}, "momentum of an optimizer is None"),
            ({"groups": [{"lr_max": {"float": "nan"}}]}, "lr_max of an optimizer is nan"),
            ({"groups": []}, "shorter"),
            ({"groups": 3}, "groups of optimizer .* is a int"),
            ({"parameters": {"dict": {"99": {"dict": {}}}}}, "nothing uses|unknown"),
            ({"parameters": {"dict": {"0": {"dict": {"z": "x"}}}}}, "z of an optimizer is 'x'"),
        ],
        ids=str,
    )
    def test_of_optimizers(self, changes, message, saved):
        path = saved("network_in_blocks")
        content, arrays = read_file(path)
        optimizer = content["model"]["fitted"]["stream"]["dict"]["optimizer"]["dict"]
        if "groups" in changes and isinstance(changes["groups"], list):
            changes = {"groups": [{"dict": group} for group in changes["groups"]]}
        optimizer |= changes
        write_file(path, content, arrays)
        refused(path, message)

    @pytest.mark.parametrize(
        ("name", "change", "message"),
        [
            ("numbers", lambda a: a[::-1], "not those of the smallest"),
            ("numbers", lambda a: a + 1, "not those of the smallest"),
            ("weight", np.negative, "not positive"),
            ("X", lambda a: a[:, :1], "X of sample .* has shape"),
            ("y", lambda a: a[:-1], "y of sample .* has shape"),
        ],
    )
    def test_of_samples(self, name, change, message, saved):
        path = saved("chosen_in_blocks")
        content, arrays = read_file(path)
        key = f"stream.sample.{name}"
        write_file(path, content, {**arrays, key: change(arrays[key])})
        refused(path, message)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"alpha": -1.0}, "has no sums"),
            ({"kernels": []}, "no kernels to choose from"),
            ({"kernel": {"object": "spectra.Gaussian", "params": {"sigma": [1, 2, 3]}}}, "sigma"),
            ({"n_rows_of_choice": 0}, "n_rows_of_choice of stream .* is 0"),
            ({"more": 1}, r"\['more'\] of stream .* are unknown"),
        ],
        ids=str,
    )
    def test_of_searches(self, change, message, saved):
        path = saved("chosen_in_blocks")
        content, arrays = read_file(path)
        content["model"]["fitted"]["stream"]["dict"] |= change
        write_file(path, content, arrays)
        refused(path, message)
