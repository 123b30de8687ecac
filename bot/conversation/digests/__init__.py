"""Digests: what happened in some channels, told on a schedule."""
