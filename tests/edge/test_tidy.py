"""edge.segment.tidy: specks go, people and the gaps between arm and body stay, nothing else changes."""
from __future__ import annotations

import numpy as np

from edge.frame import Mask, Region
from edge.segment.tidy import tidied


def mask(*people: Region, holes: tuple[Region, ...] = ()) -> Mask:
    """People at 0.9 before 0.1, with holes at 0.2: (80, 96)."""
    values = np.full((80, 96), 0.1, np.float32)
    for person in people:
        person.cut(values)[...] = 0.9
    for hole in holes:
        hole.cut(values)[...] = 0.2
    return Mask(values, Region(0, 0, 800, 960))


BODY = Region(20, 30, 50, 30)


def test_a_speck_beside_the_person_is_dropped() -> None:
    tidy = tidied(mask(BODY, Region(5, 80, 4, 4)))
    assert (tidy.values[5:9, 80:84] < 0.05).all() and tidy.region == Region(0, 0, 800, 960)
    assert (BODY.cut(tidy.values) == np.float32(0.9)).all()


def test_a_second_smaller_person_stays() -> None:
    child = Region(40, 70, 25, 12)
    assert (child.cut(tidied(mask(BODY, child)).values) > 0.5).all()


def test_a_speck_inside_the_person_is_filled() -> None:
    hole = Region(40, 40, 3, 3)
    assert (hole.cut(tidied(mask(BODY, holes=(hole,))).values) > 0.95).all()


def test_the_gap_between_arm_and_body_stays_open() -> None:
    gap = Region(35, 38, 16, 6)
    assert (gap.cut(tidied(mask(BODY, holes=(gap,))).values) < 0.5).all()


def test_a_corner_of_background_at_the_picture_s_edge_is_no_hole() -> None:
    corner = Region(0, 0, 5, 5)
    filling = mask(Region(0, 0, 80, 96), holes=(corner,))
    np.testing.assert_array_equal(tidied(filling).values, filling.values)


def test_a_mask_without_specks_or_without_anybody_is_unchanged() -> None:
    for clean in (mask(BODY), mask()):
        np.testing.assert_array_equal(tidied(clean).values, clean.values)


def test_the_given_mask_is_not_changed() -> None:
    given = mask(BODY, Region(5, 80, 4, 4))
    before = given.values.copy()
    tidied(given)
    np.testing.assert_array_equal(given.values, before)
