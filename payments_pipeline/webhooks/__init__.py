"""What others tell us over HTTP: the bank's webhooks, and those of processors, kept before they are acknowledged.

The service (`service`) checks a message and stores it in `ingestion.webhook_queue`; nothing else happens before the
answer. What comes after, staging it beside the rows of files and the events that were polled, is `ingestion/webhook_queue.py`.
"""
