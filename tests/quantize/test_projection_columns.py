"""Columns of pictures as signals: with the subject or without, never one that its mask leaves open."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import DataError
from quantize.manifest import COLUMNS
from quantize.projection.columns import A_PICTURE, BACKGROUND, SUBJECT, as_signals, column_signals


def folder(path: Path, masks: dict[str, np.ndarray]) -> Path:
    """A data folder with a training picture of each mask, white where it says person, else black; and a validation
    picture, upside down."""
    lines = [",".join(COLUMNS)]
    for split in ("train", "val"):
        for name, upright in masks.items():
            mask = upright if split == "train" else np.flipud(upright)
            picture = np.where((mask == 254)[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2)
            cv2.imwrite(str(path / f"{split}-{name}.png"), picture)
            cv2.imwrite(str(path / f"{split}-{name}-mask.png"), mask)
            lines.append(f"{split}-{name}.png,{split}-{name}-mask.png,drawn,{split},person,1,"
                         f"{mask.shape[1]},{mask.shape[0]},drawn here")
    (path / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def half(height: int = 120, person: int = 254) -> np.ndarray:
    """Background on the left; on the right somebody from a third of the height down."""
    mask = np.zeros((height, 80), np.uint8)
    mask[height // 3 :, 40:] = person
    return mask


@pytest.mark.parametrize("held_out", [False, True])
def test_a_column_with_the_subject_is_told_from_one_without(tmp_path: Path, held_out: bool) -> None:
    found = column_signals(folder(tmp_path, {"a": half()}), held_out, 0)
    assert found.labels == (SUBJECT,) * A_PICTURE + (BACKGROUND,) * A_PICTURE
    assert found.samples.shape == (2 * A_PICTURE, 800)
    subject, background = found.samples[:A_PICTURE], found.samples[A_PICTURE:]
    upright = subject[:, ::-1] if held_out else subject
    assert (background == -512).all() and (upright[:, 300:] == 508).all() and (upright[:, :250] == -512).all()


def test_columns_that_a_mask_leaves_open_or_that_show_a_trace_are_left_out(tmp_path: Path) -> None:
    open_mask, trace = half(), half()
    open_mask[60, :] = 255
    trace[:, :] = 0
    trace[:3, 40:] = 254  # 2.5 % of the height
    found = column_signals(folder(tmp_path, {"plain": half(), "open": open_mask, "trace": trace}), False, 0)
    assert found.labels.count(SUBJECT) == A_PICTURE, "of the plain picture alone"
    assert found.samples[:A_PICTURE].max() == 508 and (found.samples[A_PICTURE:] == -512).all()


def test_pictures_without_background_are_an_error_with_both_counts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 pictures to judge by have 8 columns with the subject and 0 without"):
        column_signals(folder(tmp_path, {"all": np.full((60, 40), 254, np.uint8)}), True, 0)


def test_a_column_is_drawn_out_to_800_samples_in_steps_of_the_wire() -> None:
    ramp = np.linspace(0, 255, 200).astype(np.uint8)[:, None, None].repeat(3, axis=1).repeat(3, axis=2)
    signals = as_signals(ramp)
    assert signals.shape == (3, 800) and (signals % 4 == 0).all()
    assert signals[0, 0] == -512 and signals[0, -1] == 508 and (np.diff(signals[0].astype(int)) >= 0).all()
    assert np.array_equal(as_signals(ramp[:1])[0], np.full(800, -512))
