//! Whatever an export contains: no panic, no endless reading, and as many outcomes as records.
//!
//! `ORDERSYNC_PROOF_MUTATIONS` sets another number of cases, `ORDERSYNC_PROOF_SEED` repeats one of
//! them.

use crate::random::{Rng, number};
use ordersync::domain::LoadPath;
use ordersync::extract::{Export, Mappings, Options, formats, parse_mappings};
use ordersync::run::{ConnectionSpec, Job, preview};
use ordersync::state::View;
use ordersync::transform::Rules;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

const CASES: u64 = 250;
/// Of a file of some thousand bytes.
const READING_MAX: Duration = Duration::from_secs(60);

/// Text that breaks readers, and text that programs write in place of a value.
const SIGNS: [&[u8]; 34] = [
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
    b"\x1e",
    b"\x1a",
    b"\"",
    b"\"\"",
    b"\\",
    b"\\\"",
    b"\\u0000",
    b"\\ud800",
    b"'",
    b"=\"",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b",",
    b";",
    b"\t",
    b"|",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"NaN",
    b"-1",
    b"1e308",
    b"99999999999999999999",
    b"@",
    "\u{202e}".as_bytes(),
];
const ENCODINGS: [&str; 6] =
    ["windows-1250", "shift_jis", "utf-16le", "iso-2022-jp", "gb18030", "utf-8"];
/// Exports of [`mappings`].
const MAPPED: [(&str, &str); 3] = [
    (
        "each",
        "no,mail,at,cur,total,item,qty,unit\n1,a@example.com,2024-01-31T10:11:12Z,EUR,\"1.000,50\",Mug,2,5\n2,b@example.com,2024-01-31,EUR,7,Mug,1,7\n",
    ),
    (
        "flat",
        r#"{"data":{"rows":[{"no":1,"mail":"a@example.com","at":"2024-01-31T10:11:12Z","cur":"EUR","total":1050,"item":"Mug","qty":0.5,"unit":2100}]}}"#,
    ),
    (
        "records",
        r#"{"no":1,"mail":"a@example.com","at":"2024-01-31","cur":"JPY","total":1.05E+3,"lines":[{"item":"A","qty":1,"unit":1050}]}"#,
    ),
];

/// One of each shape.
fn mappings() -> Mappings {
    let fields = "[mappings.NAME.order]\nid = \"no\"\nemail = \"mail\"\ncreated_at = \"at\"\ncurrency = \"cur\"\n\
                  total = \"total\"\n[mappings.NAME.line]\nname = \"item\"\nquantity = \"qty\"\nunit_price = \"unit\"\n";
    let shapes = [
        ("records", "source = \"json\"\nlines = \"/lines\"\namounts = \"minor_units\"\n"),
        ("flat", "source = \"json\"\nrows = \"each\"\nkey = \"no\"\n"),
        ("each", "rows = \"each\"\nkey = \"no\"\nthousands = \".\"\ndecimal_mark = \",\"\n"),
    ];
    let text = shapes
        .map(|(name, shape)| format!("[mappings.NAME]\n{shape}{fields}").replace("NAME", name))
        .concat();
    parse_mappings(&text, "the mappings of a test").unwrap()
}

/// A format to name, and an export of it.
type Seed = (String, Vec<u8>);

fn seeds() -> Vec<Seed> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extract/tests/fixtures");
    let mut paths: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    let name = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.split('.').next().unwrap().to_owned()
    };
    let fixtures = paths.iter().map(|path| (name(path), std::fs::read(path).unwrap()));
    let mapped = MAPPED.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    fixtures.chain(mapped).collect()
}

/// A part of a text, usually a short one.
fn part<'a>(rng: &mut Rng, text: &'a [u8]) -> &'a [u8] {
    let from = rng.below(text.len() as u64 + 1) as usize;
    let len_max = if rng.percent(80) { 200 } else { text.len() as u64 };
    let to = (from + rng.below(len_max) as usize).min(text.len());
    &text[from..to]
}

fn changed(rng: &mut Rng, seeds: &[Seed], mut text: Vec<u8>) -> Vec<u8> {
    for _ in 0..rng.within(1..5) {
        let at = rng.below(text.len() as u64 + 1) as usize;
        let new = match rng.below(6) {
            0 => {
                text.truncate(at);
                continue;
            }
            1 => {
                text.drain(at..(at + rng.below(200) as usize).min(text.len()));
                continue;
            }
            2 if at < text.len() => {
                text[at] ^= 1 << rng.below(8);
                continue;
            }
            3 => part(rng, &text).to_vec(),
            4 => {
                let (_, other) = &seeds[rng.below(seeds.len() as u64) as usize];
                part(rng, other).to_vec()
            }
            _ => rng.pick(&SIGNS).repeat(rng.within(1..3) as usize),
        };
        text.splice(at..at, new);
    }
    match rng.below(20) {
        0 => serde_json::Value::from(String::from_utf8_lossy(&text)).to_string().into_bytes(),
        1 => text.iter().flat_map(|byte| [*byte, 0]).collect(),
        _ => text,
    }
}

