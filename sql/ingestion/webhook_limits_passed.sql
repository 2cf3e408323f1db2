-- Windows that no limit looks at any more: they are a minute long.
delete from ingestion.webhook_limits as l
where l.window_started_at < now() - interval '1 hour'
