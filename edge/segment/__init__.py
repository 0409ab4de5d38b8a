"""The door to the network: one verb, `segment`; whichever TFLite runtime is installed stands behind it."""
