"""Summaries: what is asked for, what is read, and what comes of it, with its sources."""
