//! The extract: everything that the engines keep about a person, for the person (quyền được xem, được cung cấp dữ liệu).

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AccountId, Fault, PersonId, Result, local_date};
use op::{Entry, Kept, Op, Told, Whom};
use render::{Locale, Params, Texts};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::{Kind, Outcome, Request, moment_words};
use crate::{Privacy, access, error, store, subject};

/// The shape of the JSON; another one gets another number.
pub const FORMAT: &str = "ngabay-extract/1";
/// Things of one part in the JSON.
const MOST: i64 = 1000;
/// Things of one part on paper: a paper for people has an end.
const MOST_ON_PAPER: usize = 100;
/// Characters of one value on paper.
const LONGEST_VALUE: usize = 1500;

/// Everything that is kept about a person, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extract {
    /// [`FORMAT`].
    pub format: &'static str,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// What each engine keeps, in parts; `more` says that a part was cut after its thousandth thing.
    pub engines: Vec<Told>,
}

/// An extract in the JSON API.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExtractAnswer {
    /// The shape: `ngabay-extract/1`.
    pub format: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// What each engine keeps: `{engine, parts: [{part, items, more}]}`.
    pub engines: Value,
}

impl From<Extract> for ExtractAnswer {
    fn from(extract: Extract) -> Self {
        Self {
            format: extract.format.to_owned(),
            made_at: extract.made_at,
            engines: json!(extract.engines),
        }
    }
}

impl Privacy {
    /// Everything kept about the actor. Whoever takes it out has lately shown who they are; it is in the trail, so the caller commits.
    ///
    /// # Errors
    /// `privacy.sign_in`, `identity.step_up_needed`.
    pub async fn extract(&self, op: &mut Op) -> Result<Extract> {
        let person = op.actor().person().ok_or_else(error::sign_in)?;
        let account = op.actor().account();
        let about = format!("person:{person}");
        let decision = access::extract_own(op.actor(), person);
        let permit = op.allow("privacy.extract", &about, decision).await?;
        self.parts.identity.check_step_up(op)?;
        let extract = self.gather(op, &permit, person, account).await?;
        op.record(Entry::new("privacy.extracted", about)).await?;
        Ok(extract)
    }

    /// The same for whoever answers a request to see or to have a copy, once it was granted: the paper for somebody who cannot download it.
    ///
    /// # Errors
    /// `privacy.not_found`, `privacy.own_request`, `privacy.no_extract`, `privacy.extract_over` {days} where the declared days since the answer
    /// have passed, `identity.step_up_needed`.
    pub async fn extract_for(&self, op: &mut Op, request: Uuid) -> Result<Extract> {
        let found = store::request::get(op.conn(), self.vault(), request)
            .await?
            .ok_or_else(error::not_found)?;
        let about = subject(request);
        let decision = access::handle(op.rights(), "privacy.extract", &found);
        let permit = op.allow("privacy.extract", &about, decision).await?;
        let granted = matches!(found.outcome, Some(Outcome::Granted | Outcome::Partly));
        if !granted || !matches!(found.kind, Kind::See | Kind::Provide) {
            return Err(error::no_extract());
        }
        let open_until = self.open_until(&found);
        if open_until.is_none_or(|until| until < op.now()) {
            return Err(error::extract_over(self.parts.declaration.extract_days));
        }
        self.parts.identity.check_step_up(op)?;
        let extract = self.gather(op, &permit, found.person, Some(found.account)).await?;
        let entry = Entry::new("privacy.extracted", about).about(Some(found.person));
        op.record(entry.purpose(found.number.to_string())).await?;
        Ok(extract)
    }

    /// Until when an official may take the extract of an answered request out: it is made for handing it over, not for looking at somebody's
    /// data for ever.
    pub fn open_until(&self, request: &Request) -> Option<DateTime<Utc>> {
        let days = TimeDelta::days(i64::from(self.parts.declaration.extract_days));
        request.ended_at.map(|answered| answered + days)
    }

