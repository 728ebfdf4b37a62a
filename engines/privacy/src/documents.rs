//! Papers of this engine: the extract, and what the authority is told of a breach.

use chrono::{DateTime, Utc};
use kernel::{Fault, Result, local_date};
use render::{Locale, Params};
use serde_json::{Value, json};

use crate::model::moment_words;
use crate::{Incident, Privacy};

/// The typst templates, as `privacy/<kind>.typ`.
pub fn templates() -> Vec<(String, String)> {
    [
        ("extract", include_str!("../documents/extract.typ")),
        ("incident", include_str!("../documents/incident.typ")),
    ]
    .map(|(name, source)| (format!("privacy/{name}.typ"), source.to_owned()))
    .into()
}

impl Privacy {
    /// What is to be told to the authority about a breach, as PDF in Vietnamese: to print and to send. It follows no official form, and says so.
    ///
    /// # Errors
    /// `render.document_failed`.
    pub async fn incident_pdf(&self, incident: &Incident, agency: &str, now: DateTime<Utc>) -> Result<Vec<u8>> {
        let texts = self.parts.renderer.texts();
        let say = |key: &str| texts.get(Locale::Vi, &format!("privacy.incident.{key}"), &Params::new());
        let facts = &incident.facts;
        let rows = [
            ("noticed", moment_words(incident.noticed_at)),
            ("notify_by", moment_words(incident.notify_by)),
            ("what", facts.what.clone()),
            ("data", facts.data.clone()),
            ("whose", facts.whose.clone()),
            ("affected", facts.affected.to_string()),
            ("measures", facts.measures.clone()),
            ("late_reason", incident.late_reason.clone().unwrap_or_default()),
        ];
        let rows: Vec<Value> = rows
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| json!({ "label": say(key), "value": value }))
            .collect();
        let data = json!({
            "agency": agency, "date": local_date(now).to_string(), "name": facts.title, "rows": rows,
            "words": { "title": say("paper"), "unofficial": say("unofficial") },
        });
        let documents = self.parts.documents.clone();
        tokio::task::spawn_blocking(move || documents.pdf("privacy/incident.typ", &data, None))
            .await
            .map_err(|error| Fault::internal("render.document_failed").caused_by(error))?
            .map_err(Fault::from)
    }
}
