"""The one portrait that ships with Masque, and the truth it is measured against: see ORIGIN.md."""
