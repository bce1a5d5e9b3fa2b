//! The cost of a plan, compared with the least cost of reading the same file. Only ratios are
//! stable: they are measured in one run, alternating, as CPU time. `cargo bench`, or
//! `cargo bench -- cpu` and `cargo bench -- memory`; see `docs/TESTING.md`.
#![expect(clippy::print_stdout, reason = "a bench prints its result")]

mod child;
mod data;
mod yardstick;

use child::Measured;
use std::error::Error;
use std::path::Path;

/// Each measurement is taken this often, alternating with its yardstick.
const ROUNDS: u32 = 5;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, kind, file, passes] = arguments.as_slice()
        && flag == yardstick::FLAG
    {
        return yardstick::run(kind, Path::new(file), passes.parse()?);
    }
    let asked = |name: &str| {
        let mut names = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|argument| argument == name)
    };
    if asked("cpu") {
        cpu()?;
    }
    if asked("memory") {
        memory()?;
    }
    Ok(())
}

/// A plan over CSV against counting the records with the csv crate, and one over JSON lines against
/// parsing them into types with serde_json.
fn cpu() -> Outcome<()> {
    let orders = data::number("ORDERSYNC_BENCH_ORDERS", 50_000)?;
    println!("time at work, {orders} orders, {ROUNDS} rounds by turns");
    let dir = tempfile::tempdir()?;
    let start = start_up(dir.path())?;
    println!("  the program's start, left out below: {:.0} ms", start * child::MS_PER_TICK);
    for (file, kind, passes, goal) in
        [("orders.csv", yardstick::CSV, 8, 3.0), ("orders.jsonl", yardstick::JSON, 2, 1.8)]
    {
        let path = data::generated(dir.path(), file, orders)?;
        let settings = data::settings(dir.path(), &path)?;
        let (mut plan, mut yard) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            plan += child::plan(&settings)?.cpu_ticks - start;
            yard += child::yardstick(kind, &path, passes)?.cpu_ticks / f64::from(passes);
        }
        let bytes = std::fs::metadata(&path)?.len();
        println!(
            "  {kind}: {:.2} times the yardstick (goal {goal:.1}); {:.0} ms and {:.0} ms for {} MB",
            plan / yard,
            plan * child::MS_PER_TICK / f64::from(ROUNDS),
            yard * child::MS_PER_TICK / f64::from(ROUNDS),
            bytes / 1_000_000,
        );
    }
    Ok(())
}

/// The time of a plan of a single order, which is the same for any export and would distort the
/// ratio of a small one.
fn start_up(dir: &Path) -> Outcome<f64> {
    const STARTS: u32 = 20;
    let settings = data::settings(dir, &data::generated(dir, "start.csv", 1)?)?;
    let mut ticks = 0.0;
    for _ in 0..STARTS {
        ticks += child::plan(&settings)?.cpu_ticks;
    }
    Ok(ticks / f64::from(STARTS))
}

/// The peak memory of a plan over two exports, both with more orders than are held in memory.
fn memory() -> Outcome<()> {
    let orders = data::number("ORDERSYNC_BENCH_ORDERS_IN_MEMORY", 1_200_000)?;
    println!("peak of memory, by VmHWM");
    let dir = tempfile::tempdir()?;
    let mut peaks = Vec::new();
    for orders in [orders, orders * 2] {
        let path = data::narrow(dir.path(), orders)?;
        let Measured { peak_kib, .. } = child::plan(&data::settings(dir.path(), &path)?)?;
        println!("  {orders} orders: {:.1} MiB (goal 64)", peak_kib / 1024.0);
        peaks.push(peak_kib);
    }
    if let [one, two] = peaks.as_slice() {
        println!("  twice the orders take {:.2} times the memory", two / one);
    }
    Ok(())
}
