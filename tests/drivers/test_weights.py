"""Weight files, whatever driver wrote them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from drivers import weights
from drivers.errors import WeightsError


def test_an_array_is_written_in_its_own_order_however_it_lies_in_memory(tmp_path):
    columns = np.arange(6, dtype=np.float32).reshape(2, 3).T
    weights.save(tmp_path / "weights", {"a": columns, "one": np.float32(7).reshape(())}, {"step": "3"})
    stored, metadata = weights.read(tmp_path / "weights")
    np.testing.assert_array_equal(stored["a"], [[0, 3], [1, 4], [2, 5]])
    assert (stored["one"].shape, metadata) == ((), {"step": "3"})


def test_a_kind_of_number_that_numpy_lacks_is_told_by_tensor(tmp_path):
    save_file({"good": torch.ones(2), "bad": torch.ones(3, dtype=torch.bfloat16)}, tmp_path / "weights")
    with pytest.raises(WeightsError, match="'bad' holds numbers of the kind BF16; weights are of the kinds F16, F32"):
        weights.read(tmp_path / "weights")
