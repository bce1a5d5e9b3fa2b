use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The longest wait for one answer, or for the command to end.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How often the command is polled for its end.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where notices go. The addresses may contain a secret, so none is shown.
#[derive(Debug, Clone, Default)]
pub struct Receivers {
    /// Gets a POST for each event.
    pub url: Option<SecretString>,
    /// Gets a GET of `/start`, of the address itself after a success, and of `/fail`.
    pub ping_url: Option<SecretString>,
    /// A program and its arguments; gets each event on standard input.
    pub command: Vec<String>,
}

/// Sends to the receivers.
pub(super) struct Delivery {
    receivers: Receivers,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Delivery {
    pub(super) fn new(receivers: Receivers) -> Result<Self, String> {
        // A second install fails harmlessly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("ordersync/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWER_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.without_url().to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { receivers, client, runtime: runtime.map_err(|error| error.to_string())? })
    }

    /// Sends a GET to the ping address with this path appended.
    pub(super) fn ping(&self, path: &str) {
        let Some(base) = &self.receivers.ping_url else { return };
        let url = format!("{}{path}", base.expose_secret().trim_end_matches('/'));
        self.attempt("notify.ping_url", || self.answer(self.client.get(&url)));
    }

    /// Sends an event, as JSON, to the address and to the command; whether any of them accepted it.
    pub(super) fn event(&self, word: &str, json: &str) -> bool {
        let mut is_taken = false;
        if let Some(url) = &self.receivers.url {
            let request = || {
                let post = self.client.post(url.expose_secret()).body(json.to_owned());
                post.header("content-type", "application/json")
            };
            is_taken |= self.attempt("notify.url", || self.answer(request()));
        }
        if let [program, arguments @ ..] = self.receivers.command.as_slice() {
            is_taken |= self.attempt("notify.command", || run(program, arguments, word, json));
        }
        is_taken
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> Result<(), String> {
        // Sent within the runtime, which the client's time-out needs from the start.
        let answered = self.runtime.block_on(async { request.send().await });
        let status = answered.map_err(|error| error.without_url().to_string())?.status();
        if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
    }

    fn attempt(&self, receiver: &str, mut send: impl FnMut() -> Result<(), String>) -> bool {
        let mut pauses = PAUSES.iter();
        while let Err(fault) = send() {
            let Some(pause) = pauses.next() else {
                tracing::warn!("{receiver} could not be notified: {fault}");
                return false;
            };
            std::thread::sleep(*pause);
        }
        true
    }
}

/// Runs the command with the event on its standard input, without ordersync's own variables, which
/// may contain a token.
fn run(program: &str, arguments: &[String], word: &str, json: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ORDERSYNC_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .env_remove("CREDENTIALS_DIRECTORY")
        .env("ORDERSYNC_EVENT", word)
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        let json = json.as_bytes().to_vec();
        // Not waited for: a command may ignore its input and use the variable.
        std::thread::spawn(move || input.write_all(&json));
    }
    let begun = Instant::now();
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("ended with {status}")),
            None if begun.elapsed() < ANSWER_MAX => std::thread::sleep(LOOK_EVERY),
            None => {
                // The attempt has failed, whether or not the command can be killed.
                let _ = child.kill().and_then(|()| child.wait());
                return Err(format!("did not end in {ANSWER_MAX:?}"));
            }
        }
    }
}
