use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use super::signals::Interrupt;
use crate::simulator::{CustomerRule, GraphqlOptions, Latency, Options, Simulator, Window};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct SimulatorArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8321)]
    port: u16,
    /// The token it accepts
    #[arg(long, value_name = "T", default_value = "simulator-token")]
    token: String,
    /// Requests it accepts in a second; 0 is unlimited
    #[arg(long, value_name = "N", default_value_t = 5)]
    requests_per_second: u32,
    /// How it counts a second
    #[arg(long, value_name = "FORM", default_value = "sliding")]
    window: WindowArg,
    /// Median time to answer, in milliseconds; the spread is that of recordings of the real account
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u32,
    /// Spread of the delay on the way in, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    jitter_ms: u32,
    /// What makes two customers of a connection the same
    #[arg(long, value_name = "RULE", default_value = "externalid")]
    customer_key: CustomerArg,
    /// Seconds in Retry-After when it refuses for the rate
    #[arg(long, value_name = "S", default_value_t = 1)]
    retry_after: u32,
    /// The account's time zone
    #[arg(long, value_name = "ZONE", default_value = "America/Chicago")]
    time_zone: String,
    /// How its GraphQL behaves, as a JSON object: `{"price":"line_total"}`
    #[arg(long, value_name = "JSON", value_parser = graphql, default_value = "{}")]
    graphql: GraphqlOptions,
    /// Seed of everything it draws by chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WindowArg {
    Sliding,
    FixedSecond,
    TokenBucket,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CustomerArg {
    Externalid,
    Email,
}

fn graphql(text: &str) -> Result<GraphqlOptions, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

pub(super) fn run(global: &Global, args: &SimulatorArgs) -> Result<Exit, CliError> {
    let options = Options {
        port: args.port,
        token: args.token.clone(),
        requests_per_second: Some(args.requests_per_second).filter(|n| *n > 0),
        window: match args.window {
            WindowArg::Sliding => Window::Sliding,
            WindowArg::FixedSecond => Window::FixedSecond,
            WindowArg::TokenBucket => Window::TokenBucket,
        },
        latency: match args.latency_ms {
            0 => Latency::None,
            median_ms => Latency::Lognormal { median_ms, sigma: 0.35 },
        },
        jitter_ms: args.jitter_ms,
        customer_key: match args.customer_key {
            CustomerArg::Externalid => CustomerRule::ByExternalId,
            CustomerArg::Email => CustomerRule::ByEmail,
        },
        retry_after_s: Some(args.retry_after),
        time_zone: args.time_zone.clone(),
        seed: args.seed,
        graphql: args.graphql.clone(),
        ..Options::default()
    };
    assembly::runtime()?.block_on(async {
        let interrupt = Interrupt::listen().map_err(CliError::failed)?;
        let simulator = Simulator::start(options).await.map_err(|error| {
            CliError::usage(format!("port {}: {error}\n  hint: `--port 0` takes a free one", args.port))
        })?;
        let url = simulator.url();
        if global.json {
            output::print(&format!("{}\n", serde_json::json!({ "url": url })));
        } else {
            output::show(&format!(
                "A simulated ActiveCampaign is at {url}; Ctrl-C ends it.\nWhat it holds: {url}/__sim/summary\n"
            ));
        }
        interrupt.cancel.cancelled().await;
        let summary = simulator.summary();
        simulator.stop().await;
        if global.json {
            output::print_json(&serde_json::to_value(&summary).map_err(CliError::failed)?);
        } else {
            output::show(&format!("{summary}\n"));
        }
        Ok(if summary.violations.is_empty() { Exit::Done } else { Exit::Failed })
    })
}
