"""The product itself: what a turn is, what the model sees, what is answered. No Slack, HTTP or SQL."""
