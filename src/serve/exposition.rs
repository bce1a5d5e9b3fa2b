//! The text form that Prometheus and node_exporter read, version 0.0.4.

use std::fmt::{Display, Write as _};

pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One metric: its name, whether it only grows, and its help text.
pub(super) struct Family {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
}

/// A constant for each metric.
macro_rules! families {
    ($($id:ident $kind:ident $name:literal $help:literal;)+) => {$(
        const $id: $crate::serve::exposition::Family = $crate::serve::exposition::Family {
            name: $name,
            kind: $crate::serve::exposition::MetricKind::$kind,
            help: $help,
        };
    )+};
}
pub(super) use families;

#[derive(Clone, Copy)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
}

/// Names of labels with their values.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

#[derive(Default)]
pub(super) struct Exposition {
    text: String,
    last: &'static str,
}

impl Exposition {
    /// Adds a sample; those of one metric come one after the other.
    pub(super) fn add(&mut self, family: &Family, labels: Labels<'_>, value: impl Display) {
        if self.last != family.name {
            self.last = family.name;
            let kind = match family.kind {
                MetricKind::Counter => "counter",
                MetricKind::Gauge => "gauge",
            };
            let (name, help) = (family.name, family.help);
            // Writing to a String can't fail.
            let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        }
        self.text.push_str(family.name);
        for (n, (label, value)) in labels.iter().enumerate() {
            self.text.push(if n == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{label}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Milliseconds as seconds, exactly.
pub(super) fn seconds(ms: i128) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_own_line() {
        let family = Family { name: "a", kind: MetricKind::Gauge, help: "Something." };
        let mut exposition = Exposition::default();
        exposition.add(&family, &[("job", "x\"} 1\nb{\\")], 1);
        exposition.add(&family, &[], seconds(-1_050));
        let text = exposition.into_text();
        assert_eq!(
            text,
            "# HELP a Something.\n# TYPE a gauge\na{job=\"x\\\"} 1\\nb{\\\\\"} 1\na -1.050\n"
        );
    }
}
