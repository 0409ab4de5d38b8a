"""What a developer runs at the desk: flash, profile, bundle, simulate, measure."""
