"""What is seen from outside: the log, metrics, traces."""
