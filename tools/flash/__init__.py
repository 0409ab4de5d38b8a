"""Programs boards and reads back what was written."""
