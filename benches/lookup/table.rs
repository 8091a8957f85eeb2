//! The figures, for people or as JSON.

use serde_json::json;

/// Prints rows as they come.
pub(crate) struct Table {
    json: bool,
}

/// A figure and what it is held against.
pub(crate) struct Row<'r> {
    pub(crate) name: &'r str,
    pub(crate) value: f64,
    pub(crate) unit: &'r str,
    /// Its name and its value in the same unit.
    pub(crate) baseline: Option<(&'r str, f64)>,
    /// The most that the ratio, or without a baseline the value, may be.
    pub(crate) limit: Option<f64>,
}

impl Table {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line for people.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    pub(crate) fn row(&self, row: &Row<'_>) {
        let ratio = row.baseline.map(|(_, base)| row.value / base);
        let held = ratio.unwrap_or(row.value);
        if self.json {
            let line = json!({
                "name": row.name, "value": row.value, "unit": row.unit,
                "baseline": row.baseline.map(|(name, value)| json!({ "name": name, "value": value })),
                "ratio": ratio, "limit": row.limit,
            });
            println!("{line}");
            return;
        }
        let against = row.baseline.map(|(name, _)| format!("{held:>7.2} x {name}")).unwrap_or_default();
        let limit = row
            .limit
            .map(|limit| format!("   (at most {limit}: {})", if held <= limit { "met" } else { "MISSED" }));
        println!(
            "{:<34} {:>10.2} {:<5} {against}{}",
            row.name,
            row.value,
            row.unit,
            limit.unwrap_or_default()
        );
    }
}
