use super::call::Resource;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// An answer before it is written to the wire.
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Content,
    /// The pause that a `Retry-After` among the headers announces.
    pub pause: Option<Pause>,
    /// Whether a list reached its last row.
    pub list_ends: bool,
    /// Whether a record was created, whatever the answer says.
    pub created: bool,
}

/// The end of an announced pause.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pause {
    /// This long from the answer.
    For(Duration),
    /// At this time since the start of the simulator.
    Until(Duration),
}

pub(super) enum Content {
    Json(Value),
    /// JSON of which only the first half is sent.
    HalfJson(Value),
    Html(String),
    Nothing,
}

/// How much of the answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// All but its end, then the connection closes.
    Cut,
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing for this long, then a reset.
    Hold(Duration),
}

/// A date as HTTP writes it, in whole seconds.
pub(super) fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub code: &'static str,
    pub title: String,
    pub field: String,
}

impl Problem {
    pub fn new(code: &'static str, title: String, field: &str) -> Self {
        Self { code, title, field: field.to_owned() }
    }

    pub fn missing(resource: Resource, field: &str) -> Self {
        Self::new(
            "field_missing",
            format!("The {} {field} was not provided.", resource.wrapper()),
            field,
        )
    }

    pub fn invalid(resource: Resource, field: &str) -> Self {
        Self::new("field_invalid", format!("The {} {field} is invalid.", resource.wrapper()), field)
    }

    pub fn unrelated(related: Resource, field: &str) -> Self {
        Self::new(
            "related_missing",
            format!("The related {} does not exist.", related.wrapper()),
            field,
        )
    }

    pub fn duplicate(resource: Resource, field: &str) -> Self {
        let title = format!("The {} already exists in the system.", resource.wrapper());
        Self::new("duplicate", title, field)
    }

    fn json(&self) -> Value {
        json!({
            "title": self.title,
            "detail": "",
            "code": self.code,
            "source": {"pointer": format!("/data/attributes/{}", self.field)},
        })
    }
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Content::Json(body),
            pause: None,
            list_ends: false,
            created: false,
        }
    }

    /// The record with an id; `None` if there is none.
    pub fn one(resource: Resource, id: u64, record: Option<Value>) -> Self {
        match record {
            Some(record) => Self::json(200, json!({ (resource.wrapper()): record })),
            None => Self::not_found(resource, id),
        }
    }

    /// The answer to a create.
    pub fn created(status: u16, body: Value) -> Self {
        Self { created: true, ..Self::json(status, body) }
    }

    pub fn message(status: u16, message: impl Into<String>) -> Self {
        Self::json(status, json!({"message": message.into()}))
    }

    pub fn not_found(resource: Resource, id: u64) -> Self {
        Self::message(404, format!("No Result found for {} with id {id}", resource.class()))
    }

    pub fn problems(problems: &[Problem]) -> Self {
        Self::json(422, json!({"errors": problems.iter().map(Problem::json).collect::<Vec<_>>()}))
    }

    /// Whether some entry of `errors` has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.errors().is_some_and(|errors| errors.iter().any(|error| error["code"] == code))
    }

    fn errors(&self) -> Option<&Vec<Value>> {
        match &self.body {
            Content::Json(body) => body.get("errors")?.as_array(),
            _ => None,
        }
    }

    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The top-level object of a JSON answer.
    pub fn object_mut(&mut self) -> Option<&mut Map<String, Value>> {
        match &mut self.body {
            Content::Json(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The records of a list.
    pub fn listed_mut(&mut self) -> Option<&mut Vec<Value>> {
        self.object_mut()?.values_mut().find_map(Value::as_array_mut)
    }

    /// States how many records a list has.
    pub fn set_total(&mut self, total: u64) {
        let meta = self.object_mut().and_then(|body| body.get_mut("meta"));
        if let Some(stated) = meta.and_then(|meta| meta.get_mut("total")) {
            *stated = total.to_string().into();
        }
    }

    /// Puts the titles of errors into German; the codes stay, as on an account set to another
    /// language.
    pub fn localise(&mut self) {
        let Some(Value::Array(errors)) = self.object_mut().and_then(|body| body.get_mut("errors"))
        else {
            return;
        };
        for error in errors {
            let title = match error["code"].as_str() {
                Some("duplicate") => "Der Datensatz ist im System bereits vorhanden.",
                Some("related_missing") => "Der zugehörige Datensatz ist nicht vorhanden.",
                Some("field_missing") => "Ein Pflichtfeld wurde nicht angegeben.",
                Some("email_invalid") => "Die E-Mail-Adresse ist ungültig.",
                _ => "Ein Feld ist ungültig.",
            };
            error["title"] = title.into();
        }
    }

    /// Adds unknown keys, next to the records and inside them.
    pub fn add_extra_keys(&mut self) {
        let Some(object) = self.object_mut() else { return };
        for value in object.values_mut() {
            let records = match value {
                Value::Array(rows) => rows.iter_mut().collect(),
                other => vec![other],
            };
            for record in records.into_iter().filter_map(Value::as_object_mut) {
                record.insert("sms_marketing_state".to_owned(), Value::Null);
                record.insert("customAttributes".to_owned(), json!({"nested": [1, null]}));
            }
        }
        object.insert("contactConversions".to_owned(), json!([]));
        object.insert("extra".to_owned(), json!({"since": "tomorrow"}));
    }

    /// The bytes on the wire and their content type.
    pub fn bytes(&self, escape_slashes: bool) -> (&'static str, Vec<u8>) {
        let write = |body: &Value| {
            let text = body.to_string();
            // In JSON a slash can only be inside a string, so this never touches the structure.
            if escape_slashes { text.replace('/', "\\/") } else { text }
        };
        match &self.body {
            Content::Json(body) => ("application/json", write(body).into_bytes()),
            Content::HalfJson(body) => {
                let mut bytes = write(body).into_bytes();
                bytes.truncate(bytes.len() / 2);
                ("application/json", bytes)
            }
            Content::Html(page) => ("text/html; charset=UTF-8", page.clone().into_bytes()),
            Content::Nothing => ("application/json", Vec::new()),
        }
    }
}
