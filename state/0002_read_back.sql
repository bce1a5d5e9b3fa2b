-- The canary whose orders alone a verification compared: a run's id. NULL: all orders were looked for.
ALTER TABLE verifications ADD COLUMN canary INTEGER;
