-- Windows that no limit looks at any more.
delete from ingestion.webhook_limits as l
where l.window_started_at < now() - 3 * %(window_length)s::interval
