"""Puts the parts together: what turns, summaries and digests are made with, for each workspace."""
