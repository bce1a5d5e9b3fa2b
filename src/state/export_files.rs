use super::pulled_windows::settle_windows;
use super::sql::Sql;
use super::sql_types::RunId;
use super::{StateError, Store, View};
use rusqlite::params;

/// A file that a run has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRead {
    /// Its path, with the member in brackets if it is an archive.
    pub file: String,
    /// Its size on disk.
    pub bytes: u64,
}

impl Store {
    /// Stores the files that a job's last finished run had read, replacing those of the previous
    /// one, and the pulled windows that it has settled.
    pub fn keep_files(
        &mut self,
        run: RunId,
        files: &[FileRead],
        windows: &[String],
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let job: String = transaction.one("SELECT job FROM runs WHERE id = ?1", [run])?;
        transaction.run("DELETE FROM export_files WHERE job = ?1", [&job])?;
        for FileRead { file, bytes } in files {
            transaction.run(
                "INSERT OR REPLACE INTO export_files (job, file, bytes) VALUES (?1, ?2, ?3)",
                params![job, file, i64::try_from(*bytes).unwrap_or(i64::MAX)],
            )?;
        }
        settle_windows(&transaction, run, windows)?;
        Ok(transaction.commit()?)
    }
}

impl View {
    /// The files that the job's last finished run had read, by name.
    pub fn files_read(&self, job: &str) -> Result<Vec<FileRead>, StateError> {
        let sql = "SELECT file, bytes FROM export_files WHERE job = ?1 ORDER BY file";
        self.db.all(sql, [job], |row| Ok(FileRead { file: row.get(0)?, bytes: row.get(1)? }))
    }
}
