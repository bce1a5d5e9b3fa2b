use super::clock::now_ms;
use super::sql::Sql;
use super::{StateError, Store, View};
use crate::domain::ProbeAnswer;
use rusqlite::{Row, params};

impl Store {
    /// Stores an answer, replacing the previous one to the same question.
    pub fn record_probe_answer(&mut self, answer: &ProbeAnswer) -> Result<(), StateError> {
        let ProbeAnswer { question, word, number } = answer;
        self.db.run(
            "INSERT OR REPLACE INTO probe_answers (question, word, number, at_ms) VALUES (?1, ?2, ?3, ?4)",
            params![question, word, number, now_ms()],
        )
    }
}

impl View {
    /// The answers of all probes, and when each was given, in milliseconds since 1970.
    pub fn probe_answers(&self) -> Result<Vec<(ProbeAnswer, i64)>, StateError> {
        let sql = "SELECT question, word, number, at_ms FROM probe_answers ORDER BY question";
        self.db.all(sql, [], |row| Ok((read(row)?, row.get(3)?)))
    }

    /// The answer to a question; `None`: no probe has answered it.
    pub fn probe_answer(&self, question: &str) -> Result<Option<ProbeAnswer>, StateError> {
        let sql = "SELECT question, word, number FROM probe_answers WHERE question = ?1";
        self.db.first(sql, [question], read)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ProbeAnswer> {
    Ok(ProbeAnswer { question: row.get(0)?, word: row.get(1)?, number: row.get(2)? })
}
