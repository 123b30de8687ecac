"""What is counted and timed, for `/metrics` (Prometheus)."""

from prometheus_client import Counter, Gauge, Histogram

events = Counter("threadwise_events", "What Slack sent, by kind.", ["kind"])
turns = Counter("threadwise_turns", "Turns that have ended, by outcome.", ["outcome"])
refusals = Counter("threadwise_refusals", "Askers whom the admin's rules refused.")
queue_length = Gauge(
    "threadwise_queue_length",
    "What waits in the database, of all processes: questions nobody is at, errands that are due.",
    ["queue"],
)
queue_age_seconds = Gauge(
    "threadwise_queue_age_seconds", "How long the first in a queue has waited.", ["queue"]
)
running_replies = Gauge("threadwise_running_replies", "Replies being written now.")
wait_seconds = Histogram(
    "threadwise_wait_seconds",
    "From a question's being written in Slack to a worker's taking it.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
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
slack_seconds = Histogram(
    "threadwise_slack_seconds",
    "How long Slack takes to answer.",
    ["method"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 20),
)
model_calls = Counter("threadwise_model_calls", "Requests to a model.", ["model", "outcome"])
model_seconds = Histogram(
    "threadwise_model_seconds",
    "From a request to the end of its stream.",
    ["model"],
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
)
model_waiting = Gauge(
    "threadwise_model_waiting", "Requests that wait for room in the account's limits.", ["model"]
)
fallbacks = Counter("threadwise_model_fallbacks", "Requests that went on to another model.")
tokens = Counter("threadwise_tokens", "Tokens of requests to models, by kind.", ["model", "kind"])
cost = Counter(
    "threadwise_cost", "What requests to models cost, where prices are known.", ["currency"]
)
failures = Counter("threadwise_failures", "Turns that have failed, by the error.", ["failure"])
slack_calls_left = Gauge(
    "threadwise_slack_calls_left",
    "Calls left in this minute, in the workspace that has the fewest.",
    ["method"],
)
installations = Gauge("threadwise_installations", "Installations by OAuth.")
parts = Gauge("threadwise_part_up", "1 where a part works: database, worker, Slack.", ["part"])
errands = Counter("threadwise_errands", "Errands that have ended, by outcome.", ["kind", "outcome"])
