-- What the account answered to the questions of `ordersync probe` (src/run/probe), the last answer to each.
CREATE TABLE probe_answers (
    question TEXT PRIMARY KEY, -- its id, as in src/run/probe/questions.rs
    word TEXT NOT NULL, -- one of the question's words
    number INTEGER, -- milliseconds, or orders; NULL: the question has none
    at_ms INTEGER NOT NULL -- milliseconds since 1970
) STRICT, WITHOUT ROWID;
