"""What is counted and timed, for `/metrics` (Prometheus)."""

from prometheus_client import Counter, Gauge, Histogram

events = Counter("threadwise_events", "What Slack sent, by kind.", ["kind"])
turns = Counter("threadwise_turns", "Turns that have ended, by outcome.", ["outcome"])
refusals = Counter("threadwise_refusals", "Askers whom the admin's rules refused.")
running_replies = Gauge("threadwise_running_replies", "Replies being written now.")
first_text_seconds = Histogram(
    "threadwise_first_text_seconds",
    "From the turn's begin to its first words in Slack.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 60),
)
reply_seconds = Histogram(
    "threadwise_reply_seconds",
    "From the turn's begin to its end.",
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300),
)
slack_calls = Counter("threadwise_slack_calls", "Calls of Slack's Web API.", ["method", "outcome"])
model_calls = Counter("threadwise_model_calls", "Requests to the model.", ["outcome"])
errands = Counter("threadwise_errands", "Errands that have ended, by outcome.", ["kind", "outcome"])
