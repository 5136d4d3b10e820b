"""Benchmarks for airspeed velocity; their rows come from fastact.registry."""
