"""Benchmarks: each compares with a named peer in the same run and prints ratios; none of them is a test."""
