use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::findings::Findings;
use crate::activecampaign::{Client, OrderSchema};
use crate::domain::{LoadPath, schema_text};
use crate::settings::{Account, Job};
use crate::state::Store;

/// The schema that the bulk path would build orders from, if a job of the account uses it.
pub(super) fn check_graphql(
    account: &Account,
    client: &Client,
    store: &Store,
    jobs: &[&Job],
    findings: &mut Findings,
) -> Result<(), CliError> {
    let jobs: Vec<&&Job> = jobs.iter().filter(|job| job.load == LoadPath::Bulk).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let what = format!("accounts.{}: GraphQL", account.name);
    let schema = match assembly::runtime()?.block_on(client.order_schema()) {
        Ok(schema) => schema,
        Err(failure) => {
            findings.bad(Exit::of_failure(&failure), format!("{what}: {failure}"));
            return Ok(());
        }
    };
    note_schema(&what, &schema, findings);
    for job in jobs {
        let (service, externalid) = (&job.connection.service, &job.connection.externalid);
        let Some((connection, _)) = store.connection(service, externalid)? else { continue };
        let known = store.connection_path(connection)?.findings;
        if known.is_some_and(|known| known.schema != schema.digest()) {
            findings.doubtful(format!(
                "jobs.{}: the schema has changed since the last canary; the next run sends another one",
                job.name
            ));
        }
    }
    Ok(())
}

fn note_schema(what: &str, schema: &OrderSchema, findings: &mut Findings) {
    if schema.is_assumed {
        findings.doubtful(format!(
            "{what}: introspection does not describe the type of orders; they are sent in the documented fields"
        ));
        return;
    }
    let digest = schema_text(schema.digest());
    let unknown = schema.unknown();
    if !unknown.is_empty() {
        findings.bad(
            Exit::Refused,
            format!(
                "{what}: the schema {digest} requires fields that ordersync does not know: {}; load = \"rest\" loads without it",
                unknown.join(", ")
            ),
        );
        return;
    }
    findings.good(format!("{what}: introspection answers, schema {digest}"));
    let missing = schema.missing();
    if !missing.is_empty() {
        findings.doubtful(format!(
            "{what}: the schema lacks documented fields, which are not sent: {}",
            missing.join(", ")
        ));
    }
}