/// A job that reads this, and is never run.
pub fn job(options: Options) -> Job {
    let [service, externalid, name] = ["shopify", "mutations", "Mutations"].map(str::to_owned);
    let url = "https://shop.example.com".to_owned();
    Job {
        name: "shop".to_owned(),
        account_url: "https://example.api-us1.com".to_owned(),
        connection: ConnectionSpec {
            service,
            externalid,
            name,
            link_url: url.clone(),
            logo_url: url,
        },
        export: options,
        pulls: None,
        rules: Rules::default(),
        load: LoadPath::Rest,
        bulk_max: 40,
        is_bulk_max_set: false,
        bulk_sample: ordersync::run::Sample::ALL,
        in_flight_max: 1,
        state_free_min_bytes: 0,
    }
}

/// The result for one export.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    opened: u64,
    read: u64,
    valid: u64,
}

fn read(rng: &mut Rng, seeds: &[Seed], dir: &Path) -> Figures {
    let (format, text) = rng.pick(seeds);
    let text = changed(rng, seeds, text);
    std::fs::write(dir.join("export"), text).unwrap();
    let any = formats().iter().map(|format| format.name().to_owned()).collect::<Vec<_>>();
    let format = match rng.below(10) {
        0 => rng.pick(&any),
        1..4 => format,
        _ => "auto".to_owned(),
    };
    let options = Options {
        patterns: vec![dir.join("export").display().to_string()],
        format,
        encoding: rng.percent(8).then(|| rng.pick(&ENCODINGS).to_owned()),
        mappings: mappings(),
        ..Options::default()
    };
    let Ok(export) = Export::open(&options) else { return Figures::default() };
    let records: Result<Vec<_>, _> = export.read().collect();
    let view = View::open(&dir.join("state"), "main").unwrap();
    let plan = preview(&job(options), &export, view, 5.0);
    match (&records, &plan) {
        (Ok(records), Ok(plan)) => {
            let of = &plan.summary;
            let sum = of.create + of.update + of.unchanged + of.filtered + of.invalid + of.refused;
            assert_eq!((records.len() as u64, of.read), (sum, sum));
            Figures { opened: 1, read: sum, valid: of.create }
        }
        // An export that can't be read completely is refused by the plan too.
        (Err(_), Err(_)) => Figures { opened: 1, ..Figures::default() },
        (read, plan) => {
            let (read, plan) = (read.is_ok(), plan.is_ok());
            panic!("read to its end: {read}, planned: {plan}")
        }
    }
}

#[test]
fn any_bytes_are_read_or_refused_and_every_record_is_accounted_for() {
    let (seeds, dir) = (Arc::new(seeds()), Arc::new(tempfile::tempdir().unwrap()));
    let one = number("ORDERSYNC_PROOF_SEED");
    let cases = number("ORDERSYNC_PROOF_MUTATIONS").unwrap_or(CASES);
    let mut all = Figures::default();
    for seed in one.map_or(0..cases, |seed| seed..seed + 1) {
        let (seeds, dir, (done, ended)) = (Arc::clone(&seeds), Arc::clone(&dir), mpsc::channel());
        // On a separate thread, which can be abandoned if it never ends.
        std::thread::spawn(move || {
            let figures =
                catch_unwind(AssertUnwindSafe(|| read(&mut Rng::new(seed), &seeds, dir.path())));
            let _ = done.send(figures);
        });
        let figures = ended.recv_timeout(READING_MAX).unwrap_or_else(|_| {
            panic!(
                "seed {seed} is still read after {READING_MAX:?}: ORDERSYNC_PROOF_SEED repeats it"
            )
        });
        let figures =
            figures.unwrap_or_else(|_| panic!("seed {seed}: ORDERSYNC_PROOF_SEED repeats it"));
        all.opened += figures.opened;
        all.read += figures.read;
        all.valid += figures.valid;
    }
    println!("{cases} exports: {all:?}");
    assert!(one.is_some() || (all.opened > cases / 10 && all.valid > 0), "{all:?}");
}
