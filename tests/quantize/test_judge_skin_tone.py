"""Skin tone: known colours have their known angle, pictures stand in one category, sources are not mixed up."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_people import drawn_person

from quantize.judge.skin_tone import CATEGORIES, UNKNOWN, by_tone, category, skin_cases, typology_angle


def lab_of(red: int, green: int, blue: int) -> tuple[float, float]:
    """L* and b* of an sRGB colour under D65, written out (IEC 61966-2-1, CIE 15)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red / 255, green / 255, blue / 255)]
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    _, y, z = (to_xyz @ linear) / (0.9505, 1.0, 1.089)
    f_y, f_z = (np.cbrt(t) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (y, z))
    return 116 * f_y - 16, 200 * (f_y - f_z)


@pytest.mark.parametrize(("colour", "tone"), [
    ((246, 228, 222), "very_light"), ((222, 180, 145), "light"), ((195, 150, 112), "intermediate"),
    ((180, 130, 90), "tan"), ((140, 95, 65), "brown"), ((70, 45, 30), "dark"),
])
def test_a_colour_has_its_angle_and_category(colour: tuple[int, int, int], tone: str) -> None:
    lightness, yellow = lab_of(*colour)
    wanted = np.degrees(np.arctan2(lightness - 50, yellow))
    angle = typology_angle(np.full((300, 3), colour, np.uint8))
    assert angle == pytest.approx(wanted, abs=0.5)
    assert category(angle) == tone


def test_the_angle_is_that_of_the_median_pixel() -> None:
    skin = np.full((301, 3), (222, 180, 145), np.uint8)
    plain = typology_angle(skin)
    skin[:100] = (255, 255, 255)  # highlights
    skin[100:150] = 0  # shadows
    assert typology_angle(skin) == pytest.approx(plain, abs=0.5)


def test_categories_begin_above_their_angle() -> None:
    assert [category(a) for a in (56, 55, 41, 28, 10, -30, -90)] == ["very_light", "light", "intermediate", "tan",
                                                                    "brown", "dark", "dark"]
    assert list(CATEGORIES.values()) == sorted(CATEGORIES.values(), reverse=True)


def test_pictures_that_label_parts_are_grouped_by_the_colour_of_their_skin(drawn_data: Path) -> None:
    cases = [make() for make in skin_cases(drawn_data)]
    assert len(cases) == 1
    case, (pixels, classes) = cases[0], drawn_person(11, 400, 300)
    tone = category(typology_angle(pixels[np.isin(classes, (1, 4))]))
    assert case.groups == (tone, "ccp", f"ccp.{tone}")


def test_too_little_skin_says_nothing(drawn_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantize.judge.skin_tone.LEAST_PIXELS", 400 * 300)
    assert skin_cases(drawn_data)[0]().groups == (UNKNOWN, "ccp", f"ccp.{UNKNOWN}")


def test_a_category_is_compared_with_its_own_sources() -> None:
    """Dark pictures come from the harder source here: their plain mean is lower, though nothing is lost on them."""
    def row(iou: float, pictures: int) -> dict[str, float]:
        return {"person_iou": iou, "pictures": pictures}

    found = by_tone({"dark": row(0.8, 3), "tan": row(0.9, 3), "hard": row(0.8, 4), "hard.dark": row(0.8, 3),
                     "hard.tan": row(0.8, 1), "easy": row(0.95, 2), "easy.tan": row(0.95, 2)})
    assert list(found) == ["tan", "dark", "hard", "hard.tan", "hard.dark", "easy", "easy.tan"]
    assert found["dark"]["person_iou_beside_source"] == found["tan"]["person_iou_beside_source"] == 0.0
    lost = by_tone({"dark": row(0.7, 1), "a": row(0.8, 2), "a.dark": row(0.7, 1), "tan": row(0.9, 1),
                    "a.tan": row(0.9, 1)})
    assert lost["dark"]["person_iou_beside_source"] == -0.1 and lost["tan"]["person_iou_beside_source"] == 0.1
