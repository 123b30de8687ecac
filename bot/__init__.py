"""Threadwise: a Slack assistant that answers in threads while it thinks.

A message's way, top to bottom:

    slack/listeners -> slack/inbound -> store/intake (then the ack)
    -> worker -> conversation/turn -> conversation/context
    -> model/client -> model/chat + model/sse
    -> slack/reply -> store/replies

Who may import whom (tests/unit/test_boundaries.py holds it):

    app, desks, workspaces, cli, data   -> everything
    slack, model, store, worker         -> conversation, errors, telemetry, metrics, tracing
    reading, export                     -> conversation, errors
    conversation                        -> errors
    playground                          -> nothing: the bot reaches it by URL
"""