    async fn gather(
        &self,
        op: &mut Op,
        permit: &op::Permit,
        person: PersonId,
        account: Option<AccountId>,
    ) -> Result<Extract> {
        let whom = Whom { person, account };
        // What the engines keep about the person is in nobody's reach but the person's.
        op.beyond_the_wall(permit).await?;
        Ok(Extract {
            format: FORMAT,
            made_at: op.now(),
            engines: self.parts.keepers.tell(op, permit, &whom, MOST).await?,
        })
    }

    /// An extract as PDF, with words of this language. Draws on blocking threads: not while an operation is open.
    ///
    /// # Errors
    /// `render.document_failed`.
    pub async fn extract_pdf(&self, extract: &Extract, locale: Locale) -> Result<Vec<u8>> {
        let texts = self.parts.renderer.texts();
        let mut most = MOST_ON_PAPER;
        loop {
            let data = sheet(&texts, locale, extract, most);
            // The drawer refuses more than a mebibyte; who has so many cases gets the newest of each.
            if data.to_string().len() < 900_000 || most <= 1 {
                let documents = self.parts.documents.clone();
                return tokio::task::spawn_blocking(move || documents.pdf("privacy/extract.typ", &data, None))
                    .await
                    .map_err(|error| Fault::internal("render.document_failed").caused_by(error))?
                    .map_err(Fault::from);
            }
            most /= 2;
        }
    }
}

fn sheet(texts: &Texts, locale: Locale, extract: &Extract, most: usize) -> Value {
    let words = Words { texts, locale };
    let made = ("date".to_owned(), moment_words(extract.made_at));
    let engines: Vec<Value> = extract
        .engines
        .iter()
        .filter(|told| !told.parts.is_empty())
        .map(|told| {
            let parts: Vec<Value> = told
                .parts
                .iter()
                .map(|part| words.part(&told.engine, part, most))
                .collect();
            json!({ "title": words.say(&format!("privacy.extract.engine.{}", told.engine)), "parts": parts })
        })
        .collect();
    json!({
        "date": local_date(extract.made_at).to_string(),
        "words": {
            "title": words.say("privacy.extract.title"),
            "lead": texts.get(locale, "privacy.extract.lead", &Params::from([made.clone()])),
            "footer": texts.get(locale, "privacy.extract.footer", &Params::from([made])),
            "nothing": words.say("privacy.extract.nothing"),
        },
        "engines": engines,
    })
}

struct Words<'a> {
    texts: &'a Texts,
    locale: Locale,
}

impl Words<'_> {
    fn say(&self, key: &str) -> String {
        self.texts.get(self.locale, key, &Params::new())
    }

    fn part(&self, engine: &str, part: &Kept, most: usize) -> Value {
        let items: Vec<Value> = part.items.iter().take(most).map(|item| self.item(item)).collect();
        let more = part.more || part.items.len() > most;
        let count = Params::from([("count".to_owned(), items.len().to_string())]);
        json!({
            "title": self.say(&format!("privacy.extract.part.{engine}_{}", part.part)),
            "items": items,
            "more": more,
            "cut": self.texts.get(self.locale, "privacy.extract.cut", &count),
        })
    }

    /// Label and value of every filled field. A field without words of its own keeps its name: forms have fields that we do not know.
    fn item(&self, item: &Value) -> Value {
        let fields = item.as_object().into_iter().flatten();
        fields
            .filter_map(|(name, value)| {
                let value = self.value(value)?;
                let key = format!("privacy.extract.field.{name}");
                let label = self.texts.find(self.locale, &key, &Params::new());
                Some(json!({ "label": label.unwrap_or_else(|| name.clone()), "value": value }))
            })
            .collect()
    }

    fn value(&self, value: &Value) -> Option<String> {
        let said = match value {
            Value::Null => return None,
            Value::Bool(yes) => self.say(if *yes { "layout.yes" } else { "layout.no" }),
            Value::String(text) => render::datetime_text(text)
                .filter(|_| text.len() > 10 && text.contains('T'))
                .unwrap_or_else(|| text.clone()),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => items
                .iter()
                .filter_map(|item| self.value(item))
                .collect::<Vec<_>>()
                .join("; "),
            Value::Object(fields) => fields
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}: {}", self.value(value)?)))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let said: String = said.chars().take(LONGEST_VALUE).collect();
        Some(said).filter(|said| !said.is_empty())
    }
}
