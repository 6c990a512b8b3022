-- Hits of rules in shadow, which open no alert, and hits behind the open breaker of a rule.
ALTER TABLE {database}.hits ADD COLUMN IF NOT EXISTS shadow Bool DEFAULT false AFTER history
;

ALTER TABLE {database}.hits ADD COLUMN IF NOT EXISTS flood Bool DEFAULT false AFTER shadow
;
