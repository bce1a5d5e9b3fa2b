use super::sql::Sql;
use super::{StateError, Store, View};
use crate::domain::host_and_port;
use rusqlite::Connection;
use std::path::Path;

impl Store {
    /// Binds the state to the account at `url`, unless it belongs to another.
    ///
    /// # Errors
    /// [`StateError::Elsewhere`] when it belongs to another account.
    pub fn belong_to(&mut self, url: &str) -> Result<(), StateError> {
        let host = host_and_port(url);
        check(&self.db, &self.path, &host)?;
        self.db.run("INSERT OR REPLACE INTO account (name, value) VALUES ('host', ?1)", [host])
    }
}

impl View {
    /// Checks that the state belongs to the account at `url`, or to none yet.
    ///
    /// # Errors
    /// [`StateError::Elsewhere`] when it belongs to another account.
    pub fn check_belongs_to(&self, url: &str) -> Result<(), StateError> {
        check(&self.db, self.db.path().unwrap_or_default().as_ref(), &host_and_port(url))
    }
}

/// Checks that the state belongs to this host, or to none yet. Otherwise a state from a rehearsal
/// would claim that everything is already in the real account.
fn check(db: &Connection, path: &Path, asked: &str) -> Result<(), StateError> {
    let sql =
        "SELECT value FROM account WHERE name = 'host' AND EXISTS (SELECT 1 FROM connections)";
    match db.first(sql, [], |row| row.get::<_, String>(0))? {
        Some(held) if held != asked => {
            Err(StateError::Elsewhere { path: path.to_owned(), held, asked: asked.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::SeenConnection;

    #[test]
    fn a_state_is_of_one_account_from_its_first_connection_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        store.belong_to("http://127.0.0.1:8431").unwrap();
        store.belong_to("https://Shop.api-us1.com/api/3").unwrap();
        store.record_connection(&SeenConnection::example("1")).unwrap();
        store.belong_to("https://shop.API-us1.com/").unwrap();
        let output = store.belong_to("http://127.0.0.1:8431").unwrap_err().to_string();
        assert!(
            output.contains("shop.api-us1.com") && output.contains("127.0.0.1:8431"),
            "{output}"
        );
        let view = store.view().unwrap();
        assert!(view.check_belongs_to("https://shop.api-us1.com").is_ok());
        let output = view.check_belongs_to("https://other.api-us1.com").unwrap_err().to_string();
        assert!(output.contains("main.db: ") && output.contains("hint:"), "{output}");
    }
}
