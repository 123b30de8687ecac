"""Threadwise: a Slack assistant that answers in threads while it thinks.

A message's way, top to bottom:

    slack/listeners -> slack/inbound -> store/intake (then the ack)
    -> work/worker -> conversation/turn -> conversation/context
    -> model/client -> model/chat + model/sse
    -> slack/replies/reply -> store/turns

The rooms, and whom each may import (tests/unit/test_boundaries.py holds it):

    app, assembly, schedule, cli, commands   everything: they put the parts together
    slack, model, store, work                conversation, errors, telemetry
    reading, export                          conversation, errors
    conversation                             errors
    telemetry                                errors
    playground                               nothing: the bot reaches it by URL
"""
