"""Data only: one TOML file a board and `tiers.toml`; `edge.boards` reads and checks them."""
