use super::error::PullError;
use super::order_id::OrderId;
use super::window::Window;
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

/// The newest form of a manifest that this program reads and writes.
const FORM: u32 = 1;

/// The content of a complete window. Written last, it makes the window complete. Contains no order
/// data and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub form: u32,
    /// The API that was read, and its version: `woocommerce`, `wc/v3`.
    pub api: String,
    pub version: String,
    /// The shop's address, without credentials.
    pub shop: String,
    /// The identity of the shop, if it states one.
    #[serde(default)]
    pub identity: Option<Identity>,
    #[serde(flatten)]
    pub window: Window,
    /// The filters and the app: a change of them makes another export.
    pub query: String,
    /// Orders in the files, each once.
    pub orders: u64,
    pub requests: u64,
    /// The shop's own count, if it states one.
    pub counted: Option<Counted>,
    /// Ids of orders that the shop could not deliver. The next pull requests them again.
    pub failed: Vec<String>,
    /// Ids of orders of the previous export that this full window lacks: permanently deleted in the
    /// shop.
    #[serde(default)]
    pub gone: Vec<OrderId>,
    /// Ids of orders of the previous export that this full window also lacks, and that were not
    /// requested by their ids yet, or got no answer; in the order in which the next full pull
    /// requests them.
    #[serde(default)]
    pub missing: Vec<OrderId>,
    /// Ids of orders of the previous export that the shop has but this full window lacks: they
    /// changed after its end. The next increment contains them, unless they are deleted before.
    #[serde(default)]
    pub changed_since: Vec<OrderId>,
    /// Abandoned carts in the files.
    #[serde(default)]
    pub carts: u64,
    /// The carts of orders whose checkout was abandoned before they were placed, by the ids of the
    /// orders. An order that changes later still completes its cart.
    #[serde(default)]
    pub recovered: BTreeMap<u64, u64>,
    pub warnings: Vec<String>,
    /// Its files were removed once they were loaded.
    #[serde(default)]
    pub is_emptied: bool,
    pub files: Vec<PulledFile>,
    /// Of the program that pulled.
    pub program: String,
}

/// The shop's own identity, independent of its address: the id stays when it is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id: String,
    pub domain: String,
}

/// How many orders a shop counted in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub before: u64,
    pub after: u64,
}

/// A file of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledFile {
    pub name: String,
    /// As on disk, compressed.
    pub bytes: u64,
    /// BLAKE3 of the bytes on disk, in hexadecimal.
    pub hash: String,
}

impl Manifest {
    pub(super) fn new(api: &str, version: &str, shop: String, window: Window) -> Self {
        Self {
            form: FORM,
            api: api.to_owned(),
            version: version.to_owned(),
            shop,
            identity: None,
            window,
            query: String::new(),
            orders: 0,
            requests: 0,
            counted: None,
            failed: Vec::new(),
            gone: Vec::new(),
            missing: Vec::new(),
            changed_since: Vec::new(),
            carts: 0,
            recovered: BTreeMap::new(),
            warnings: Vec::new(),
            is_emptied: false,
            files: Vec::new(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// As it is on disk.
    pub(super) fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// `None` for a text that is not a manifest of a known form.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().filter(|manifest: &Self| manifest.form <= FORM)
    }

    /// The ids of `failed`.
    pub(super) fn failed_ids(&self) -> impl Iterator<Item = OrderId> {
        self.failed.iter().map(|id| id.as_str().into())
    }

    /// Whether it was read from this shop by the same API, with the same filters.
    pub(super) fn is_of(&self, api: &str, shop: &str, query: &str) -> bool {
        self.api == api && self.shop == shop && self.query == query
    }

    /// On disk.
    pub fn bytes(&self) -> u64 {
        if self.is_emptied {
            return 0;
        }
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// A complete window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledWindow {
    /// The name of its folder.
    pub name: String,
    pub dir: PathBuf,
    pub manifest: Manifest,
}

impl PulledWindow {
    /// Logs what was pulled, with all warnings.
    pub fn log(&self, job: &str) {
        let Manifest { warnings, failed, gone, orders, requests, window, .. } = &self.manifest;
        for warning in warnings {
            tracing::warn!(job, "{warning}");
        }
        for id in failed {
            tracing::warn!(
                job,
                order = id,
                "the shop could not deliver this order; the next pull asks for it again"
            );
        }
        for id in gone {
            tracing::warn!(job, order = %id, "this order is gone from the shop");
        }
        let (extent, to) = (window.extent.word(), window.to);
        tracing::info!(job, orders, requests, "pulled the {extent} window up to {to}");
    }

    /// Its files in the order of the requests; none for an emptied window.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let files = if self.manifest.is_emptied { &[][..] } else { &self.manifest.files };
        files.iter().map(|file| self.dir.join(&file.name))
    }

    /// The shop's answers: whole files, or the lines of a file of rows. A damaged file is read as
    /// far as possible.
    pub(super) fn parts(&self) -> impl Iterator<Item = Vec<u8>> {
        self.files().flat_map(|path| -> Box<dyn Iterator<Item = Vec<u8>>> {
            let is_rows = path.to_string_lossy().ends_with(".jsonl.gz");
            let Ok(file) = File::open(&path) else { return Box::new(std::iter::empty()) };
            let mut file = BufReader::new(GzDecoder::new(file));
            if is_rows {
                return Box::new(file.split(b'\n').map_while(Result::ok));
            }
            let mut whole = Vec::new();
            let read = file.read_to_end(&mut whole);
            Box::new(read.map(|_| whole).into_iter())
        })
    }

    /// Compares every file with its length and hash in the manifest.
    ///
    /// # Errors
    /// With the first file that is missing or differs.
    pub fn verify(&self) -> Result<(), PullError> {
        for (file, path) in self.manifest.files.iter().zip(self.files()) {
            let mut hasher = blake3::Hasher::new();
            let what = match File::open(&path).map(|file| hasher.update_reader(file).map(drop)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing",
                Err(error) | Ok(Err(error)) => return Err(PullError::io(&path)(error)),
                Ok(Ok(()))
                    if hasher.count() == file.bytes
                        && hasher.finalize().to_hex().as_str() == file.hash =>
                {
                    continue;
                }
                Ok(Ok(())) => "is not what was pulled",
            };
            return Err(PullError::Settings {
                what: format!("{}: {what}", path.display()),
                expected: "the bytes that manifest.json lists".to_owned(),
                hint: "the next pull fetches everything again: `ordersync pull`".to_owned(),
            });
        }
        Ok(())
    }
}
