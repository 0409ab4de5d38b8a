"""Released models with their cards. The weights are research-grade: see LICENSE beside this file."""
