use super::{StateError, Store, View};
use rusqlite::{Connection, params};

/// A file that a run has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRead {
    /// Its path, with the member in brackets where it is an archive.
    pub file: String,
    /// Its size as it lay there.
    pub bytes: u64,
}

impl Store {
    /// Notes what a job's last finished run had read, in place of what the one before had.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn keep_files(&mut self, job: &str, files: &[FileRead]) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        transaction.execute("DELETE FROM export_files WHERE job = ?1", [job])?;
        for FileRead { file, bytes } in files {
            transaction.execute(
                "INSERT OR REPLACE INTO export_files (job, file, bytes) VALUES (?1, ?2, ?3)",
                params![job, file, i64::try_from(*bytes).unwrap_or(i64::MAX)],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// What the job's last finished run had read, by name.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn files_read(&self, job: &str) -> Result<Vec<FileRead>, StateError> {
        of_job(&self.db, job)
    }
}

impl View {
    /// What the job's last finished run had read, by name.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn files_read(&self, job: &str) -> Result<Vec<FileRead>, StateError> {
        of_job(&self.db, job)
    }
}

fn of_job(db: &Connection, job: &str) -> Result<Vec<FileRead>, StateError> {
    let mut statement =
        db.prepare("SELECT file, bytes FROM export_files WHERE job = ?1 ORDER BY file")?;
    let rows = statement.query_map([job], |row| {
        Ok(FileRead { file: row.get(0)?, bytes: row.get::<_, i64>(1)?.unsigned_abs() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
